// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import org.jspecify.annotations.Nullable;

/**
 * Where the code of the calling OS thread stands: on which reactor, and as which SPDK thread.
 *
 * <p>A reactor's OS thread carries its own; the thread that drives a simulation holds one in a thread-local, off the
 * hot path.
 */
final class Execution {
    private static final ThreadLocal<@Nullable Execution> ELSEWHERE = new ThreadLocal<>();

    final Reactor reactor;

    private @Nullable SpdkThread thread;

    Execution(Reactor reactor) {
        this.reactor = reactor;
    }

    @Nullable
    SpdkThread thread() {
        return thread;
    }

    /** The calling OS thread runs as {@code next} from now on, or as none. Returns as which it ran. */
    @Nullable
    SpdkThread runAs(@Nullable SpdkThread next) {
        SpdkThread outer = thread;
        if (outer != null) {
            outer.setRunner(null);
        }
        if (next != null) {
            next.setRunner(Thread.currentThread());
        }
        thread = next;
        return outer;
    }

    static @Nullable Execution current() {
        return Thread.currentThread() instanceof ReactorThread r ? r.execution : ELSEWHERE.get();
    }

    static @Nullable SpdkThread currentThread() {
        Execution e = current();
        return e == null ? null : e.thread;
    }

    /** Makes {@code execution} the caller's until the returned value is given to {@link #leave}. */
    static @Nullable Execution enter(Execution execution) {
        Execution outer = ELSEWHERE.get();
        ELSEWHERE.set(execution);
        return outer;
    }

    static void leave(@Nullable Execution outer) {
        if (outer == null) {
            ELSEWHERE.remove();
        } else {
            ELSEWHERE.set(outer);
        }
    }
}
