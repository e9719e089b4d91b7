// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A value of one's own on every {@link SpdkThread}: what a thread-local is to an OS thread, as one array read.
 *
 * <p>A value that is {@link AutoCloseable} is closed on its thread when the thread exits. Slots are few and live as
 * long as the program: keep them in static or long-lived fields.
 *
 * @param <T> the type of the value
 */
public final class ThreadSlot<T> {
    private static final AtomicInteger NEXT = new AtomicInteger();

    final int index = NEXT.getAndIncrement();
    private final Function<SpdkThread, T> init;

    /** A slot whose value is made by {@code init} at the first {@link #get} of each thread. */
    public ThreadSlot(Function<SpdkThread, T> init) {
        this.init = init;
    }

    /** This thread's value, made now if it is the first time. Only on that thread. */
    @SuppressWarnings("unchecked")
    public T get(SpdkThread thread) {
        Object value = thread.slots().get(index);
        return value != null ? (T) value : create(thread);
    }

    /** This thread's value, or null if there is none. Only on that thread. */
    @SuppressWarnings("unchecked")
    public @Nullable T peek(SpdkThread thread) {
        return (T) thread.slots().get(index);
    }

    private T create(SpdkThread thread) {
        thread.checkCurrent("using a thread slot");
        T value = init.apply(thread);
        thread.slots().set(index, value);
        return value;
    }
}
