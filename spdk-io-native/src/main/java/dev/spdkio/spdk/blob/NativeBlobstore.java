// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.spdk.ffi.BlobApi;
import dev.spdkio.spdk.ffi.BlobstoreApi;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A store of SPDK's. */
final class NativeBlobstore implements Blobstore {
    private enum State {
        LOADED,
        UNLOADING,
        UNLOADED
    }

    private final Opening opening;
    private final SpdkThread thread;
    private final long pointer;
    private final long dev;
    private final long clusterSize;
    private final int ioUnitSize;
    private final int metadataPageSize;
    private final Operations ops;
    private final StoreChannels channels;
    private final Relations relations;
    private final Map<Long, BlobState> states = new HashMap<>();
    private final Set<NativeBlob> open = new LinkedHashSet<>();
    private volatile State state = State.LOADED;

    NativeBlobstore(Opening opening, long pointer, long dev) {
        this.opening = opening;
        this.thread = opening.thread;
        this.pointer = pointer;
        this.dev = dev;
        this.clusterSize = BlobstoreApi.clusterSize(pointer);
        this.ioUnitSize = (int) BlobstoreApi.ioUnitSize(pointer);
        this.metadataPageSize = (int) BlobstoreApi.pageSize(pointer);
        this.ops = new Operations(this, opening, pointer);
        this.channels = new StoreChannels(this, thread, pointer);
        this.relations = new Relations(this, ops, channels, opening, pointer);
        NativeBlobstores.remember(this);
    }

    SpdkApp app() {
        return opening.app;
    }

    // ---- what it is -----------------------------------------------------------------------------------------------

    @Override
    public SpdkThread thread() {
        return thread;
    }

    @Override
    public String bdevName() {
        return opening.bdev;
    }

    @Override
    public BlobstoreOptions options() {
        return opening.options;
    }

