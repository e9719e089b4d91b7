// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Objects on their way through C: a token stands for one in a {@code void *} argument. Not for the data path.
 *
 * <p>A token is never used again, so that a late or second callback finds nothing instead of something else.
 *
 * <p>Thread rule: any thread.
 */
public final class Tokens {
    private static final ConcurrentHashMap<Long, Object> OBJECTS = new ConcurrentHashMap<>();
    private static final AtomicLong NEXT = new AtomicLong(1);

    private Tokens() {}

    /** Keeps {@code object} until its token is {@linkplain #take taken}. */
    public static long put(Object object) {
        long token = NEXT.getAndIncrement();
        OBJECTS.put(token, object);
        return token;
    }

    /** The object, which stays. Null if it was taken. */
    public static <T> @Nullable T peek(long token, Class<T> type) {
        return type.cast(OBJECTS.get(token));
    }

    /** The object, for the last time. Null if it was taken before. */
    public static <T> @Nullable T take(long token, Class<T> type) {
        return type.cast(OBJECTS.remove(token));
    }
}
