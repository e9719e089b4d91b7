// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the blobs of a store that is loaded, finishes what was begun when the power went, and says which files there
 * are.
 *
 * <p>Thread rule: the metadata thread.
 */
final class Mount {
    private static final Logger LOG = System.getLogger(Mount.class.getName());

    /** A blob as it was found; what it does not have, or what cannot be, is null or -1. */
    private record Found(
            BlobId id,
            boolean bare,
            boolean named,
            @Nullable String name,
            long length,
            boolean deleted,
            long replaces,
            long clusters) {
        static Found of(Blob b) {
            byte[] name = b.xattr(FileAttributes.NAME);
            return new Found(
                    b.id(),
                    b.xattrNames().isEmpty() && !b.isReadOnly() && !b.isSnapshot() && !b.isClone(),
                    name != null,
                    name == null ? null : FileAttributes.decodeName(name),
                    FileAttributes.decode(b.xattr(FileAttributes.LENGTH)),
                    b.xattr(FileAttributes.DELETED) != null,
                    b.xattr(FileAttributes.REPLACES) == null
                            ? 0
                            : FileAttributes.decode(b.xattr(FileAttributes.REPLACES)),
                    b.clusters());
        }
    }

    private final BlobFs fs;
    private final Blobstore store;

    /** Whether the store says that it is for files; else nothing in it is deleted that is no file. */
    private final boolean ours;

    private final Map<BlobId, Found> all = new LinkedHashMap<>();

    private Mount(BlobFs fs) {
        this.fs = fs;
        this.store = fs.store();
        this.ours = store.type().equals(FileAttributes.STORE_TYPE);
    }

    /** Fills the table of files. */
    static CompletableFuture<Void> run(BlobFs fs) {
        return new Mount(fs).run();
    }

    private CompletableFuture<Void> run() {
        return Steps.each(store.blobIds(), this::look)
                .thenCompose(_ -> delete(Found::deleted, "was deleted while it was open"))
                .thenCompose(_ -> delete(this::isReplaced, "was replaced by another of its name"))
                .thenCompose(_ -> Steps.each(List.copyOf(all.values()), this::forgetReplaced))
                .thenCompose(_ -> delete(f -> ours && f.bare, "has neither name nor length"))
                .thenRun(() -> all.values().forEach(this::take));
    }

    private CompletableFuture<Void> look(BlobId id) {
        CompletableFuture<Void> looked = store.openBlob(id).thenCompose(b -> {
            Found f = Found.of(b);
            return b.close().thenRun(() -> all.put(id, f));
        });
        return Steps.rescue(looked, failure -> {
            damaged(id, "it cannot be opened: " + failure.getMessage());
            return Failures.done();
        });
    }

    private void damaged(BlobId id, String why) {
        LOG.log(Level.WARNING, "blob " + id + " of " + fs + " is set aside: " + why);
        fs.setAside(new DamagedFile(id, why));
    }

    private CompletableFuture<Void> delete(Predicate<Found> which, String why) {
        return Steps.each(List.copyOf(all.values()), f -> {
            if (!which.test(f)) {
                return Failures.done();
            }
            LOG.log(Level.INFO, "blob " + f.id + " of " + fs + " " + why + ": it is deleted");
            all.remove(f.id);
            return store.deleteBlob(f.id);
        });
    }

    /** Whether another blob has taken its name, which had not come to delete it. */
    private boolean isReplaced(Found f) {
        String name = f.name;
        return name != null
                && all.values().stream().anyMatch(o -> o.replaces == f.id.value() && o != f && name.equals(o.name));
    }

    private CompletableFuture<Void> forgetReplaced(Found f) {
        return f.replaces == 0 ? Failures.done() : fs.change(f.id, b -> b.removeXattr(FileAttributes.REPLACES));
    }

    private void take(Found f) {
        BlobId id = f.id;
        String name = f.name;
        long length = f.length;
        long room = f.clusters * store.clusterSize();
        if (name == null) {
            damaged(id, f.named ? "its name is no text" : "it has no name");
        } else if (length < 0) {
            damaged(id, "file '" + name + "' has no length");
        } else {
            if (length > room) {
                LOG.log(
                        Level.WARNING,
                        "file '" + name + "' of " + fs + " has a length of " + length + " and room for " + room
                                + " bytes: it ends there");
            }
            Node node = new Node(fs, id, name, Math.min(length, room), f.clusters);
            if (!fs.take(node)) {
                damaged(id, "another file has the name '" + name + "' too");
            }
        }
    }
}
