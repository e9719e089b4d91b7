// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.spi;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A store without what keeps it: which blobs are open, its channels, the turn of its operations, and its end.
 *
 * <p>Thread rule: the metadata thread, where nothing else is said and {@link Blobstore} does not allow more.
 */
public abstract class BlobstoreBase implements Blobstore {
    private enum State {
        LOADED,
        UNLOADING,
        UNLOADED
    }

    private final SpdkThread thread;
    private final String bdevName;
    private final BlobstoreOptions options;
    private final CompletableFuture<Void> deviceRemoved;
    private final MetadataQueue queue;
    private final Set<BlobBase> open = new LinkedHashSet<>();

    /** Any thread, under this lock. */
    private final List<BlobChannelBase> channels = new ArrayList<>();

    private volatile State state = State.LOADED;

    /**
     * A store that is loaded.
     *
     * @param deviceRemoved completes when the device is about to go
     * @param operations how many operations may be under way at once
     */
    protected BlobstoreBase(
            SpdkThread thread,
            String bdevName,
            BlobstoreOptions options,
            CompletableFuture<Void> deviceRemoved,
            int operations) {
        this.thread = thread;
        this.bdevName = bdevName;
        this.options = options;
        this.deviceRemoved = deviceRemoved;
        this.queue = new MetadataQueue(thread, "blobstore on bdev " + bdevName, operations);
    }

    // ---- what it is -----------------------------------------------------------------------------------------------

    @Override
    public final SpdkThread thread() {
        return thread;
    }

    @Override
    public final String bdevName() {
        return bdevName;
    }

    @Override
    public final BlobstoreOptions options() {
        return options;
    }

    @Override
    public final boolean isLoaded() {
        return state == State.LOADED;
    }

    @Override
    public final CompletableFuture<Void> deviceRemoved() {
        return deviceRemoved.copy();
    }

    /** Sees to it that the caller is on the metadata thread, and the store loaded. */
    protected final void checkUsable(String what) {
        thread.checkCurrent(what + " of " + this);
        checkLoaded();
    }

    /** Any thread. */
    public final void checkLoaded() {
        if (state != State.LOADED) {
            throw new IllegalStateException(this + " is unloaded: load it again");
        }
    }

    /** Any thread. */
    public final void checkExternal() {
        if (!options.externalSnapshots()) {
            throw new IllegalStateException(
                    this + " takes no external snapshots: load it with BlobstoreOptions.withExternalSnapshots");
        }
    }

    /** A device for blobs to stand on. Any thread. */
    protected final Bdev deviceBelow(BdevManager bdevs, String what, String name) throws SpdkException {
        Bdev bdev = bdevs.lookup(name);
        if (bdev == null) {
            throw failure(Errno.ENODEV, what, "there is no bdev " + name + ": create it, or look at its name");
        }
        if (bdev.sizeBytes() % clusterSize() != 0 || ioUnitSize() % bdev.blockSize() != 0) {
            throw failure(
                    Errno.EINVAL,
                    what,
                    bdev + " must be whole clusters of " + clusterSize() + " bytes, and its blocks parts of io units"
                            + " of " + ioUnitSize());
        }
        return bdev;
    }

    /** The super blob that the device names, in a stage. */
    protected final BlobId superBlob(long id) {
        try {
            return new BlobId(id);
        } catch (IllegalArgumentException e) {
            throw new CompletionException(failure(
                    Errno.EILSEQ, "reading the super blob of " + this, e.getMessage() + ": set another, or none"));
        }
    }

    /** What is said of an operation that fails. */
    public static SpdkException failure(int errno, String what, String why) {
        return new SpdkException(errno, what + " failed (" + Errno.name(errno) + "): " + why);
    }

    /** A failure without what stages put around it. */
    public static Throwable cause(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }

    // ---- operations -----------------------------------------------------------------------------------------------

    /** The operations on the metadata, each in its turn. Any thread. */
    public final MetadataQueue queue() {
        return queue;
    }

    /** Begins something on the metadata thread. What it throws is how it ends. Any thread. */
    public final <T> CompletableFuture<T> begin(Callable<CompletableFuture<T>> body) {
        return begin(thread, body, UnaryOperator.identity());
    }

    /**
     * The same where there is no store yet.
     *
     * @param told what is said of a failure
     */
    public static <T> CompletableFuture<T> begin(
            SpdkThread thread, Callable<CompletableFuture<T>> body, UnaryOperator<Throwable> told) {
        CompletableFuture<T> result = thread.runtime().newFuture();
        Runnable there = () -> {
            CompletableFuture<T> end;
            try {
                end = body.call();
            } catch (Exception e) {
                end = CompletableFuture.failedFuture(e);
            }
            var _ = end.whenComplete((value, failure) -> {
                if (failure != null) {
                    result.completeExceptionally(told.apply(cause(failure)));
                } else {
                    result.complete(value);
                }
            });
        };
        try {
            thread.execute(there);
        } catch (IllegalStateException e) {
            result.completeExceptionally(e);
        }
        return result;
    }

