// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blob.Xattrs;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.blob.spi.BlobChannelBase;
import dev.spdkio.blob.spi.BlobstoreBase;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A store of {@link Store}, as applications see it. */
final class JavaBlobstore extends BlobstoreBase {
    private final Store store;

    JavaBlobstore(Store store, CompletableFuture<Void> deviceRemoved) {
        // One at a time: nothing of the metadata changes while an operation waits for the device.
        super(store.thread, store.device.bdev().name(), store.options, deviceRemoved, 1);
        this.store = store;
    }

    Store store() {
        return store;
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    @Override
    public long clusterSize() {
        return store.clusterSize;
    }

    @Override
    public int ioUnitSize() {
        return store.ioUnitSize;
    }

    @Override
    public int metadataPageSize() {
        return store.pageSize();
    }

    @Override
    public long ioUnitsPerCluster() {
        return store.unitsPerCluster;
    }

    /** The store, for a caller on the metadata thread. */
    private Store enter(String what) {
        checkUsable(what);
        return store;
    }

    @Override
    public long freeClusters() {
        return enter("counting the clusters").space.freeClusters();
    }

    @Override
    public long totalClusters() {
        SuperBlock s = enter("counting the clusters").superBlock();
        return (long) s.clusters() - s.metadataClusters();
    }

    @Override
    public OptionalLong maxGrowableSize() {
        SuperBlock s = enter("looking at the size").superBlock();
        long bits = (long) s.maxClusterMaskPages() * s.metadataPageSize() * 8 - 40;
        return OptionalLong.of(Math.min(bits, SuperBlock.MAX_CLUSTERS) * s.clusterSize());
    }

    @Override
    public String type() {
        return enter("looking at the type").superBlock().type().text();
    }

    @Override
    public List<BlobId> blobIds() {
        return enter("listing the blobs").blobIds();
    }

    @Override
    public Map<BlobId, String> damagedBlobs() {
        Map<BlobId, String> damaged = new TreeMap<>();
        enter("listing the damaged blobs").damaged.forEach((id, why) -> damaged.put(new BlobId(id), why));
        return damaged;
    }

    @Override
    public Optional<BlobId> parentSnapshot(BlobId id) {
        long parent = enter("looking at the blobs").relations.parent(id.value());
        return parent == Store.NONE ? Optional.empty() : Optional.of(new BlobId(parent));
    }

    @Override
    public List<BlobId> clones(BlobId id) {
        return enter("looking at the blobs").relations.clones(id.value()).stream()
                .map(BlobId::new)
                .toList();
    }

    // ---- operations -------------------------------------------------------------------------------------------------

    private <T> CompletableFuture<T> operate(Steps.Step<T> operation) {
        return queue().submit(() -> {
            checkLoaded();
            return Steps.begin(operation);
        });
    }

    /** An operation on an open blob. */
    CompletableFuture<Void> change(JavaBlob blob, Steps.Step<Void> operation) {
        return queue().submit(() -> {
            blob.checkOpen();
            return Steps.begin(operation);
        });
    }

    private interface WithBlob<T> {
        CompletableFuture<T> run(BlobState blob) throws SpdkException;
    }

    /** Does something with a blob in memory. In an operation. */
    private <T> CompletableFuture<T> with(String what, BlobId id, WithBlob<T> body) {
        return store.acquire(what, id.value())
                .thenCompose(blob -> Steps.begin(() -> body.run(blob)).whenComplete((_, _) -> store.release(blob)));
    }

    private String blob(BlobId id) {
        return "blob " + id + " of " + this;
    }

    @Override
    public CompletableFuture<BlobId> createBlob(BlobOptions options) {
        String what = "creating a blob of " + options.clusters() + " clusters in " + this;
        String external = options.externalSnapshot();
        if (external != null) {
            checkExternal();
        }
        return operate(() -> {
            if (external != null) {
                checkDevice(what, external);
            }
            return Creation.create(store, what, options).thenApply(blob -> {
                BlobId id = new BlobId(blob.id);
                store.release(blob);
                return id;
            });
        });
    }

    private void checkDevice(String what, String name) throws SpdkException {
        var _ = deviceBelow(store.devices.bdevs(), what, name);
    }

    @Override
    public CompletableFuture<Blob> openBlob(BlobId id, ClearMethod clear) {
        String what = "opening " + blob(id);
        return operate(() -> with(what, id, state -> {
            Snapshots.checkWhole(state, what);
            if (state.openings++ == 0 && clear != ClearMethod.DEFAULT) {
                state.clearMethod = clear;
            }
            state.uses++;
            JavaBlob blob = new JavaBlob(this, state);
            opened(blob);
            return CompletableFuture.completedFuture(blob);
        }));
    }

    @Override
    public CompletableFuture<Void> deleteBlob(BlobId id) {
        String what = "deleting " + blob(id);
        return operate(() -> with(what, id, blob -> {
            Snapshots.checkUnused(blob, what);
            List<Long> clones = store.relations.clones(blob.id);
            return clones.isEmpty()
                    ? Snapshots.delete(blob)
                    : with(what, new BlobId(clones.getFirst()), clone -> Snapshots.merge(blob, clone, what));
        }));
    }

    @Override
    public CompletableFuture<BlobId> createSnapshot(BlobId id, Map<String, byte[]> xattrs) {
        xattrs.forEach(Xattrs::check);
        String what = "creating a snapshot of " + blob(id);
        return operate(() -> with(what, id, blob -> Snapshots.snapshot(blob, what, xattrs)))
                .thenApply(BlobId::new);
    }

    @Override
    public CompletableFuture<BlobId> createClone(BlobId id, Map<String, byte[]> xattrs) {
        xattrs.forEach(Xattrs::check);
        String what = "creating a clone of " + blob(id);
        return operate(() -> with(what, id, blob -> Snapshots.clone(blob, what, xattrs)))
                .thenApply(BlobId::new);
    }

    @Override
    public CompletableFuture<Void> inflate(BlobId id) {
        return Parents.detach(store, this::operate, "inflating " + blob(id), id.value(), true);
    }

    @Override
    public CompletableFuture<Void> decoupleParent(BlobId id) {
        return Parents.detach(store, this::operate, "decoupling " + blob(id), id.value(), false);
    }

    @Override
    public CompletableFuture<Void> setParent(BlobId id, BlobId snapshot) {
        String what = "putting " + blob(id) + " on " + snapshot;
        return operate(() ->
                with(what, id, blob -> with(what, snapshot, parent -> Parents.setParent(blob, parent, what))));
    }

    @Override
    public CompletableFuture<Void> setExternalParent(BlobId id, String bdev) {
        checkExternal();
        String what = "putting " + blob(id) + " on bdev " + bdev;
        return operate(() -> {
            checkDevice(what, bdev);
            return with(what, id, blob -> Parents.setExternalParent(blob, bdev, what));
        });
    }

    @Override
    public CompletableFuture<Void> shallowCopy(BlobId id, String bdev, @Nullable LongConsumer progress) {
        return ShallowCopy.run(store, this::operate, id, bdev, progress);
    }

    @Override
    public CompletableFuture<Optional<BlobId>> superBlob() {
        return operate(() -> {
            long id = store.superBlock().superBlob();
            return CompletableFuture.completedFuture(id == Store.NONE ? Optional.empty() : Optional.of(superBlob(id)));
        });
    }

    @Override
    public CompletableFuture<Void> setSuperBlob(@Nullable BlobId id) {
        return operate(() -> store.writeSuper(store.superBlock().withSuperBlob(id == null ? Store.NONE : id.value())));
    }

    // ---- channels ---------------------------------------------------------------------------------------------------

    @Override
    protected BlobChannelBase newChannel(SpdkThread caller) {
        return new JavaBlobChannel(this, caller);
    }

    /** A request wants a cluster, or to give one back. On a channel's thread. */
    void ask(BlobState blob, Allocation.Want want) {
        boolean _ = thread().trySendInternal(() -> Allocation.ask(blob, want, operation -> {
            // Not only while it is loaded: unloading waits for requests.
            var _ = queue().submit(() -> Steps.begin(operation)).exceptionally(e -> {
                blob.allocating = false;
                Allocation.refuse(blob, Steps.cause(e));
                return null;
            });
        }));
    }

    // ---- the end, and more room -------------------------------------------------------------------------------------

    @Override
    public CompletableFuture<Void> growLive() {
        return operate(() -> Growth.grow(store));
    }

    @Override
    public CompletableFuture<Void> unload() {
        return finish("unloading " + this, store::writeClean);
    }

    @Override
    public CompletableFuture<Void> destroy() {
        return finish(
                "destroying " + this,
                () -> store.device
                        .zero(0, Math.max(SuperBlock.BYTES, store.device.bdev().blockSize()))
                        .thenCompose(_ -> store.device.barrier()));
    }

    /** {@link #unload} without a last word, for a device that cannot be written: it is recovered when it is loaded. */
    CompletableFuture<Void> abandon() {
        return endAnyhow(() -> over("abandoning " + this, null));
    }

    private CompletableFuture<Void> finish(String what, Steps.Step<Void> last) {
        return end(what, () -> Steps.after(Steps.begin(last), (_, failure) -> over(what, failure)));
    }

    private CompletableFuture<Void> over(String what, @Nullable Throwable failure) {
        unloaded();
        List.copyOf(store.states.values()).forEach(s -> store.letGo(s.backing()));
        return store.device.close().thenCompose(_ -> {
            JavaBlobstores.LOADED.remove(this);
            thread().endOperation();
            return failure == null
                    ? Steps.done()
                    : CompletableFuture.failedFuture(Failures.of(
                            Errno.EIO,
                            what,
                            "the device failed; it is unloaded, and will be recovered when loaded: "
                                    + failure.getMessage()));
        });
    }
}
