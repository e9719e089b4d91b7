// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.spi;

import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.request.Requests;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
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

    private record DrainWaiter(Predicate<BlobRequest> which, Runnable then) {}

    private final Blobstore store;
    private final SpdkThread thread;
    private final int maxStarted;
    private final CompletableFuture<Void> closed;
    private final Poller poller;
    private final Requests<BlobRequest> requests;
    private final List<DrainWaiter> drains = new ArrayList<>();
    private boolean closing;
    private volatile boolean closeRequested;

    /** On {@code thread}. */
    protected BlobChannelBase(Blobstore store, SpdkThread thread) {
        this.store = store;
        this.thread = thread;
        this.maxStarted = store.options().maxChannelOps();
        this.requests = new Requests<>(thread, this, "MAX_REQUESTS", MAX_REQUESTS, "wait for ends", BlobRequest::new);
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
        return requests.get(slot);
    }

    /**
     * A request has ended; it is told later, in the channel's poller. One that found no room is started again.
     *
     * @param status how; with the error number ENOMEM if there was no room
     */
    protected final void ended(int slot, IoStatus status) {
        BlobRequest r = requests.end(slot);
        if (r != null) {
            r.status = status;
        }
    }

    /** Runs {@code then} when there is no such request; it must not get new ones meanwhile. On the thread. */
    final void whenDrained(Predicate<BlobRequest> which, Runnable then) {
        if (requests.anyMatch(which)) {
            drains.add(new DrainWaiter(which, then));
        } else {
            then.run();
        }
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
        return requests.inFlight();
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
        BlobRequest r = requests.take(buf, vec, userData);
        r.type = type;
        r.blob = blob;
        r.offset = offset;
        r.count = count;
        r.completion = completion;
        if (requests.started() < maxStarted && requests.waiting().isEmpty()) {
            startNow(r);
        } else {
            requests.waiting().add(r);
        }
    }

    private void startNow(BlobRequest r) {
        requests.start(r);
        try {
            start(r);
        } catch (Throwable t) { // it has to end, whatever happens
            LOG.log(Level.ERROR, this + ": " + r + " could not be started", t);
            if (r.isStarted()) {
                ended(r.slot(), IoStatus.FAILED);
            }
        }
    }

    // ---- ends -----------------------------------------------------------------------------------------------------

    private Poller.Result poll() {
        boolean busy = false;
        for (int most = requests.inFlight(); most > 0; most--) {
            BlobRequest r = requests.pollEnded();
            if (r == null) {
                break;
            }
            busy = true;
            if (r.status != IoStatus.SUCCESS && r.status.errno() == Errno.ENOMEM && mayWaitForRoom(r)) {
                requests.waiting().addFirst(r);
            } else {
                tell(r);
            }
        }
        if (busy && !drains.isEmpty()) {
            tellDrained();
        }
        while (requests.started() < maxStarted) {
            BlobRequest r = requests.waiting().poll();
            if (r == null) {
                break;
            }
            startNow(r);
            if (r.hasEnded() && r.status.errno() == Errno.ENOMEM) {
                break; // no room for the others either
            }
        }
        if (closing && requests.inFlight() == 0) {
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
        Object userData = r.userData();
        IoStatus status = r.status;
        requests.free(r);
        try {
            completion.completed(status, userData);
        } catch (Throwable t) {
            LOG.log(Level.ERROR, this + ": a completion failed", t);
        }
    }

    private void tellDrained() {
        for (int i = drains.size() - 1; i >= 0; i--) {
            DrainWaiter w = drains.get(i);
            if (!requests.anyMatch(w.which)) {
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
