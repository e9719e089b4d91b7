// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.lvol;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.store.Steps;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A logical volume. Stands for {@code struct spdk_lvol}. While it is open it is a block device, whose name is its UUID
 * and whose alias is {@code store/name}; one that misses the device it stands on is open without being a device.
 *
 * <p>Futures fail with an {@link SpdkException}: ENODEV if the volume is closed or its store ends, EBUSY if an
 * operation under way excludes this one, ENOSPC if the store has no room, EIO if its device fails.
 *
 * <p>Thread rule: methods with futures, and those that say so, on any thread; the others on the app thread. Futures
 * complete there.
 */
public final class Lvol {
    private static final Logger LOG = System.getLogger(Lvol.class.getName());

    private final LvolStore store;
    private final BlobId id;
    private final @Nullable UUID uuid;
    private volatile String name;
    private @Nullable Blob blob;
    private @Nullable Bdev bdev;

    /** The alias that its device has. */
    private String shown = "";

    /** Whether an operation is under way beside which there is no other of its kind. */
    private boolean changing;

    /** Whether its device is being registered, of which all volumes hear at once. */
    private boolean showing;

    Lvol(LvolStore store, BlobId id, String name, @Nullable UUID uuid) {
        this.store = store;
        this.id = id;
        this.name = name;
        this.uuid = uuid;
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    /** Its store. Any thread. */
    public LvolStore store() {
        return store;
    }

    /** Its name in the store. Any thread. */
    public String name() {
        return name;
    }

    /** The alias of its device: the names of the store and of the volume. Any thread. */
    public String alias() {
        return store.name() + "/" + name;
    }

    /** Its identity; empty for a volume of SPDK's from before there were any. Any thread. */
    public Optional<UUID> uuid() {
        return Optional.ofNullable(uuid);
    }

    String uuidText() {
        return Objects.requireNonNullElse(uuid, new UUID(0, 0)).toString();
    }

    /** The name of its device: its UUID, or one that is made of the UUID of the store. Any thread. */
    public String bdevName() {
        return uuid != null ? uuid.toString() : store.uuid() + "_" + Long.toUnsignedString(id.value());
    }

    /** Its device, if there is one. */
    public Optional<Bdev> bdev() {
        return Optional.ofNullable(bdev);
    }

    BlobId id() {
        return id;
    }

    /** Whether it is open; {@code spdk_lvol_open}. */
    public boolean isOpen() {
        Blob b = blob;
        return b != null && b.isOpen();
    }

    /** @throws IllegalStateException if it is closed */
    Blob blob() {
        Blob b = blob;
        if (b == null) {
            throw new IllegalStateException(this + " is closed: open it");
        }
        return b;
    }

    /** Its size in bytes. */
    public long sizeBytes() {
        return blob().clusters() * store.blobs().clusterSize();
    }

    /** The clusters that are its own. */
    public long allocatedClusters() {
        return blob().allocatedClusters();
    }

    /** Whether clusters are taken only when they are written. */
    public boolean isThin() {
        return blob().isThin();
    }

    /** Whether it cannot be written. */
    public boolean isReadOnly() {
        return blob().isReadOnly();
    }

    /** Whether clones stand on it. */
    public boolean isSnapshot() {
        return blob().isSnapshot();
    }

    /** Whether it stands on a snapshot. */
    public boolean isClone() {
        return blob().isClone();
    }

    /** Whether the device that it stands on, or what it stands on does, is missing; {@code spdk_lvol_is_degraded}. */
    public boolean isDegraded() {
        return blob().isDegraded();
    }

    /** The UUID of the device that it stands on, if it does. */
    public Optional<String> externalSnapshot() {
        return blob().externalSnapshot();
    }

    /** The snapshot that it stands on. */
    public Optional<Lvol> parent() {
        return store.blobs().parentSnapshot(id).flatMap(store::lvol);
    }

    /** The volumes that stand on it; {@code spdk_lvol_iter_immediate_clones}. */
    public List<Lvol> clones() {
        return store.blobs().clones(id).stream()
                .flatMap(clone -> store.lvol(clone).stream())
                .toList();
    }

    // ---- up and down ------------------------------------------------------------------------------------------------

    /** Opens it, and registers its device unless it is degraded; nothing if it is open. {@code spdk_lvol_open}. */
    public CompletableFuture<Void> open() {
        return store.run(() -> alone(() -> isOpen() ? Steps.done() : bringUp()));
    }

    /** Removes its device, which waits for the users of that, and closes it; {@code spdk_lvol_close}. */
    public CompletableFuture<Void> close() {
        return change(_ -> takeDown());
    }

    /** In an operation. */
    CompletableFuture<Void> bringUp() {
        return store.blobs().openBlob(id).thenCompose(opened -> {
            blob = opened;
            return Steps.undo(
                    Steps.begin(() -> {
                        show();
                        return Steps.done();
                    }),
                    this::takeDown);
        });
    }

    /** Registers its device, if there is none and it can have one. */
    void show() throws SpdkException {
        Blob b = blob;
        if (b == null || bdev != null || showing) {
            return;
        }
        if (b.isDegraded()) {
            LOG.log(Level.WARNING, "{0} is degraded: it has no device until what it stands on is there", this);
            return;
        }
        Blobstore blobs = store.blobs();
        shown = alias();
        Bdev below = store.base().bdev();
        BdevSpec spec = BdevSpec.builder(bdevName(), blobs.ioUnitSize(), b.ioUnits())
                .productName(LvolBdev.PRODUCT_NAME)
                .alias(shown)
                .uuid(uuid)
                .requiredAlignment(below.requiredAlignment())
                .optimalIoBoundary((int) blobs.ioUnitsPerCluster(), true)
                .writeCache(below.writeCache())
                .numaId(below.numaId())
                .build();
        showing = true;
        try {
            bdev = store.base().carries(manager().register(spec, new LvolBdev(this, b)));
        } finally {
            showing = false;
        }
    }

    private BdevManager manager() {
        return store.base().bdev().manager();
    }

    /** Completes when its device is gone and its blob closed. */
    CompletableFuture<Void> takeDown() {
        Bdev device = bdev;
        if (device == null) {
            return closeBlob();
        }
        // Somebody else may have asked for it.
        return store.onAppThread(device.isRegistered() ? manager().unregister(device) : device.gone());
    }

    private CompletableFuture<Void> closeBlob() {
        Blob b = blob;
        blob = null;
        return b == null ? Steps.done() : b.close();
    }

    /** Its device has gone, by whomever. */
    CompletionStage<Void> bdevGone() {
        bdev = null;
        return Steps.after(closeBlob(), (_, failure) -> {
            if (failure != null) {
                LOG.log(Level.WARNING, "closing {0}: {1}", this, failure.getMessage());
            }
            return store.lvolClosed();
        });
    }

    // ---- operations -------------------------------------------------------------------------------------------------

    private interface WithBlob<T> {
        CompletableFuture<T> run(Blob blob) throws SpdkException;
    }

    /** An operation on an open volume. */
    private <T> CompletableFuture<T> run(WithBlob<T> operation) {
        return store.run(() -> {
            Blob b = blob;
            Bdev device = bdev;
            if (b == null || (device != null && !device.isRegistered())) {
                throw new SpdkException(Errno.ENODEV, this + " is closed, or about to be: open it first");
            }
            return operation.run(b);
        });
    }

    /** The same for one that changes what it is known by, its size, or whether it is there. */
    private CompletableFuture<Void> change(WithBlob<Void> operation) {
        return run(b -> alone(() -> operation.run(b)));
    }

    private CompletableFuture<Void> alone(Steps.Step<Void> operation) throws SpdkException {
        if (changing) {
            throw new SpdkException(
                    Errno.EBUSY, this + " is being opened, closed, resized, renamed or deleted: wait for that");
        }
        changing = true;
        return Steps.begin(operation).whenComplete((_, _) -> changing = false);
    }

    private Blobstore blobs() {
        return store.blobs();
    }

    /**
     * Gives it another size; {@code bdev_lvol_resize}. Those who have its device open are told. What is added to a
     * thick volume holds what the store's device has there, that of a thin one reads as zeroes.
     *
     * @param bytes is rounded up to whole clusters
     * @return fails with EBUSY if it would shrink while its device is open, EPERM if it is read-only
     */
    public CompletableFuture<Void> resize(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException(this + " cannot have " + bytes + " bytes");
        }
        return change(b -> {
            long clusters = store.clusters(bytes);
            long before = b.clusters();
            if (clusters >= before) {
                return b.resize(clusters).thenCompose(_ -> tellSize(clusters));
            }
            // Nobody opens it as it was while it shrinks.
            return tellSize(clusters).thenCompose(_ -> Steps.undo(b.resize(clusters), () -> tellSize(before)));
        });
    }