    @Override
    public boolean isLoaded() {
        return state == State.LOADED;
    }

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
        thread.checkCurrent(what + " of " + this);
        checkLoaded();
        NativeThread.enter(thread);
        return pointer;
    }

    void checkLoaded() {
        if (state != State.LOADED) {
            throw new IllegalStateException(this + " is unloaded: load it again");
        }
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
    public CompletableFuture<Void> deviceRemoved() {
        return opening.deviceRemoved.copy();
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
        Arena arena = Arena.ofShared();
        return ops.operate(
                        what,
                        token -> BlobstoreApi.createBlob(
                                pointer, BlobStructs.blobOpts(options, arena).address(), Calls.VALUE, token))
                .thenApply(this::created)
                .whenComplete((_, _) -> arena.close());
    }

    void checkExternal() {
        if (!options().externalSnapshots()) {
            throw new IllegalStateException(
                    this + " takes no external snapshots: load it with BlobstoreOptions.withExternalSnapshots");
        }
    }

    /** A device that is suited for blobs to stand on. */
    CompletableFuture<Bdev> device(String what, String name) {
        Bdev bdev = app().bdevs().lookup(name);
        if (bdev == null) {
            return ops.refused(
                    Errno.ENODEV, what, "there is no bdev " + name + ": create it first, or look at its name");
        }
        if (bdev.sizeBytes() % clusterSize != 0 || ioUnitSize % bdev.blockSize() != 0) {
            return ops.refused(
                    Errno.EINVAL,
                    what,
                    bdev + " must be whole clusters of " + clusterSize + " bytes, and its blocks parts of io units of "
                            + ioUnitSize);
        }
        return CompletableFuture.completedFuture(bdev);
    }

    @Override
    public CompletableFuture<Blob> openBlob(BlobId id, ClearMethod clear) {
        Arena arena = Arena.ofShared();
        return ops.operate(
                        "opening " + name(id),
                        token -> BlobstoreApi.openBlob(
                                pointer,
                                id.value(),
                                BlobStructs.openOpts(clear, arena).address(),
                                Calls.VALUE,
                                token),
                        id)
                .whenComplete((_, _) -> arena.close())
                .thenApply(r -> opened(id, r.value()));
    }

    private Blob opened(BlobId id, long at) {
        BlobState shared = states.computeIfAbsent(at, BlobState::new);
        shared.openings++;
        NativeBlob blob = new NativeBlob(this, id, shared);
        blob.refresh();
        open.add(blob);
        return blob;
    }

    /** Closes a blob that takes no more I/O. On the metadata thread. */
    CompletableFuture<Void> close(NativeBlob blob) {
        return channels.drained(blob)
                .thenCompose(_ -> ops.queue.submit(() -> Calls.start(
                                thread, token -> BlobApi.close(blob.pointer(), Calls.STATUS, token))
                        .thenAccept(r -> {
                            ops.check("closing " + blob, r);
                            open.remove(blob);
                            if (--blob.state().openings == 0) {
                                states.remove(blob.pointer());
                            }
                        })));
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

    /** A channel has ended. On its thread. */
    void channelGone(NativeBlobChannel channel) {
        channels.gone(channel);
    }

    Opening opening() {
        return opening;
    }

    @Override
    public CompletableFuture<Optional<BlobId>> superBlob() {
        return ops.queue.submit(() -> {
            checkLoaded();
            return Calls.start(thread, token -> BlobstoreApi.getSuper(pointer, Calls.VALUE, token))
                    .thenApply(r -> r.errno() == Errno.ENOENT
                            ? Optional.empty()
                            : Optional.of(new BlobId(ops.check("reading the super blob of " + this, r)
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
    public BlobChannel openChannel() {
        if (SpdkThread.current() == null && Task.current() != null) {
            return inTask();
        }
        SpdkThread caller = SpdkThread.require();
        if (caller.runtime() != thread.runtime()) {
            throw new IllegalArgumentException(caller + " belongs to another application than " + this);
        }
        return channels.open(caller);
    }

    private BlobChannel inTask() {
        try {
            return Task.call(this::openChannel);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("opening a channel of " + this, e);
        }
    }

    // ---- the end, and more room -----------------------------------------------------------------------------------

    @Override
    public CompletableFuture<Void> growLive() {
        String what = "growing " + this;
        return ops.queue.submitAlone(() -> {
            checkLoaded();
            NativeThread.enter(thread);
            BlobstoreApi.updateBlockCount(dev);
            return Calls.start(thread, token -> BlobstoreApi.growLive(pointer, Calls.STATUS, token))
                    .thenAccept(r -> ops.check(what, r));
        });
    }

    @Override
    public CompletableFuture<Void> unload() {
        return end("unloading " + this, BlobstoreApi::unload, true);
    }

    @Override
    public CompletableFuture<Void> destroy() {
        return end("destroying " + this, BlobstoreApi::destroy, false);
    }

    private interface EndCall {
        void start(long bs, long callback, long token);
    }

    /** @param endsWithEio whether the store is gone too if the device failed */
    private CompletableFuture<Void> end(String what, EndCall call, boolean endsWithEio) {
        return ops.begin(() -> {
            checkUnused(what);
            state = State.UNLOADING;
            return channels.closeAll()
                    .thenCompose(_ -> ops.queue.submitAlone(() -> Calls.start(
                                    thread, token -> call.start(pointer, Calls.STATUS, token))
                            .thenCompose(r -> ended(what, r, endsWithEio))));
        });
    }

    private void checkUnused(String what) throws SpdkException {
        checkLoaded();
        if (!open.isEmpty()) {
            throw new SpdkException(
                    Errno.EBUSY,
                    what + " failed (EBUSY): " + open.size() + " blobs are open: close "
                            + open.stream().limit(8).map(NativeBlob::id).toList()
                            + (open.size() > 8 ? " and others" : ""));
        }
        for (NativeBlobChannel c : channels.all()) {
            if (c.thread().state() == SpdkThread.State.EXITED) {
                throw new SpdkException(
                        Errno.EBUSY,
                        what + " failed (EBUSY): " + c + " was not closed before its thread exited: close channels"
                                + " first");
            }
        }
    }

    private CompletableFuture<Void> ended(String what, Calls.Result r, boolean endsWithEio) {
        if (r.errno() != 0 && !(endsWithEio && r.errno() == Errno.EIO)) {
            state = State.LOADED;
            return CompletableFuture.failedFuture(ops.failure(what, r.errno()));
        }
        state = State.UNLOADED;
        NativeBlobstores.forget(this);
        return opening.ended().thenRun(() -> {
            if (r.errno() != 0) {
                throw new CompletionException(new SpdkException(
                        r.errno(),
                        what + ": the device failed (EIO); it is unloaded, and will be recovered when loaded"));
            }
        });
    }

    /** Closes what is open, and unloads it, at the end of the application. */
    CompletableFuture<Void> closeAndUnload() {
        return thread.call(() -> List.copyOf(open))
                .thenCompose(blobs -> CompletableFuture.allOf(
                        blobs.stream().map(NativeBlob::close).toArray(CompletableFuture[]::new)))
                .thenCompose(_ -> unload());
    }

    @Override
    public String toString() {
        return "blobstore on bdev " + opening.bdev;
    }
}
