// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;

/**
 * Decides when a ring has to enter the kernel, and keeps count of what is in flight.
 *
 * <p>The rule behind all methods: the ring's flags tell whether the kernel has something to finish for us, so a look at
 * shared memory replaces a system call whenever there is nothing to do.
 */
final class IoUringDriver {
    private static final int NEEDS_ENTER = IoUringAbi.SQ_CQ_OVERFLOW | IoUringAbi.SQ_TASKRUN;
    private static final CompletionSink DISCARD = (_, _, _) -> {};

    private final int fd;
    private final SubmissionQueue sq;
    private final CompletionQueue cq;
    private final boolean sqPoll;
    private final boolean ioPoll;
    private final MemorySegment errno;

    /** How many operations the kernel has taken; the completion queue counts those that came back. Wraps around. */
    private int submitted;

    /** Whether signals can be switched off while nobody sleeps. Without an event descriptor nothing is switched. */
    private final boolean canMute;

    private boolean watched;
    private boolean signalling = true;

    IoUringDriver(int fd, SubmissionQueue sq, CompletionQueue cq, int setupFlags, MemorySegment errno) {
        this.fd = fd;
        this.sq = sq;
        this.cq = cq;
        this.sqPoll = (setupFlags & IoUringAbi.SETUP_SQPOLL) != 0;
        this.ioPoll = (setupFlags & IoUringAbi.SETUP_IOPOLL) != 0;
        this.canMute = Platform.isX86() && (setupFlags & IoUringAbi.SETUP_DEFER_TASKRUN) != 0 && cq.hasFlags();
        this.errno = errno;
    }

    /** From now on somebody may sleep on the ring's event descriptor. */
    void watched() {
        watched = true;
    }

    int inFlight() {
        return submitted - cq.reaped();
    }

    /** Submits, and lets the kernel finish what waits for this thread; no system call if there is neither. */
    int submit() {
        signalNext();
        return enterIfNeeded();
    }

    private int enterIfNeeded() {
        int flags = wantsEnter() ? IoUringAbi.ENTER_GETEVENTS : 0;
        if (sqPoll) {
            int published = publishToThread();
            if (flags != 0) {
                enter(0, 0, flags);
            }
            return published;
        }
        int prepared = sq.pending();
        return prepared == 0 && flags == 0 ? 0 : enter(prepared, 0, flags);
    }

    /** Submits and waits for completions, but never for more than can come. */
    int submitAndGet(int minComplete) {
        signalNext();
        if (sqPoll) {
            int published = publishToThread();
            enter(0, Math.min(minComplete, inFlight()), IoUringAbi.ENTER_GETEVENTS);
            return published;
        }
        int taken = 0;
        int prepared = sq.pending();
        int justTaken;
        do {
            justTaken = enter(prepared, Math.min(minComplete, inFlight() + prepared), IoUringAbi.ENTER_GETEVENTS);
            taken += justTaken;
            prepared -= justTaken;
        } while (justTaken > 0 && prepared > 0); // the kernel stopped half-way, and then it did not wait
        return taken;
    }

    int reap(CompletionSink sink, int max) {
        if (wantsEnter()) {
            enter(0, 0, IoUringAbi.ENTER_GETEVENTS);
        }
        return switchSignals(cq.drain(sink, max), sink, max);
    }

    int poll(CompletionSink sink, int max) {
        enterIfNeeded();
        return switchSignals(cq.drain(sink, max), sink, max);
    }

    /**
     * Keeps the event descriptor quiet while completions are found by looking, because a signal costs the kernel more
     * than a small I/O costs us, and lets it speak as soon as a look finds nothing, because then somebody may go to
     * sleep. What arrived between that look and the switching was not signalled, so there has to be a second look.
     *
     * <p>Only for rings with deferred work on x86-64: there the kernel announces the work by an atomic operation, which
     * is a full barrier, before it reads our switch, so it cannot miss the switch while we miss the work. Elsewhere the
     * order is not guaranteed and signals stay on.
     */
    private int switchSignals(int found, CompletionSink sink, int max) {
        if (!watched || !canMute) {
            return found;
        }
        if (found > 0) {
            if (signalling) {
                signalling = false;
                cq.setSignals(false);
            }
            return found;
        }
        if (signalling) {
            return 0;
        }
        signalNext();
        return wantsEnter() || cq.ready() > 0 ? reap(sink, max) : 0;
    }

    private void signalNext() {
        if (!signalling) {
            signalling = true;
            cq.setSignals(true);
        }
    }

    /**
     * Drops what was not submitted, cancels what can be cancelled, and waits until the kernel has answered everything.
     * Cancelling all at once needs Linux 5.19; before, the attempt fails and waiting alone must do.
     */
    void awaitQuiet() {
        if (!sqPoll) {
            sq.discard();
        }
        if (inFlight() != 0 && sq.hasSpace()) {
            int everything = IoUringAbi.ASYNC_CANCEL_ALL | IoUringAbi.ASYNC_CANCEL_ANY;
            sq.enqueue(IoUringOp.ASYNC_CANCEL, false, -1, 0, 0, 0, everything, 0, 0);
            enterIfNeeded();
        }
        while (inFlight() != 0) {
            submitAndGet(1);
            cq.drain(DISCARD, Integer.MAX_VALUE);
        }
    }

    /** With device polling nothing happens unless we ask; otherwise the kernel says when to. */
    private boolean wantsEnter() {
        return (sq.flags() & NEEDS_ENTER) != 0 || (ioPoll && inFlight() != 0);
    }

    /** The submission thread takes what is published by itself, it may only have to be woken. */
    private int publishToThread() {
        int count = sq.publish();
        submitted += count;
        if (count != 0 && sq.needsWakeUp()) {
            enter(0, 0, IoUringAbi.ENTER_SQ_WAKEUP);
        }
        return count;
    }

    /** Returns how many operations the kernel took now; a submission thread takes them at another time. */
    private int enter(int toSubmit, int minComplete, int flags) {
        if (!sqPoll) {
            sq.publish();
        }
        int result = IoUringCalls.enter(fd, toSubmit, minComplete, flags, errno);
        if (result < 0) {
            throwUnlessTransient(-result);
            return 0;
        }
        if (sqPoll) {
            return 0;
        }
        submitted += result;
        return result;
    }

    /** Out of memory for the moment, completions first, or a signal: the caller's next round tries again. */
    private void throwUnlessTransient(int error) {
        switch (error) {
            case Errno.EAGAIN, Errno.EBUSY, Errno.EINTR -> {}
            case Errno.EBADFD -> throw new IllegalStateException("the ring (fd " + fd + ") is not enabled yet");
            case Errno.EEXIST ->
                throw new WrongThreadException("the ring (fd " + fd + ") is bound to another OS thread than this one");
            default -> throw new UncheckedIOException(new SysException("io_uring_enter", "fd " + fd, error));
        }
    }
}