    private CompletableFuture<Void> tellSize(long clusters) {
        return Steps.begin(() -> {
            Bdev device = bdev;
            if (device != null) {
                device.notifyBlockCount(clusters * blobs().ioUnitsPerCluster());
            }
            return Steps.done();
        });
    }

    /**
     * Gives it another name; {@code bdev_lvol_rename}. Fails with EEXIST if the name is taken, EPERM if it is
     * read-only.
     */
    public CompletableFuture<Void> rename(String newName) {
        LvolAttributes.checkName("a volume", newName);
        return change(b -> {
            if (newName.equals(name)) {
                return Steps.done();
            }
            store.reserve(newName);
            CompletableFuture<Void> renamed = Steps.begin(() -> {
                String after = store.name() + "/" + newName;
                addAlias(after);
                return Steps.undo(Steps.begin(() -> write(b, newName)), () -> {
                            removeAlias(after);
                            return Steps.done();
                        })
                        .thenRun(() -> named(newName, after));
            });
            return renamed.whenComplete((_, failure) -> {
                if (failure != null) {
                    store.release(newName);
                }
            });
        });
    }

    private CompletableFuture<Void> write(Blob b, String newName) throws SpdkException {
        b.setXattr(LvolAttributes.NAME, LvolAttributes.text(newName));
        return Steps.undo(b.sync(), () -> {
            b.setXattr(LvolAttributes.NAME, LvolAttributes.text(name)); // for the next sync
            return Steps.done();
        });
    }

