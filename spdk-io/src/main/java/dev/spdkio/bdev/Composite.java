// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import org.jspecify.annotations.Nullable;

/**
 * A request that is made of several I/Os.
 *
 * <p>Thread rule: owned by its thread.
 */
abstract class Composite {
    /** The completion of an I/O that is part of such a request. */
    interface Part extends IoCompletion {
        Composite whole();
    }

    final HubThread hub;

    /** Where {@link HubThread} has it. */
    int place;

    @SuppressWarnings("NullAway.Init")
    BdevChannel owner;

    @Nullable
    IoCompletion completion;

    @Nullable
    Object userData;

    /** What it was asked for, and when. */
    IoType asked = IoType.READ;

    long firstBlock;
    long blockCount;
    long submitNanos;

    IoStatus status = IoStatus.SUCCESS;
    boolean waitingForBounce;

    Composite(HubThread hub) {
        this.hub = hub;
    }

    /** A caller asks for something. */
    final void asked(
            BdevChannel requester,
            IoType what,
            long block,
            long count,
            @Nullable IoCompletion whenDone,
            @Nullable Object data) {
        owner = requester;
        asked = what;
        firstBlock = block;
        blockCount = count;
        completion = whenDone;
        userData = data;
        submitNanos = hub.thread.now();
    }

    DeviceChannel channel() {
        return owner.device();
    }

    /** The request that an I/O, or a request, with that completion is part of. */
    static @Nullable Composite of(@Nullable IoCompletion completion) {
        return completion instanceof Part part ? part.whole().root() : null;
    }

    private Composite root() {
        Composite above = of(completion);
        return above != null ? above : this;
    }

    /** Whether a caller made it, not the hub for another request. */
    boolean isRoot() {
        return !(completion instanceof Part);
    }

    /** Begins as many I/Os as may be in flight. None of them ends inside this call. */
    abstract void advance();

    /** Ends if nothing is left to do. */
    abstract void finishIfDone();

    /** The first of those that wait for a bounce buffer tries to go on. False if it has to wait longer. */
    final boolean tryGoOn() {
        waitingForBounce = false;
        advance();
        return !waitingForBounce;
    }

    /** It waits for a bounce buffer that it is not to get. */
    final void abort() {
        waitingForBounce = false;
        fail(IoStatus.ABORTED);
        finishIfDone();
    }

    /** The first failure is what the caller sees, and ends the making of I/Os. */
    final void fail(IoStatus failure) {
        if (status == IoStatus.SUCCESS) {
            status = failure;
        }
    }
}
