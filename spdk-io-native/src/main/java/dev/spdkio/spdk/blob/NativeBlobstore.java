// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blob.spi.BlobChannelBase;
import dev.spdkio.blob.spi.BlobstoreBase;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.BlobApi;
import dev.spdkio.spdk.ffi.BlobstoreApi;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A store of SPDK's. */
final class NativeBlobstore extends BlobstoreBase {
    private final Opening opening;
    private final long pointer;
    private final long dev;
    private final long clusterSize;
    private final int ioUnitSize;
    private final int metadataPageSize;
    private final Operations ops;
    private final StoreChannels channels;
    private final Relations relations;
    private final Map<Long, BlobState> states = new HashMap<>();
    private final Set<BlobId> heldUnmaps = ConcurrentHashMap.newKeySet();

    NativeBlobstore(Opening opening, long pointer, long dev) {
        super(opening.thread, opening.bdev, opening.options, opening.deviceRemoved, opening.options.maxMetadataOps());
        this.opening = opening;
        this.pointer = pointer;
        this.dev = dev;
        this.clusterSize = BlobstoreApi.clusterSize(pointer);
        this.ioUnitSize = (int) BlobstoreApi.ioUnitSize(pointer);
        this.metadataPageSize = (int) BlobstoreApi.pageSize(pointer);
        this.ops = new Operations(this, opening, pointer);
        this.channels = new StoreChannels(this, pointer);
        this.relations = new Relations(this, ops, channels, opening, pointer);
        NativeBlobstores.LOADED.add(opening.app, this);
    }

    SpdkApp app() {
        return opening.app;
    }

    // ---- what it is -----------------------------------------------------------------------------------------------

    @Override
    public long clusterSize() {
        return clusterSize;
    }

    @Override
    public int ioUnitSize() {
        return ioUnitSize;
    }

    @Override
    public int metadataPageSize() {
        return metadataPageSize;
    }

    /** The pointer for a caller on the metadata thread, who may use it at once. */
    private long enter(String what) {
        checkUsable(what);
        NativeThread.enter(thread());
        return pointer;
    }

    @Override
    public long freeClusters() {
        return BlobstoreApi.freeClusters(enter("counting the clusters"));
    }

    @Override
    public long totalClusters() {
        return BlobstoreApi.totalClusters(enter("counting the clusters"));
    }

    @Override
    public OptionalLong maxGrowableSize() {
        long bytes = BlobstoreApi.maxGrowableSize(enter("looking at the size"));
        return bytes < 0 ? OptionalLong.empty() : OptionalLong.of(bytes);
    }

    @Override
    public String type() {
        return BlobStructs.type(BlobstoreApi.type(enter("looking at the type")));
    }

    @Override
    public List<BlobId> blobIds() {
        long _ = enter("listing the blobs");
        return opening.ids.stream().map(BlobId::new).toList();
    }

    @Override
    public Optional<BlobId> parentSnapshot(BlobId id) {
        long parent = BlobstoreApi.parentSnapshot(enter("looking at the blobs"), id.value());
        return parent == -1 ? Optional.empty() : Optional.of(new BlobId(parent));
    }

    @Override
    public List<BlobId> clones(BlobId id) {
        List<BlobId> clones = new ArrayList<>();
        for (long clone : BlobstoreApi.clones(enter("looking at the blobs"), id.value())) {
            clones.add(new BlobId(clone));
        }
        return clones;
    }

    // ---- operations -----------------------------------------------------------------------------------------------

    /** A blob in words. */
    String name(BlobId id) {
        return "blob " + id + " of " + this;
    }

    /** A blob has come. On the metadata thread. */
    BlobId created(Calls.Result r) {
        opening.ids.add(r.value());
        return new BlobId(r.value());
    }

    @Override
    public CompletableFuture<BlobId> createBlob(BlobOptions options) {
        String what = "creating a blob of " + options.clusters() + " clusters in " + this;
        String external = options.externalSnapshot();
        if (external == null) {
            return create(what, options);
        }
        checkExternal();
        return device(what, external).thenCompose(_ -> create(what, options));
    }

    private CompletableFuture<BlobId> create(String what, BlobOptions options) {
        return ops.operate(what, token -> {
                    try (Arena arena = Arena.ofConfined()) { // SPDK copies it in the call
                        BlobstoreApi.createBlob(
                                pointer, BlobStructs.blobOpts(options, arena).address(), Calls.VALUE, token);
                    }
                })
                .thenApply(this::created);
    }

    /** A device that is suited for blobs to stand on. */
    CompletableFuture<Bdev> device(String what, String name) {
        return begin(() -> CompletableFuture.completedFuture(deviceBelow(app().bdevs(), what, name)));
    }

    @Override
    public CompletableFuture<Blob> openBlob(BlobId id, ClearMethod clear) {
        return ops.operate(
                        "opening " + name(id),
                        token -> {
                            try (Arena arena = Arena.ofConfined()) { // SPDK copies it in the call
                                BlobstoreApi.openBlob(
                                        pointer,
                                        id.value(),
                                        BlobStructs.openOpts(clear, arena).address(),
                                        Calls.VALUE,
                                        token);
                            }
                        },
                        id)
                .thenApply(r -> open(id, r.value()));
    }

    private Blob open(BlobId id, long at) {
        BlobState shared = states.computeIfAbsent(at, BlobState::new);
        shared.openings++;
        NativeBlob blob = new NativeBlob(this, id, shared);
        blob.refresh();
        opened(blob);
        return blob;
    }

