// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.lvol;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blob.store.Steps;
import dev.spdkio.blob.store.VolumeStore;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * A store of logical volumes on a block device, which it has to itself. Stands for {@code struct spdk_lvol_store}. When
 * its device is about to go it is unloaded.
 *
 * <p>Futures fail as those of a {@link Lvol}.
 *
 * <p>Thread rule: methods with futures, and those that say so, on any thread; the others on the app thread. Futures
 * complete there.
 */
public final class LvolStore {
    private static final Logger LOG = System.getLogger(LvolStore.class.getName());

    private final LvolStores owner;
    private final BaseBdev base;
    private final VolumeStore volumes;
    private final BlobId superBlob;
    private final UUID uuid;
    private final Map<BlobId, Lvol> lvols = new ConcurrentSkipListMap<>();

    /** Of volumes, those that are being made included. */
    private final Set<String> names = new HashSet<>();

    private volatile String name;
    private int running;
    private @Nullable Runnable whenIdle;
    private @Nullable CompletableFuture<Void> ending;

    LvolStore(LvolStores owner, BaseBdev base, VolumeStore volumes, BlobId superBlob, String name, UUID uuid) {
        this.owner = owner;
        this.base = base;
        this.volumes = volumes;
        this.superBlob = superBlob;
        this.name = name;
        this.uuid = uuid;
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    /** Its name. Any thread. */
    public String name() {
        return name;
    }

    /** Its identity. Any thread. */
    public UUID uuid() {
        return uuid;
    }

    /** The device it stands on. Any thread. */
    public Bdev bdev() {
        return base.bdev();
    }

    /** Whether it is loaded, and not about to be unloaded. */
    public boolean isLoaded() {
        return ending == null;
    }

    /** Bytes of a cluster. */
    public long clusterSize() {
        return blobs().clusterSize();
    }

    /** Clusters that volumes have or can have. */
    public long totalClusters() {
        return blobs().totalClusters();
    }

    /** Clusters that no volume has. */
    public long freeClusters() {
        return blobs().freeClusters();
    }

    /** Its volumes, those that are closed too. Any thread. */
    public List<Lvol> lvols() {
        return List.copyOf(lvols.values());
    }

    /** The volume of a name. Any thread. */
    public Optional<Lvol> find(String lvolName) {
        return lvols.values().stream().filter(l -> l.name().equals(lvolName)).findFirst();
    }

    Optional<Lvol> lvol(BlobId id) {
        return Optional.ofNullable(lvols.get(id));
    }

    BaseBdev base() {
        return base;
    }

    VolumeStore volumes() {
        return volumes;
    }

    Blobstore blobs() {
        return volumes.blobs();
    }

    /** Clusters that so many bytes need. */
    long clusters(long bytes) {
        return Math.ceilDiv(bytes, clusterSize());
    }

    /** By that a volume remembers a device, since names change. */
    String uuidOf(String bdevName) throws SpdkException {
        Bdev bdev = base.bdev().manager().lookup(bdevName);
        if (bdev == null) {
            throw new SpdkException(Errno.ENODEV, "there is no bdev " + bdevName);
        }
        return bdev.uuid().toString();
    }

    // ---- operations -------------------------------------------------------------------------------------------------

    /** The same future, but what follows runs on the app thread. */
    CompletableFuture<Void> onAppThread(CompletableFuture<Void> future) {
        return future.whenCompleteAsync((_, _) -> {}, owner.bdevs().appThread()::execute);
    }

    /** Does something, unless the store is about to end: that waits for it. */
    <T> CompletableFuture<T> run(Steps.Step<T> operation) {
        return owner.onAppThread(() -> {
            if (ending != null) {
                throw new SpdkException(Errno.ENODEV, this + " is being unloaded or deleted");
            }
            running++;
            return Steps.begin(operation).whenComplete((_, _) -> ended());
        });
    }

    private void ended() {
        if (--running == 0) {
            Runnable next = whenIdle;
            whenIdle = null;
            if (next != null) {
                next.run();
            } else {
                var _ = lvolClosed();
            }
        }
    }

    boolean isNameTaken(String lvolName) {
        return names.contains(lvolName);
    }

    void reserve(String lvolName) throws SpdkException {
        if (!names.add(lvolName)) {
            throw new SpdkException(
                    Errno.EEXIST, "there is a volume " + lvolName + " in " + this + " already, or it is being made");
        }
    }

    void release(String lvolName) {
        names.remove(lvolName);
    }

    void forget(Lvol lvol) {
        lvols.remove(lvol.id());
        release(lvol.name());
    }

    /** Makes a blob with attributes. */
    interface Maker {
        CompletableFuture<BlobId> make(Map<String, byte[]> xattrs);
    }

    /** Makes a volume and opens it; if that fails nothing is left of it. In an operation. */
    CompletableFuture<Lvol> make(String lvolName, Maker maker) throws SpdkException {
        reserve(lvolName);
        UUID id = UUID.randomUUID();
        CompletableFuture<Lvol> made = Steps.begin(() -> maker.make(LvolAttributes.ofLvol(lvolName, id)))
                .thenCompose(blobId -> {
                    Lvol lvol = new Lvol(this, blobId, lvolName, id);
                    lvols.put(blobId, lvol);
                    return Steps.undo(lvol.bringUp(), lvol::erase).thenApply(_ -> lvol);
                });
        return made.whenComplete((_, failure) -> {
            if (failure != null) {
                release(lvolName);
            }
        });
    }

    /**
     * Makes a volume; {@code bdev_lvol_create}. One that is not thin holds what the device has there.
     *
     * @return fails with EEXIST if the name is taken, ENOSPC if there are too few clusters
     */
    public CompletableFuture<Lvol> create(LvolOptions options) {
        return run(() -> make(
                options.name(),
                xattrs -> blobs().createBlob(new BlobOptions(
                        clusters(options.sizeBytes()), options.thin(), options.clearMethod(), true, xattrs, null))));
    }

    /**
     * Makes a thin volume that shows what a device has until it is written; {@code bdev_lvol_clone_bdev}. The device is
     * claimed, so that nobody writes to it.
     *
     * @param bdevName a name, alias or UUID
     * @return fails with ENODEV if there is no such device, EPERM if it is open for writing, EINVAL if its size is not
     *     a multiple of the cluster size or it is a volume of this store, EEXIST if the name is taken
     */
    public CompletableFuture<Lvol> cloneBdev(String bdevName, String cloneName) {
        LvolAttributes.checkName("a clone", cloneName);
        return run(() -> {
            String id = uuidOf(bdevName);
            Bdev bdev = Objects.requireNonNull(base.bdev().manager().lookup(bdevName));
            LvolBdev ours = bdev.opsAs(LvolBdev.class);
            if (ours != null && ours.lvol().store() == this) {
                throw new SpdkException(
                        Errno.EINVAL, "bdev " + bdevName + " is a volume of " + this + ": make a clone of a snapshot");
            }
            long clusters = bdev.sizeBytes() / clusterSize();
            return make(
                    cloneName,
                    xattrs ->
                            blobs().createBlob(new BlobOptions(clusters, true, ClearMethod.DEFAULT, true, xattrs, id)));
        });
    }

    /** Gives it another name; {@code bdev_lvol_rename_lvstore}. Fails with EEXIST if the name is taken. */
    public CompletableFuture<Void> rename(String newName) {
        LvolAttributes.checkName("a store", newName);
        return run(() -> {
            if (newName.equals(name)) {
                return Steps.done();
            }
            owner.reserve(newName);
            CompletableFuture<Void> written = blobs().openBlob(superBlob).thenCompose(blob -> {
                CompletableFuture<Void> set = Steps.begin(() -> {
                    blob.setXattr(LvolAttributes.NAME, LvolAttributes.text(newName));
                    return Steps.undo(blob.sync(), () -> {
                        blob.setXattr(LvolAttributes.NAME, LvolAttributes.text(name)); // for the next sync
                        return Steps.done();
                    });
                });
                return Steps.after(
                        set,
                        (_, failure) -> Steps.after(
                                blob.close(), (_, second) -> Steps.ended(failure == null ? second : failure)));
            });
            return written.whenComplete((_, failure) -> owner.release(failure == null ? name : newName))
                    .thenRun(() -> renamed(newName));
        });
    }

    private void renamed(String newName) {
        name = newName;
        lvols.values().forEach(Lvol::showAlias);
    }

    /** Takes up what its device has grown by; {@code bdev_lvol_grow_lvstore}. */
    public CompletableFuture<Void> grow() {
        return run(() -> blobs().growLive());
    }

    // ---- volumes that are found ------------------------------------------------------------------------------------

    /** Takes up the volumes there are. One that cannot be one is left alone, and the others are there. */
    CompletableFuture<Void> loadLvols() {
        List<BlobId> ids = new ArrayList<>(blobs().blobIds());
        ids.remove(superBlob);
        return Steps.each(
                ids.size(),
                i -> Steps.after(loadLvol(ids.get(i)), (_, failure) -> {
                    if (failure != null) {
                        LOG.log(Level.ERROR, this + ": blob " + ids.get(i) + " does not become a volume", failure);
                    }
                    return Steps.done();
                }));
    }

    private CompletableFuture<Void> loadLvol(BlobId id) {
        return blobs().openBlob(id).thenCompose(blob -> {
            String lvolName = LvolAttributes.name(blob);
            UUID lvolUuid = LvolAttributes.uuid(blob);
            return blob.close()
                    .thenCompose(_ -> Steps.begin(() -> {
                        if (lvolName == null) {
                            throw new SpdkException(Errno.EINVAL, "it has no name");
                        }
                        reserve(lvolName);
                        Lvol lvol = new Lvol(this, id, lvolName, lvolUuid);
                        lvols.put(id, lvol);
                        return lvol.bringUp();
                    }));
        });
    }

    /** A device has come, on which volumes may stand. */
    void found(List<String> bdevNames) {
        if (ending != null) {
            return;
        }
        volumes.found(bdevNames);
        for (Lvol lvol : lvols()) {
            try {
                if (lvol.isOpen() && !lvol.isDegraded()) {
                    lvol.show();
                }
            } catch (SpdkException e) {
                LOG.log(Level.ERROR, lvol + " has no device", e);
            }
        }
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    /**
     * Removes the devices of its volumes, which waits for the users of those, and lets its own device go; {@code
     * spdk_lvs_unload}. Idempotent: all calls give the same end.
     *
     * @return fails with EIO if the device fails; the store is unloaded then, and recovered when it is loaded
     */
    public CompletableFuture<Void> unload() {
        return owner.onAppThread(() -> {
            CompletableFuture<Void> under = ending;
            return under != null ? under.copy() : end(volumes::unload);
        });
    }

    /**
     * The same, and destroys the store with its volumes; {@code bdev_lvol_delete_lvstore}. Fails with ENODEV if it is
     * about to end already.
     */
    public CompletableFuture<Void> delete() {
        return owner.onAppThread(() -> {
            if (ending != null) {
                throw new SpdkException(Errno.ENODEV, this + " is being unloaded or deleted already");
            }
            // What cannot be deleted goes with the store.
            return end(() -> Steps.after(eraseAll(), (_, _) -> Steps.undo(blobs().destroy(), volumes::unload)));
        });
    }

    private CompletableFuture<Void> end(Steps.Step<Void> last) {
        CompletableFuture<Void> end = new CompletableFuture<>();
        ending = end;
        Runnable body = () -> {
            var _ = Steps.after(closeAll(), (_, _) -> Steps.begin(last)).whenComplete((_, failure) -> {
                base.close();
                owner.forget(this);
                var _ = onAppThread(base.closeAsync()).thenRun(() -> {
                    if (failure == null) {
                        end.complete(null);
                    } else {
                        end.completeExceptionally(Steps.cause(failure));
                    }
                });
            });
        };
        if (running == 0) {
            body.run();
        } else {
            whenIdle = body;
        }
        return end.copy();
    }

    private CompletableFuture<Void> closeAll() {
        return Steps.all(lvols.values().stream().map(Lvol::takeDown).toList());
    }

    /** Those on which nothing stands first. */
    private CompletableFuture<Void> eraseAll() {
        for (Lvol lvol : lvols.values()) {
            if (blobs().clones(lvol.id()).isEmpty()) {
                return lvol.erase().thenCompose(_ -> eraseAll());
            }
        }
        return Steps.done();
    }

    /** The device is about to go. */
    void baseRemoved() {
        LOG.log(Level.INFO, "{0} is unloaded, since its device goes", this);
        var _ = unload().exceptionally(failure -> {
            LOG.log(Level.WARNING, "{0}: {1}", this, failure.getMessage());
            return null;
        });
    }

    /** When all devices go, what is below can go only when nothing of the store is left. */
    CompletableFuture<Void> lvolClosed() {
        boolean last = owner.bdevs().isClosing()
                && ending == null
                && running == 0
                && lvols.values().stream().allMatch(l -> l.bdev().isEmpty());
        return last ? Steps.after(unload(), (_, _) -> Steps.done()) : Steps.done();
    }

    @Override
    public String toString() {
        return "store " + name + " on bdev " + base.bdev().name();
    }
}
