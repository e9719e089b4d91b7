// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.SpdkApp;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blob.Xattrs;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.blob.spi.MetadataQueue;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A store of {@link Store}, as applications see it. */
final class JavaBlobstore implements Blobstore {
    private enum State {
        LOADED,
        UNLOADING,
        UNLOADED
    }

    private final Store store;
    private final SpdkThread thread;
    private final Runnable ended;
    private final CompletableFuture<Void> deviceRemoved;
    private final MetadataQueue queue;
    private final Set<JavaBlob> open = new LinkedHashSet<>();
    private volatile State state = State.LOADED;

    /** @param ended is run when the device is let go */
    JavaBlobstore(Store store, CompletableFuture<Void> deviceRemoved, Runnable ended) {
        this.store = store;
        this.thread = store.thread;
        this.deviceRemoved = deviceRemoved;
        this.ended = ended;
        // One at a time: nothing of the metadata changes while an operation waits for the device.
        this.queue = new MetadataQueue(thread, toString(), 1);
    }

    Store store() {
        return store;
    }

    SpdkApp app() {
        return store.app;
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    @Override
    public SpdkThread thread() {
        return thread;
    }

    @Override
    public String bdevName() {
        return store.device.bdev().name();
    }

    @Override
    public BlobstoreOptions options() {
        return store.options;
    }

    @Override
    public boolean isLoaded() {
        return state == State.LOADED;
    }

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
        thread.checkCurrent(what + " of " + this);
        checkLoaded();
        return store;
    }