    /** Has unmaps of a blob wait in their channels; completes when SPDK has none. In an operation. */
    CompletableFuture<Void> holdUnmaps(BlobId id) {
        heldUnmaps.add(id);
        return drained(
                r -> r.isStarted() && r.type() == IoType.UNMAP && r.blob().id().equals(id));
    }

    /** Ends what {@link #holdUnmaps} began. */
    void letUnmapsGo(BlobId id) {
        heldUnmaps.remove(id);
    }

    /** Whether unmaps of a blob have to wait. Any thread. */
    boolean holdsUnmaps(BlobId id) {
        return heldUnmaps.contains(id);
    }

    /** Closes a blob for which there are no more requests. In an operation. */
    CompletableFuture<Void> release(NativeBlob blob) {
        return Calls.start(thread(), token -> BlobApi.close(blob.pointer(), Calls.STATUS, token))
                .thenAccept(r -> {
                    ops.check("closing " + blob, r);
                    if (--blob.state().openings == 0) {
                        states.remove(blob.pointer());
                    }
                });
    }

    @Override
    public CompletableFuture<Void> deleteBlob(BlobId id) {
        return relations.deleteBlob(id);
    }

    @Override
    public CompletableFuture<BlobId> createSnapshot(BlobId id, Map<String, byte[]> xattrs) {
        return relations.createSnapshot(id, xattrs);
    }

    @Override
    public CompletableFuture<BlobId> createClone(BlobId id, Map<String, byte[]> xattrs) {
        return relations.createClone(id, xattrs);
    }

    @Override
    public CompletableFuture<Void> inflate(BlobId id) {
        return relations.inflate(id);
    }

    @Override
    public CompletableFuture<Void> decoupleParent(BlobId id) {
        return relations.decoupleParent(id);
    }

    @Override
    public CompletableFuture<Void> setParent(BlobId id, BlobId snapshot) {
        return relations.setParent(id, snapshot);
    }

    @Override
    public CompletableFuture<Void> setExternalParent(BlobId id, String bdev) {
        return relations.setExternalParent(id, bdev);
    }

    @Override
    public CompletableFuture<Void> shallowCopy(BlobId id, String bdev, @Nullable LongConsumer progress) {
        return new ShallowCopy(this, id, bdev, progress).start();
    }

    /** For {@link ShallowCopy}. */
    Relations relations() {
        return relations;
    }

    Operations operations() {
        return ops;
    }

    StoreChannels channels() {
        return channels;
    }

    Opening opening() {
        return opening;
    }

    @Override
    public CompletableFuture<Optional<BlobId>> superBlob() {
        return queue().submit(() -> {
            checkLoaded();
            return Calls.start(thread(), token -> BlobstoreApi.getSuper(pointer, Calls.VALUE, token))
                    .thenApply(r -> r.errno() == Errno.ENOENT
                            ? Optional.empty()
                            : Optional.of(superBlob(ops.check("reading the super blob of " + this, r)
                                    .value())));
        });
    }

    @Override
    public CompletableFuture<Void> setSuperBlob(@Nullable BlobId id) {
        return ops.operate(
                        "setting the super blob of " + this,
                        token -> BlobstoreApi.setSuper(pointer, id == null ? -1 : id.value(), Calls.STATUS, token))
                .thenAccept(_ -> {});
    }

    // ---- channels -------------------------------------------------------------------------------------------------

    @Override
    protected BlobChannelBase newChannel(SpdkThread caller) {
        return new NativeBlobChannel(this, caller, channels.acquire(caller));
    }

    // ---- the end, and more room -----------------------------------------------------------------------------------

    @Override
    public CompletableFuture<Void> growLive() {
        String what = "growing " + this;
        return queue().submitAlone(() -> {
            checkLoaded();
            NativeThread.enter(thread());
            BlobstoreApi.updateBlockCount(dev);
            return Calls.start(thread(), token -> BlobstoreApi.growLive(pointer, Calls.STATUS, token))
                    .thenAccept(r -> ops.check(what, r));
        });
    }

    @Override
    public CompletableFuture<Void> unload() {
        return finish("unloading " + this, BlobstoreApi::unload, true);
    }

    @Override
    public CompletableFuture<Void> destroy() {
        return finish("destroying " + this, BlobstoreApi::destroy, false);
    }

    private interface EndCall {
        void start(long bs, long callback, long token);
    }

    /** @param endsWithEio whether the store is gone too if the device failed */
    private CompletableFuture<Void> finish(String what, EndCall call, boolean endsWithEio) {
        return end(
                what,
                () -> Calls.start(thread(), token -> call.start(pointer, Calls.STATUS, token))
                        .thenCompose(r -> ended(what, r, endsWithEio)));
    }

    private CompletableFuture<Void> ended(String what, Calls.Result r, boolean endsWithEio) {
        if (r.errno() != 0 && !(endsWithEio && r.errno() == Errno.EIO)) {
            stillLoaded();
            return CompletableFuture.failedFuture(ops.failure(what, r.errno()));
        }
        unloaded();
        NativeBlobstores.LOADED.remove(this);
        return opening.ended().thenRun(() -> {
            if (r.errno() != 0) {
                throw new CompletionException(new SpdkException(
                        r.errno(),
                        what + ": the device failed (EIO); it is unloaded, and will be recovered when loaded"));
            }
        });
    }
}
