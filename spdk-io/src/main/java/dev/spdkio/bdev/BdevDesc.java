// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.IoChannel;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * An open device. Stands for {@code struct spdk_bdev_desc}.
 *
 * <p>Owned by the thread that opened it, where its events arrive; other threads do I/O through channels of their own.
 * Closing closes its channels first: they take no more I/O, what they have goes on to its end, and only then is the
 * device let go.
 *
 * <p>Thread rule: any thread, except {@link #openChannel}.
 */
public final class BdevDesc implements AutoCloseable {
    private final Bdev bdev;
    private final SpdkThread owner;
    private volatile OpenMode mode;
    private final BdevEventListener listener;
    private final @Nullable DescOps ops;
    private final long handle;
    private boolean ofDevice;
    private final CompletableFuture<Void> closed;

    private final Object lock = new Object();
    private final List<BdevChannel> channels = new ArrayList<>();
    private final Set<RangeLock> rangeLocks = new HashSet<>();
    private boolean closing;
    private @Nullable IoTimeouts timeouts;
    private boolean resizePending;

    BdevDesc(
            Bdev bdev,
            SpdkThread owner,
            OpenMode mode,
            BdevEventListener listener,
            @Nullable DescOps ops,
            long handle) {
        this.bdev = bdev;
        this.owner = owner;
        this.mode = mode;
        this.listener = listener;
        this.ops = ops;
        this.handle = handle;
        if (ops != null) {
            owner.beginOperation();
        }
        this.closed = owner.runtime().newFuture();
    }

    /** What the module calls it. */
    long handle() {
        return handle;
    }

    /** Its channels are for I/O that is part of other I/O. Before there is one. */
    void setOfDevice() {
        ofDevice = true;
    }

    boolean isOfDevice() {
        return ofDevice;
    }

    /** The device. */
    public Bdev bdev() {
        return bdev;
    }

    /** The thread that opened it. */
    public SpdkThread thread() {
        return owner;
    }

    /** What it is for; a claim may have changed it. */
    public OpenMode mode() {
        return mode;
    }

    /** Whether {@link #close} was called. */
    public boolean isClosed() {
        synchronized (lock) {
            return closing;
        }
    }

    /**
     * A channel for I/O on the calling thread: an SpdkThread, or in a task, whose thread gets it. {@code
     * spdk_bdev_get_io_channel}.
     *
     * @throws IllegalStateException if this descriptor is closed
     * @throws WrongThreadException if the caller is neither
     */
    public BdevChannel openChannel() {
        if (SpdkThread.current() == null && Task.current() != null) {
            return inTask();
        }
        SpdkThread thread = SpdkThread.require();
        synchronized (lock) {
            checkOpen();
        }
        IoChannel<DeviceChannel> handle = bdev.ioDevice.channel();
        bdev.joined(handle.context());
        BdevChannel channel = new BdevChannel(this, thread, handle);
        boolean late;
        synchronized (lock) {
            late = closing;
            if (!late) {
                channels.add(channel);
            }
        }
        if (late) {
            channel.close();
            checkOpen();
        }
        return channel;
    }

    // ---- claims ----------------------------------------------------------------------------------------------------

    /**
     * Claims the device, until {@link #releaseClaim} or the end of this descriptor. A descriptor that was opened for
     * reading is for writing from now on if the claimant writes. On the thread that opened it, before there are
     * channels; {@code spdk_bdev_module_claim_bdev_desc}.
     *
     * @throws SpdkException EPERM, naming the claimant or the writer that stands against it
     */
    public void claim(Claim claim) throws SpdkException {
        synchronized (lock) {
            checkOpen();
            if (!channels.isEmpty()) {
                throw new IllegalStateException(this + " has channels: claim before you open them");
            }
        }
        bdev.claim(this, claim);
        DescOps told = ops;
        if (told != null) {
            try {
                told.claimDesc(handle, claim);
            } catch (SpdkException | RuntimeException e) {
                bdev.releaseClaim(this);
                throw e;
            }
        }
        if (claim.type().writes()) {
            mode = OpenMode.READ_WRITE;
        }
    }

    /** Gives the claim up, if there is one; {@code spdk_bdev_module_release_bdev}. On the thread that opened it. */
    public void releaseClaim() {
        DescOps told = ops;
        if (bdev.releaseClaim(this) && told != null) {
            told.releaseClaim(handle);
        }
    }

    private BdevChannel inTask() {
        try {
            return Task.call(this::openChannel);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("opening a channel of " + this, e);
        }
    }

    private void checkOpen() {
        if (isClosed()) {
            throw new IllegalStateException(this + " is closed: open the bdev again");
        }
    }

    List<BdevChannel> channels() {
        synchronized (lock) {
            return List.copyOf(channels);
        }
    }

    /**
     * Has {@code listener} told of every request of this descriptor, on whatever channel, that has not ended after that
     * time. It is looked for from time to time, so that it may be told a quarter of the time late, at most a second.
     * Any thread; {@code spdk_bdev_set_timeout}.
     *
     * @param limit the time from submit; zero to hear of nothing any more
     * @param listener is called on {@link #thread()}: one of {@link IoTimeoutListener}'s constants, or one's own
     * @throws IllegalStateException if this descriptor is closed
     */
    public void setTimeout(Duration limit, IoTimeoutListener listener) {
        Objects.requireNonNull(listener, "listener");
        if (limit.isNegative()) {
            throw new IllegalArgumentException(this + ": a timeout of " + limit + ": give zero to have none");
        }
        IoTimeouts t;
        synchronized (lock) {
            checkOpen();
            t = timeouts != null ? timeouts : new IoTimeouts(this);
            timeouts = t;
        }
        owner.sendInternal(() -> t.set(limit, listener));
    }

    // ---- quiescing -------------------------------------------------------------------------------------------------

    /** {@link #quiesceRange} of all blocks that there are now; {@code spdk_bdev_quiesce}. */
    public CompletableFuture<RangeLock> quiesce() {
        return quiesceRange(0, bdev.blockCount());
    }

    /**
     * Lets no I/O to some blocks through, whoever submits it, on all threads, and reads too: for the module whose
     * device it is, which has something to do below. Flushes and seeks go on. Any thread; {@code
     * spdk_bdev_quiesce_range}.
     *
     * @return completes when what was under way has ended; close what it gives to go on
     * @throws IllegalStateException if this descriptor is closed
     */
    public CompletableFuture<RangeLock> quiesceRange(long block, long count) {
        return RangeLock.lock(this, null, block, count);
    }

    void add(RangeLock rangeLock) {
        synchronized (lock) {
            checkOpen();
            BdevChannel channel = rangeLock.channel();
            if (channel != null && !channels.contains(channel)) {
                throw new IllegalStateException(channel + " is closed: open another from the descriptor");
            }
            rangeLocks.add(rangeLock);
        }
    }

    void remove(RangeLock rangeLock) {
        synchronized (lock) {
            rangeLocks.remove(rangeLock);
        }
    }

    private void releaseLocks(@Nullable BdevChannel of) {
        List<RangeLock> ending;
        synchronized (lock) {
            ending = rangeLocks.stream().filter(r -> r.channel() == of).toList();
        }
        ending.forEach(RangeLock::close);
    }

    /** A channel has gone, its I/O too. */
    void channelGone(BdevChannel channel) {
        boolean last;
        synchronized (lock) {
            last = channels.remove(channel) && closing && channels.isEmpty();
        }
        releaseLocks(channel);
        if (last) {
            gone();
        }
    }

    /** Closes it, its channels first; what is in flight goes on to its end. Idempotent; {@code spdk_bdev_close}. */
    @Override
    public void close() {
        List<BdevChannel> children;
        synchronized (lock) {
            if (closing) {
                return;
            }
            closing = true;
            children = List.copyOf(channels);
            if (timeouts != null) {
                owner.trySendInternal(timeouts::stop);
            }
        }
        releaseLocks(null);
        if (children.isEmpty()) {
            gone();
        } else {
            children.forEach(BdevChannel::close);
        }
    }

    private void gone() {
        DescOps told = ops;
        if (told == null) {
            letGo();
        } else if (owner.isCurrent()) {
            tellModule(told);
        } else if (!owner.trySendInternal(() -> tellModule(told))
                && !bdev.manager().appThread().trySendInternal(() -> tellModule(told))) {
            letGo();
        }
    }

    private void tellModule(DescOps told) {
        try {
            told.closeDesc(handle);
        } finally {
            owner.endOperation();
            letGo();
        }
    }

    private void letGo() {
        bdev.descClosed(this);
        closed.complete(null);
    }

    /** Completes when the last I/O of its channels has ended and the device is let go. */
    public CompletableFuture<Void> closed() {
        return closed.copy();
    }

    // ---- events ----------------------------------------------------------------------------------------------------

    void tellRemoved() {
        owner.trySendInternal(() -> deliver(BdevEvent.REMOVED));
    }

    /** Several changes of size that were not delivered yet are one event. */
    void tellResized() {
        synchronized (lock) {
            if (resizePending) {
                return;
            }
            resizePending = true;
        }
        owner.trySendInternal(() -> {
            synchronized (lock) {
                resizePending = false;
            }
            deliver(BdevEvent.RESIZED);
        });
    }

    private void deliver(BdevEvent event) {
        if (!isClosed()) {
            listener.event(event, this);
        }
    }

    @Override
    public String toString() {
        return "descriptor of bdev " + bdev.name() + " (" + mode + ", opened on SpdkThread " + owner.name() + ")";
    }
}