    private void named(String newName, String alias) {
        store.release(name);
        name = newName;
        if (alias.equals(alias())) {
            removeAlias(shown);
            shown = alias;
        } else { // the store has another name meanwhile
            removeAlias(alias);
            showAlias();
        }
    }

    /** Has its device have the alias that it should have. */
    void showAlias() {
        String wanted = alias();
        if (!wanted.equals(shown)) {
            try {
                addAlias(wanted);
                removeAlias(shown);
                shown = wanted;
            } catch (SpdkException taken) {
                LOG.log(Level.WARNING, "{0} goes without its new name: {1}", this, taken.getMessage());
            }
        }
    }

    private void addAlias(String alias) throws SpdkException {
        Bdev device = bdev;
        if (device != null) {
            manager().addAlias(device, alias);
        }
    }

    private void removeAlias(String alias) {
        Bdev device = bdev;
        try {
            if (device != null) {
                manager().removeAlias(device, alias);
            }
        } catch (SpdkException gone) {
            LOG.log(Level.WARNING, "{0}: {1}", this, gone.getMessage());
        }
    }

    /**
     * Makes a read-only volume with what it has now, whose clone it becomes; {@code bdev_lvol_snapshot}. I/O on it
     * waits meanwhile. Fails with EEXIST if the name is taken, EINVAL if it is read-only.
     */
    public CompletableFuture<Lvol> snapshot(String snapshotName) {
        LvolAttributes.checkName("a snapshot", snapshotName);
        return run(_ -> store.make(snapshotName, xattrs -> blobs().createSnapshot(id, xattrs)));
    }

