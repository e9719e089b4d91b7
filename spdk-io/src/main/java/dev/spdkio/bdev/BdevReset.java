// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The resets of one device: one at a time, first come first served.
 *
 * <p>Every channel is frozen, which aborts what waits in the hub and whatever is submitted meanwhile; the module
 * resets; the channels are released. A channel that is opened meanwhile is not frozen: its I/O is the module's to
 * sort out, as in SPDK.
 *
 * <p>Thread rule: any thread; each step runs on the thread of the request it serves.
 */
final class BdevReset {
    private final Bdev bdev;
    private final Object lock = new Object();
    private final ArrayDeque<Request> queue = new ArrayDeque<>();

    BdevReset(Bdev bdev) {
        this.bdev = bdev;
    }

    /** Queues a reset that was asked for on the thread of {@code channel}. */
    void submit(DeviceChannel channel, BdevChannel owner, IoCompletion completion, @Nullable Object userData) {
        Request request = new Request(channel, owner, completion, userData);
        boolean first;
        synchronized (lock) {
            queue.addLast(request);
            first = queue.size() == 1;
        }
        if (first) {
            freeze(request);
        }
    }

    boolean isUnderWay() {
        synchronized (lock) {
            return !queue.isEmpty();
        }
    }

    void visitRequests(BdevChannel owner, DeviceChannel.RequestVisitor visitor) {
        List<Request> requests;
        synchronized (lock) {
            requests = queue.stream().filter(r -> r.owner == owner).toList();
        }
        for (Request r : requests) {
            visitor.visit(
                    () -> new TimedOutIo(owner, IoType.RESET, 0, 0, r.completion, r.userData, r.submitNanos),
                    r.submitNanos);
        }
    }

    /** The reset that the device has, if that was asked for so long ago. */
    List<PendingIo> pending(Duration atLeast) {
        synchronized (lock) {
            return queue.stream()
                    .limit(1)
                    .filter(r -> !r.over)
                    .map(r -> PendingIo.of(bdev, IoType.RESET, 0, 0, r.channel, r.submitNanos))
                    .filter(io -> io.age().compareTo(atLeast) >= 0)
                    .toList();
        }
    }

    private void freeze(Request request) {
        bdev.ioDevice.forEachChannel(
                i -> {
                    i.context().freeze(request);
                    i.next();
                },
                _ -> request.resetDevice());
    }

    private void unfreeze(Request request, IoStatus status) {
        request.over = true;
        bdev.ioDevice.forEachChannel(
                i -> {
                    i.context().unfreeze();
                    i.next();
                },
                _ -> finished(request, status));
    }

    private void finished(Request request, IoStatus status) {
        freezeNext();
        request.channel.hub.tell(request.owner, request.completion, status, request.userData);
    }

    /** The first of the queue is over. Those of threads that were forced to exit are passed over. */
    private void freezeNext() {
        Request next;
        do {
            synchronized (lock) {
                queue.removeFirst();
                next = queue.peekFirst();
            }
        } while (next != null && !sendFreeze(next));
    }

    private boolean sendFreeze(Request request) {
        return request.channel.thread.trySendInternal(() -> freeze(request));
    }

    final class Request implements IoCompletion {
        private volatile boolean over;

        final DeviceChannel channel;
        final BdevChannel owner;
        final IoCompletion completion;
        final @Nullable Object userData;
        final long submitNanos;

        Request(DeviceChannel channel, BdevChannel owner, IoCompletion completion, @Nullable Object userData) {
            this.channel = channel;
            this.owner = owner;
            this.completion = completion;
            this.userData = userData;
            this.submitNanos = channel.thread.now();
        }

        /** Whether channels need not be frozen for it any more. */
        boolean isOver() {
            return over;
        }

        void resetDevice() {
            BdevIo io = channel.hub.takeForReset();
            io.request(channel, null, IoType.RESET, 0, 0, this, null);
            io.partDescHandle = owner.descHandle;
            channel.toDevice(io);
        }

        @Override
        public void completed(IoStatus status, @Nullable Object ignored) {
            unfreeze(this, status);
        }
    }
}