    // ---- blobs ----------------------------------------------------------------------------------------------------

    /** A blob was opened; {@link BlobBase#close} closes it. */
    protected final void opened(BlobBase blob) {
        open.add(blob);
    }

    /** Closes a blob that takes no more requests. */
    final CompletableFuture<Void> close(BlobBase blob) {
        return drained(r -> r.blob == blob)
                .thenCompose(_ -> queue.submit(() -> blob.release().thenRun(() -> open.remove(blob))));
    }

    /** Completes on the metadata thread when no channel has such a request; it must not get new ones meanwhile. */
    protected final CompletableFuture<Void> drained(Predicate<BlobRequest> which) {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (BlobChannelBase c : channels()) {
            CompletableFuture<Void> one = new CompletableFuture<>();
            if (c.thread().trySendInternal(() -> c.whenDrained(which, () -> one.complete(null)))) {
                all.add(one);
            }
        }
        return onThread(all.stream());
    }

    /** Completes on the metadata thread when all have completed. */
    private CompletableFuture<Void> onThread(Stream<CompletableFuture<Void>> all) {
        CompletableFuture<Void> there = new CompletableFuture<>();
        var _ = CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).whenComplete((_, _) -> {
            if (!thread.trySendInternal(() -> there.complete(null))) {
                there.complete(null);
            }
        });
        return there;
    }

    // ---- channels -------------------------------------------------------------------------------------------------

    @Override
    public final BlobChannel openChannel() {
        if (Task.current() != null) {
            return inTask();
        }
        SpdkThread caller = SpdkThread.require();
        if (caller.runtime() != thread.runtime()) {
            throw new IllegalArgumentException(caller + " belongs to another application than " + this);
        }
        synchronized (channels) {
            checkLoaded();
            BlobChannelBase channel = newChannel(caller);
            channels.add(channel);
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

    /** Makes a channel for the calling thread. */
    protected abstract BlobChannelBase newChannel(SpdkThread caller);

    /** A channel has ended. On its thread. */
    public final void channelGone(BlobChannelBase channel) {
        synchronized (channels) {
            channels.remove(channel);
        }
    }

    private List<BlobChannelBase> channels() {
        synchronized (channels) {
            return List.copyOf(channels);
        }
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    /**
     * Closes the channels and does what ends the store, which says {@link #unloaded} or {@link #stillLoaded}. Any
     * thread.
     *
     * @param last is done beside no other operation
     */
    protected final CompletableFuture<Void> end(String what, Callable<CompletableFuture<Void>> last) {
        return begin(() -> {
            checkUnused(what);
            state = State.UNLOADING;
            return closeChannels()
                    .thenCompose(_ -> queue.submitAlone(() -> {
                        // Operations that came before may have opened blobs.
                        if (!open.isEmpty()) {
                            stillLoaded();
                            checkNoBlobs(what);
                        }
                        return last.call();
                    }));
        });
    }

    /** The same although blobs may be open, which are not written any more. Any thread. */
    protected final CompletableFuture<Void> endAnyhow(Callable<CompletableFuture<Void>> last) {
        return begin(() -> {
            checkLoaded();
            state = State.UNLOADING;
            return closeChannels().thenCompose(_ -> queue.submitAlone(last));
        });
    }

    private void checkUnused(String what) throws SpdkException {
        checkLoaded();
        checkNoBlobs(what);
        for (BlobChannelBase c : channels()) {
            if (c.thread().state() == SpdkThread.State.EXITED) {
                throw failure(Errno.EBUSY, what, c + " was not closed before its thread exited: close channels first");
            }
        }
    }

    private void checkNoBlobs(String what) throws SpdkException {
        if (!open.isEmpty()) {
            throw failure(
                    Errno.EBUSY,
                    what,
                    open.size() + " blobs are open: close "
                            + open.stream().limit(8).map(BlobBase::id).toList()
                            + (open.size() > 8 ? " and others" : ""));
        }
    }

    private CompletableFuture<Void> closeChannels() {
        List<BlobChannelBase> all = channels();
        all.forEach(BlobChannelBase::close);
        return onThread(all.stream().map(BlobChannelBase::closed));
    }

    /** It has ended. */
    protected final void unloaded() {
        state = State.UNLOADED;
    }

    /** It has not ended, and goes on without channels. */
    protected final void stillLoaded() {
        state = State.LOADED;
    }

    /** Closes what is open, and unloads it, at the end of the application. Any thread. */
    final CompletableFuture<Void> closeAndUnload() {
        return thread.call(() -> List.copyOf(open))
                .thenCompose(blobs -> CompletableFuture.allOf(
                        blobs.stream().map(BlobBase::close).toArray(CompletableFuture[]::new)))
                .thenCompose(_ -> unload());
    }

    @Override
    public final String toString() {
        return "blobstore on bdev " + bdevName;
    }
}