    private void checkLoaded() {
        if (state != State.LOADED) {
            throw new IllegalStateException(this + " is unloaded: load it again");
        }
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
    public CompletableFuture<Void> deviceRemoved() {
        return deviceRemoved.copy();
    }

    @Override
    public List<BlobId> blobIds() {
        return enter("listing the blobs").blobIds();
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

    /** Begins something on the metadata thread. What it throws is how it ends. Any thread. */
    <T> CompletableFuture<T> begin(Steps.Step<T> body) {
        CompletableFuture<T> result = thread.runtime().newFuture();
        try {
            thread.execute(() -> {
                var _ = Steps.begin(body).whenComplete((value, failure) -> {
                    if (failure != null) {
                        result.completeExceptionally(Steps.cause(failure));
                    } else {
                        result.complete(value);
                    }
                });
            });
        } catch (IllegalStateException e) {
            result.completeExceptionally(e);
        }
        return result;
    }

    private <T> CompletableFuture<T> operate(Steps.Step<T> operation) {
        return queue.submit(() -> {
            checkLoaded();
            return Steps.begin(operation);
        });
    }

    /** An operation on an open blob. */
    CompletableFuture<Void> change(JavaBlob blob, Steps.Step<Void> operation) {
        return queue.submit(() -> {
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

    private void checkExternal() {
        if (!options().externalSnapshots()) {
            throw new IllegalStateException(
                    this + " takes no external snapshots: load it with BlobstoreOptions.withExternalSnapshots");
        }
    }

    private void checkDevice(String what, String name) throws SpdkException {
        var bdev = store.app.bdevs().lookup(name);
        if (bdev == null) {
            throw Failures.of(Errno.ENODEV, what, "there is no bdev " + name + ": create it, or look at its name");
        }
        if (bdev.sizeBytes() % clusterSize() != 0 || ioUnitSize() % bdev.blockSize() != 0) {
            throw Failures.of(
                    Errno.EINVAL,
                    what,
                    bdev + " must be whole clusters of " + clusterSize() + " bytes, and its blocks parts of io units"
                            + " of " + ioUnitSize());
        }
    }

    @Override
    public CompletableFuture<Blob> openBlob(BlobId id, ClearMethod clear) {
        return operate(() -> store.acquire("opening " + blob(id), id.value()).thenApply(state -> {
            if (state.openings++ == 0 && clear != ClearMethod.DEFAULT) {
                state.clearMethod = clear;
            }
            JavaBlob blob = new JavaBlob(this, state);
            open.add(blob);
            return blob;
        }));
    }

    /** Closes a blob that takes no more I/O. On the metadata thread. */
    CompletableFuture<Void> close(JavaBlob blob) {
        return drained(blob)
                .thenCompose(_ -> queue.submit(() -> blob.syncHere().thenRun(() -> {
                    open.remove(blob);
                    blob.state().openings--;
                    store.release(blob.state());
                })));
    }

    /** Completes on the metadata thread when no channel has a request for the blob any more. */
    private CompletableFuture<Void> drained(JavaBlob blob) {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (JavaBlobChannel c : channels()) {
            CompletableFuture<Void> one = new CompletableFuture<>();
            if (c.thread().trySendInternal(() -> c.whenDrained(blob, () -> one.complete(null)))) {
                all.add(one);
            }
        }
        return onThread(Steps.all(all));
    }

    private List<JavaBlobChannel> channels() {
        synchronized (store.channels) {
            return List.copyOf(store.channels);
        }
    }

    /** The same future, but what follows runs on the metadata thread. */
    private CompletableFuture<Void> onThread(CompletableFuture<Void> future) {
        CompletableFuture<Void> there = new CompletableFuture<>();
        var _ = future.whenComplete((_, _) -> {
            if (!thread.trySendInternal(() -> there.complete(null))) {
                there.complete(null);
            }
        });
        return there;
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
            return CompletableFuture.completedFuture(id == Store.NONE ? Optional.empty() : Optional.of(new BlobId(id)));
        });
    }

    @Override
    public CompletableFuture<Void> setSuperBlob(@Nullable BlobId id) {
        return operate(() -> store.writeSuper(store.superBlock().withSuperBlob(id == null ? Store.NONE : id.value())));
    }

    // ---- channels ---------------------------------------------------------------------------------------------------

    @Override
    public BlobChannel openChannel() {
        if (SpdkThread.current() == null && Task.current() != null) {
            return inTask();
        }
        SpdkThread caller = SpdkThread.require();
        if (caller.runtime() != thread.runtime()) {
            throw new IllegalArgumentException(caller + " belongs to another application than " + this);
        }
        synchronized (store.channels) {
            checkLoaded();
            JavaBlobChannel channel = new JavaBlobChannel(this, caller);
            store.channels.add(channel);
            return channel;
        }
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

    /** A channel has ended. On its thread. */
    void channelGone(JavaBlobChannel channel) {
        synchronized (store.channels) {
            store.channels.remove(channel);
        }
    }

    /** A request wants a cluster, or to give one back. On a channel's thread. */
    void ask(BlobState blob, Allocation.Want want) {
        boolean _ = thread.trySendInternal(() -> Allocation.ask(blob, want, operation -> {
            // Not only while it is loaded: unloading waits for requests.
            var _ = queue.submit(() -> Steps.begin(operation)).exceptionally(e -> {
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
        return end("unloading " + this, store::writeClean);
    }

    @Override
    public CompletableFuture<Void> destroy() {
        return end(
                "destroying " + this,
                () -> store.device
                        .zero(0, Math.max(SuperBlock.BYTES, store.device.bdev().blockSize()))
                        .thenCompose(_ -> store.device.barrier()));
    }

    private CompletableFuture<Void> end(String what, Steps.Step<Void> last) {
        return begin(() -> {
            checkUnused(what);
            state = State.UNLOADING;
            return closeChannels()
                    .thenCompose(_ -> queue.submit(() -> {
                        // Operations that came before may have opened blobs.
                        if (!open.isEmpty()) {
                            state = State.LOADED;
                            checkNoBlobs(what);
                        }
                        return Steps.after(Steps.begin(last), (_, failure) -> over(what, failure));
                    }));
        });
    }

    private void checkUnused(String what) throws SpdkException {
        checkLoaded();
        checkNoBlobs(what);
        for (JavaBlobChannel c : channels()) {
            if (c.thread().state() == SpdkThread.State.EXITED) {
                throw Failures.of(
                        Errno.EBUSY, what, c + " was not closed before its thread exited: close channels first");
            }
        }
    }

    private void checkNoBlobs(String what) throws SpdkException {
        if (!open.isEmpty()) {
            throw Failures.of(
                    Errno.EBUSY,
                    what,
                    open.size() + " blobs are open: close "
                            + open.stream().limit(8).map(JavaBlob::id).toList()
                            + (open.size() > 8 ? " and others" : ""));
        }
    }

    private CompletableFuture<Void> closeChannels() {
        List<JavaBlobChannel> all = channels();
        all.forEach(JavaBlobChannel::close);
        return onThread(Steps.all(all.stream().map(JavaBlobChannel::closed).toList()));
    }

    private CompletableFuture<Void> over(String what, @Nullable Throwable failure) {
        state = State.UNLOADED;
        List.copyOf(store.states.values()).forEach(s -> store.letGo(s.backing()));
        return store.device.close().thenCompose(_ -> {
            ended.run();
            return failure == null
                    ? Steps.done()
                    : CompletableFuture.failedFuture(Failures.of(
                            Errno.EIO,
                            what,
                            "the device failed; it is unloaded, and will be recovered when loaded: "
                                    + failure.getMessage()));
        });
    }

    /** Closes what is open, and unloads it, at the end of the application. */
    CompletableFuture<Void> closeAndUnload() {
        return thread.call(() -> List.copyOf(open))
                .thenCompose(
                        blobs -> Steps.all(blobs.stream().map(JavaBlob::close).toList()))
                .thenCompose(_ -> unload());
    }

    @Override
    public String toString() {
        return store.toString();
    }
}
