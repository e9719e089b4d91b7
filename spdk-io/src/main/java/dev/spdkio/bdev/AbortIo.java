// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An abort of the requests of a channel with some user data: what waits in the hub ends here, what the device has is
 * the device's to end. Stands for {@code spdk_bdev_abort}.
 *
 * <p>Thread rule: owned by the channel's thread.
 */
final class AbortIo {
    /** Which requests of the channel are meant. */
    @FunctionalInterface
    interface Target {
        boolean is(@Nullable IoCompletion completion, @Nullable Object userData, long submitNanos, long block);

        /** Those with that user data, the very object. */
        static Target with(@Nullable Object userData) {
            return (_, data, _, _) -> data == userData;
        }
    }

    private final BdevChannel channel;
    private final DeviceChannel device;
    private final Target target;
    private final IoCompletion completion;
    private final @Nullable Object userData;
    private int atDevice;
    private IoStatus status = IoStatus.SUCCESS;

    AbortIo(BdevChannel channel, Target target, IoCompletion completion, @Nullable Object userData) {
        this.channel = channel;
        this.device = channel.device();
        this.target = target;
        this.completion = completion;
        this.userData = userData;
    }

    void begin() {
        channel.inFlight++;
        HubThread hub = device.hub;
        int found = 0;
        for (Composite request : hub.composites()) {
            if (request.isRoot() && isTarget(request)) {
                found++;
                request.fail(IoStatus.ABORTED);
                stopWaiting(request);
            }
        }
        found += device.abortQueued(this::isTarget);
        List<BdevIo> there = hub.atDevices(io -> io.mayBeAborted() && isTarget(io));
        if (!there.isEmpty() && !channel.bdev().supports(IoType.ABORT)) {
            status = IoStatus.FAILED;
            there = List.of();
        }
        atDevice = there.size();
        for (BdevIo io : there) {
            long submitNanos = io.submitNanos;
            device.abortAtDevice(io, (result, _) -> ended(io, submitNanos, result));
        }
        if (found + atDevice == 0) {
            status = IoStatus.FAILED;
        }
        if (atDevice == 0) {
            channel.thread().defer(this::finish);
        }
    }

    /** It ends in a later pass: not inside this submit call, and not twice if another abort was here in this one. */
    private void stopWaiting(Composite request) {
        if (request.waitingForBounce && device.hub.bounceWait.remove(request)) {
            channel.thread().defer(request::abort);
        }
    }

    private boolean isTarget(BdevIo io) {
        if (io.owner != null) {
            return io.owner == channel && target.is(io.completion, io.userData, io.submitNanos, io.offsetBlocks);
        }
        Composite request = Composite.of(io.completion);
        return request != null && isTarget(request);
    }

    private boolean isTarget(Composite request) {
        return request.owner == channel
                && target.is(request.completion, request.userData, request.submitNanos, request.firstBlock);
    }

    /** A failure is none if the I/O has ended meanwhile. */
    private void ended(BdevIo io, long submitNanos, IoStatus result) {
        boolean isThere = io.state == BdevIo.AT_DEVICE && io.submitNanos == submitNanos && isTarget(io);
        if (!result.isSuccess() && isThere) {
            status = IoStatus.FAILED;
        }
        if (--atDevice == 0) {
            finish();
        }
    }

    private void finish() {
        device.hub.tell(channel, completion, status, userData);
    }
}
