// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.spi;

import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A channel without what carries its requests: finds what is wrong with them before they are submitted, numbers them,
 * holds their memory, lets them wait in order while there is no room, and ends each exactly once, never inside the call
 * that submitted it.
 *
 * <p>Whoever carries them {@linkplain #start starts} requests and says {@linkplain #ended how} each ended.
 *
 * <p>Thread rule: owned by its SpdkThread.
 */
public abstract class BlobChannelBase implements BlobChannel {
    private static final Logger LOG = System.getLogger(BlobChannelBase.class.getName());

    /** How long a request may find no room before it ends with ENOMEM. */
    private static final Duration NO_ROOM_PATIENCE = Duration.ofSeconds(10);

    private record DrainWaiter(Blob blob, Runnable then) {}

    private final Blobstore store;
    private final SpdkThread thread;
    private final int maxStarted;
    private final CompletableFuture<Void> closed;
    private final Poller poller;
    private final RequestFifo free = new RequestFifo();
    private final RequestFifo waiting = new RequestFifo();
    private final RequestFifo ended = new RequestFifo();
    private final List<DrainWaiter> drains = new ArrayList<>();
    private @Nullable BlobRequest[] requests = new BlobRequest[64];
    private int made;
    private int inFlight;
    private int started;
    private boolean closing;
    private volatile boolean closeRequested;

    /** On {@code thread}. */
    protected BlobChannelBase(Blobstore store, SpdkThread thread) {
        this.store = store;
        this.thread = thread;
        this.maxStarted = store.options().maxChannelOps();
        this.closed = thread.runtime().newFuture();
        this.poller = thread.poller("blob").body(this::poll).register();
    }

    // ---- what carries requests ------------------------------------------------------------------------------------

    /** Gives a request to the store. It may call {@link #ended} at once. */
    protected abstract void start(BlobRequest request);

    /** Everything has ended, and nothing more will be started. */
    protected abstract void release();

    /** The request of a number, which {@link #start} was given. */
    protected final BlobRequest request(int slot) {
        return Objects.requireNonNull(requests[slot]);
    }

    /**
     * A request has ended; it is told later, in the channel's poller. One that found no room is started again.
     *
     * @param status how; with the error number ENOMEM if there was no room
     */
    protected final void ended(int slot, IoStatus status) {
        BlobRequest r = slot >= 0 && slot < made ? requests[slot] : null;
        if (r == null || r.state != BlobRequest.State.STARTED) {
            LOG.log(Level.ERROR, this + ": an end of request " + slot + ", which is not under way");
            return;
        }
        started--;
        r.state = BlobRequest.State.ENDED;
        r.status = status;
        ended.add(r);
    }

    /** Runs {@code then} when the last request for a blob has ended, which takes no more. On the thread. */
    public final void whenDrained(Blob blob, Runnable then) {
        if (isDrained(blob)) {
            then.run();
        } else {
            drains.add(new DrainWaiter(blob, then));
        }
    }

    private boolean isDrained(Blob blob) {
        for (int i = 0; inFlight > 0 && i < made; i++) {
            BlobRequest r = requests[i];
            if (r != null && r.blob == blob) {
                return false;
            }
        }
        return true;
    }

    // ---- what the application sees --------------------------------------------------------------------------------

    @Override
    public final Blobstore store() {
        return store;
    }

    @Override
    public final SpdkThread thread() {
        return thread;
    }

    @Override
    public final boolean isClosed() {
        return closeRequested;
    }

    @Override
    public final int inFlight() {
        thread.checkCurrent("counting the requests of " + this);
        return inFlight;
    }

    @Override
    public final void close() {
        closeRequested = true;
        if (thread.isCurrent()) {
            closing = true;
        } else {
            // If the thread has exited, the channel went with it.
            boolean _ = thread.trySendInternal(() -> closing = true);
        }
    }

    @Override
    public final CompletableFuture<Void> closed() {
        return closed.copy();
    }

    @Override
    public final void submit(
            IoType type,
            Blob blob,
            @Nullable DmaBuf buf,
            long offset,
            long count,
            IoCompletion completion,
            @Nullable Object userData) {
        admit(type, blob, offset, count);
        if (type == IoType.READ || type == IoType.WRITE) {
            if (buf == null || count > buf.size() / store.ioUnitSize()) {
                throw tooSmall(type, buf, count);
            }
        } else if (buf != null) {
            throw new IllegalArgumentException(type.jsonName() + " takes no memory: give null");
        }
        submitChecked(type, blob, buf, null, offset, count, completion, userData);
    }

    @Override
    public final void submitVector(
            IoType type, Blob blob, IoVec vec, long offset, IoCompletion completion, @Nullable Object userData) {
        if (type != IoType.READ && type != IoType.WRITE) {
            throw new IllegalArgumentException(type.jsonName() + " with several pieces of memory: read or write");
        }
        long bytes = vec.totalBytes();
        if (bytes % store.ioUnitSize() != 0) {
            throw new IllegalArgumentException("%s of %d bytes: not a multiple of the io units of %d bytes of %s"
                    .formatted(type.jsonName(), bytes, store.ioUnitSize(), store));
        }
        long count = bytes / store.ioUnitSize();
        admit(type, blob, offset, count);
        submitChecked(type, blob, null, vec, offset, count, completion, userData);
    }

    private void admit(IoType type, Blob blob, long offset, long count) {
        if (!thread.isCurrent()) {
            thread.checkCurrent("submitting to a channel (use the Async method, or a channel of this thread) that");
        }
        long units = blob.ioUnits();
        if (closeRequested
                || blob.store() != store
                || !blob.isOpen()
                || count < 1
                || offset < 0
                || offset > units - count
                || !isPossible(type)
                || (type.modifies() && blob.isReadOnly())) {
            throw refusal(type, blob, offset, count, units);
        }
    }

    private static boolean isPossible(IoType type) {
        return switch (type) {
            case READ, WRITE, WRITE_ZEROES, UNMAP -> true;
            default -> false;
        };
    }

    private RuntimeException refusal(IoType type, Blob blob, long offset, long count, long units) {
        if (closeRequested) {
            return new IllegalStateException(this + " is closed: open another");
        }
        if (!isPossible(type)) {
            return new UnsupportedOperationException("blobs have no " + type.jsonName());
        }
        if (blob.store() != store) {
            return new IllegalArgumentException(blob + " belongs to another store than " + this);
        }
        if (!blob.isOpen()) {
            return new IllegalStateException(blob + " is closed: open it again");
        }
        if (type.modifies() && blob.isReadOnly()) {
            return new IllegalStateException(
                    type.jsonName() + " on " + blob + ", which is read-only: write to a clone");
        }
        return new IllegalArgumentException("%s of %d io units at io unit %d: %s has %d io units of %d bytes"
                .formatted(type.jsonName(), count, offset, blob, units, store.ioUnitSize()));
    }

    private RuntimeException tooSmall(IoType type, @Nullable DmaBuf buf, long count) {
        return new IllegalArgumentException("%s of %d io units of %d bytes with %s: it is too small"
                .formatted(type.jsonName(), count, store.ioUnitSize(), buf));
    }

    private void submitChecked(
            IoType type,
            Blob blob,
            @Nullable DmaBuf buf,
            @Nullable IoVec vec,
            long offset,
            long count,
            IoCompletion completion,
            @Nullable Object userData) {
        Objects.requireNonNull(completion, "completion");
        BlobRequest r = take();
        r.type = type;
        r.blob = blob;
        r.buf = buf;
        r.vec = vec;
        r.offset = offset;
        r.count = count;
        r.completion = completion;
        r.userData = userData;
        try {
            r.pin(thread);
        } catch (RuntimeException closedMemory) {
            r.clear();
            free.addFirst(r);
            throw closedMemory;
        }
        inFlight++;
        if (started < maxStarted && waiting.isEmpty()) {
            startNow(r);
        } else {
            r.state = BlobRequest.State.WAITING;
            waiting.add(r);
        }
    }

    private BlobRequest take() {
        BlobRequest r = free.poll();
        if (r != null) {
            return r;
        }
        if (made == MAX_REQUESTS) {
            throw new LimitExceededException(
                    "MAX_REQUESTS", made, this + " has " + inFlight + " requests under way or waiting: wait for ends");
        }
        if (made == requests.length) {
            requests = Arrays.copyOf(requests, made * 2);
        }
        r = new BlobRequest(made);
        requests[made++] = r;
        return r;
    }

    private void startNow(BlobRequest r) {
        r.state = BlobRequest.State.STARTED;
        started++;
        try {
            start(r);
        } catch (Throwable t) { // it has to end, whatever happens
            LOG.log(Level.ERROR, this + ": " + r + " could not be started", t);
            if (r.state == BlobRequest.State.STARTED) {
                ended(r.slot(), IoStatus.FAILED);
            }
        }
    }

    // ---- ends -----------------------------------------------------------------------------------------------------

    private Poller.Result poll() {
        boolean busy = false;
        for (int most = inFlight; most > 0 && !ended.isEmpty(); most--) {
            BlobRequest r = Objects.requireNonNull(ended.poll());
            busy = true;
            if (r.status != IoStatus.SUCCESS && r.status.errno() == Errno.ENOMEM && mayWaitForRoom(r)) {
                r.state = BlobRequest.State.WAITING;
                waiting.addFirst(r);
            } else {
                tell(r);
            }
        }
        while (started < maxStarted && !waiting.isEmpty()) {
            BlobRequest r = Objects.requireNonNull(waiting.poll());
            startNow(r);
            if (r.state == BlobRequest.State.ENDED && r.status.errno() == Errno.ENOMEM) {
                break; // no room for the others either
            }
        }
        if (closing && inFlight == 0) {
            poller.close();
            release();
            closed.complete(null);
        }
        return busy ? Poller.Result.BUSY : Poller.Result.IDLE;
    }

    /** Writing or reading once more does no harm, even if a part of the request was done. */
    private boolean mayWaitForRoom(BlobRequest r) {
        long now = thread.now();
        if (r.noRoomSince == 0) {
            r.noRoomSince = now;
        }
        return now - r.noRoomSince < NO_ROOM_PATIENCE.toNanos();
    }

    private void tell(BlobRequest r) {
        IoCompletion completion = Objects.requireNonNull(r.completion);
        Object userData = r.userData;
        IoStatus status = r.status;
        r.unpin(thread);
        r.clear();
        free.addFirst(r);
        inFlight--;
        try {
            completion.completed(status, userData);
        } catch (Throwable t) {
            LOG.log(Level.ERROR, this + ": a completion failed", t);
        }
        if (!drains.isEmpty()) {
            tellDrained();
        }
    }

    private void tellDrained() {
        for (int i = drains.size() - 1; i >= 0; i--) {
            DrainWaiter w = drains.get(i);
            if (isDrained(w.blob)) {
                drains.remove(i);
                w.then.run();
            }
        }
    }

    @Override
    public String toString() {
        return "channel of " + store + " on SpdkThread " + thread.name();
    }
}
