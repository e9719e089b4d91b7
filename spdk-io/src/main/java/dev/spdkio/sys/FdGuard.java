// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Keeps a file descriptor open while any thread is inside a call on it.
 *
 * <p>The kernel gives the number of a closed descriptor to the next file that is opened, so a call that races with
 * {@code close} could write into a stranger's file. A user therefore enters and exits around each call, and whoever is
 * last out of a closed guard releases the descriptor. Nobody waits, and neither side allocates.
 *
 * <p>Thread rule: all methods may be called from any thread.
 */
final class FdGuard {
    private static final int CLOSED = 1 << 31;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(FdGuard.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Runnable release;

    /** The sign bit says closed, the rest counts the users inside. Closed with nobody inside means released. */
    private volatile int state;

    FdGuard(Runnable release) {
        this.release = release;
    }

    /** Returns false, without having entered, if the guard is closed. */
    boolean tryEnter() {
        int seen = state;
        while (seen >= 0) {
            int witness = (int) STATE.compareAndExchange(this, seen, seen + 1);
            if (witness == seen) {
                return true;
            }
            seen = witness;
        }
        return false;
    }

    void exit() {
        int before = (int) STATE.getAndAdd(this, -1);
        if (before == CLOSED + 1) {
            release.run();
        }
    }

    /** Refuses newcomers; returns whether this call was the first to do so. */
    boolean close() {
        int before = (int) STATE.getAndBitwiseOr(this, CLOSED);
        if (before == 0) {
            release.run();
        }
        return before >= 0;
    }

    boolean isClosed() {
        return state < 0;
    }
}