    /**
     * Makes a thin volume that shows what this one has until it is written; {@code bdev_lvol_clone}. Fails with EEXIST
     * if the name is taken, EINVAL if this one is not read-only.
     */
    public CompletableFuture<Lvol> createClone(String cloneName) {
        LvolAttributes.checkName("a clone", cloneName);
        return run(_ -> store.make(cloneName, xattrs -> blobs().createClone(id, xattrs)));
    }

    /** Gives it all its clusters, so that it stands on nothing; {@code bdev_lvol_inflate}. */
    public CompletableFuture<Void> inflate() {
        return run(_ -> blobs().inflate(id));
    }

    /**
     * Gives it what its parent has, so that it stands on the parent's parent; {@code bdev_lvol_decouple_parent}. Fails
     * with EINVAL if it has none.
     */
    public CompletableFuture<Void> decoupleParent() {
        return run(_ -> blobs().decoupleParent(id));
    }

    /**
     * Puts it, if it is thin, on a snapshot of the same size in the same store; {@code bdev_lvol_set_parent}. Fails
     * with EEXIST if it stands there already, EINVAL if one of the two is not as it must be.
     */
    public CompletableFuture<Void> setParent(Lvol snapshot) {
        return run(_ -> {
            if (snapshot.store != store) {
                throw new SpdkException(Errno.EINVAL, snapshot + " is in another store than " + this);
            }
            return blobs().setParent(id, snapshot.id);
        });
    }

    /**
     * Puts it, if it is thin, on a device whose size is a multiple of the cluster size; {@code
     * bdev_lvol_set_parent_bdev}. Fails with ENODEV if there is no such device, EPERM if that is open for writing,
     * EEXIST and EINVAL as {@link #setParent}.
     *
     * @param bdevName a name, alias or UUID
     */
    public CompletableFuture<Void> setExternalParent(String bdevName) {
        return run(_ -> {
            String parent = store.uuidOf(bdevName);
            if (parent.equals(uuidText())) {
                throw new SpdkException(Errno.EINVAL, this + " cannot stand on itself");
            }
            return blobs().setExternalParent(id, parent);
        });
    }

    /**
     * Writes the clusters that are its own to a device, at the same places; {@code bdev_lvol_start_shallow_copy}. Fails
     * with ENODEV if there is no such device, EPERM if this volume is not read-only or the device is in use, EINVAL if
     * the device is smaller or has other blocks.
     *
     * @param progress is told how many clusters are copied
     */
    public CompletableFuture<Void> shallowCopy(String bdevName, LongConsumer progress) {
        return run(_ -> blobs().shallowCopy(id, bdevName, progress));
    }

    /** Forbids to write it, for ever; {@code bdev_lvol_set_read_only}. */
    public CompletableFuture<Void> setReadOnly() {
        return run(b -> {
            b.setReadOnly();
            return b.sync().thenRun(() -> bdev().ifPresent(Bdev::notifyTypes));
        });
    }

    /**
     * Deletes it when the users of its device have closed that; {@code bdev_lvol_delete}. The clone of a snapshot gets
     * its clusters. Fails with EPERM if it has more than one clone.
     */
    public CompletableFuture<Void> delete() {
        return store.run(() -> alone(() -> {
            int clones = blobs().clones(id).size();
            if (clones > 1) {
                throw new SpdkException(
                        Errno.EPERM, this + " has " + clones + " clones: delete or decouple all but one");
            }
            boolean wasOpen = isOpen();
            return takeDown().thenCompose(_ -> Steps.undo(erase(), () -> wasOpen ? bringUp() : Steps.done()));
        }));
    }

    /** In an operation, when it is closed. */
    CompletableFuture<Void> erase() {
        return blobs().deleteBlob(id).thenRun(() -> store.forget(this));
    }

    @Override
    public String toString() {
        return "logical volume " + alias();
    }
}
