// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A script at work: the store, and the blobs it has open. One OS thread, that of its world. */
final class Script {
    private final CutWorld world;
    private final Map<Long, Blob> open = new LinkedHashMap<>();
    private Set<Long> synced = new HashSet<>();
    private Blobstore store;
    private BlobChannel channel;

    Script(CutWorld world, Mode mode) {
        this.world = world;
        this.store = world.open(mode);
        this.channel = world.channel(store);
    }

    Blobstore store() {
        return store;
    }

    <T> T await(CompletableFuture<T> future) {
        return world.await(future);
    }

    <T> T onThread(Callable<T> body) {
        return world.call(body);
    }

    /**
     * Runs an operation, which those before may have made impossible.
     *
     * @return the blobs that were synced
     */
    Set<Long> run(Operations.Op op) {
        synced = new HashSet<>();
        try {
            op.run(this);
        } catch (CompletionException e) {
            boolean refused = switch (e.getCause()) {
                case SpdkException s -> s.errno() != Errno.EIO && s.errno() != Errno.EILSEQ;
                case IllegalStateException _, IllegalArgumentException _ -> true; // closed, or too small
                case null, default -> false;
            };
            if (!refused) {
                throw e;
            }
        }
        return Set.copyOf(synced);
    }

    View look() {
        return world.look(store, channel, open::get);
    }

    // ---- pieces -----------------------------------------------------------------------------------------------------

    private Blob blob(BlobId id) {
        Blob known = open.get(id.value());
        if (known == null) {
            known = await(store.openBlob(id));
            open.put(id.value(), known);
        }
        return known;
    }

    /** A blob that was closed before is closed, and so synced, again. */
    private interface Change {
        void run(Blob blob);
    }

    private void change(BlobId id, Change body) {
        boolean wasOpen = open.containsKey(id.value());
        Blob blob = blob(id);
        try {
            body.run(blob);
        } finally {
            if (!wasOpen) {
                close(blob);
            }
        }
    }

    private void close(Blob blob) {
        await(blob.close());
        open.remove(blob.id().value());
        synced.add(blob.id().value());
    }

    void resize(BlobId id, long clusters) {
        change(id, b -> await(b.resize(clusters)));
    }

    void readOnly(BlobId id) {
        change(id, b -> {
            boolean _ = world.call(() -> {
                b.setReadOnly();
                return true;
            });
            await(b.sync());
            synced.add(id.value());
        });
    }

    /** Fills a cluster. */
    void write(BlobId id, long cluster, int value) {
        long per = store.ioUnitsPerCluster();
        world.buf.fill((byte) value);
        await(channel.writeAsync(blob(id), world.buf, cluster * per, per));
    }

    /** Fills one io unit of a cluster. */
    void writeUnit(BlobId id, long cluster, int value) {
        world.buf.fill((byte) value);
        await(channel.writeAsync(blob(id), world.buf, cluster * store.ioUnitsPerCluster() + 1, 1));
    }

    void unmap(BlobId id, long cluster) {
        long per = store.ioUnitsPerCluster();
        await(channel.unmapAsync(blob(id), cluster * per, per));
    }

    void xattrs(BlobId id, int bytes) {
        Blob b = blob(id);
        boolean _ = world.call(() -> {
            for (int i = 0; i < 3; i++) {
                b.setXattr("x" + i, new byte[bytes]);
            }
            return true;
        });
    }

    void syncAll() {
        for (Blob b : List.copyOf(open.values())) {
            await(b.sync());
            close(b);
        }
    }

    /** Closes what could not be closed. */
    void closeAgain() {
        List.copyOf(open.values()).stream().filter(b -> !b.isOpen()).forEach(this::close);
    }

    void reload() {
        unload();
        store = world.open(Mode.LOAD);
        channel = world.channel(store);
    }

    /** Ends it. */
    void unload() {
        syncAll();
        await(store.unload());
    }
}
