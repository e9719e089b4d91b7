// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.util.Arrays;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The values of one thread's {@link ThreadSlot}s. Owned by that thread. */
final class ThreadSlots {
    private @Nullable Object[] values = new @Nullable Object[8];

    @Nullable
    Object get(int index) {
        return index < values.length ? values[index] : null;
    }

    void set(int index, Object value) {
        if (index >= values.length) {
            values = Arrays.copyOf(values, Math.max(index + 1, values.length * 2));
        }
        values[index] = value;
    }

    /** Forgets all values and closes those that can be. Returns whether there was any. */
    boolean closeAll(BiConsumer<Object, Throwable> failed) {
        boolean found = false;
        for (int i = 0; i < values.length; i++) {
            Object value = values[i];
            values[i] = null;
            found |= value != null;
            if (value instanceof AutoCloseable c) {
                try {
                    c.close();
                } catch (Throwable t) {
                    failed.accept(c, t);
                }
            }
        }
        return found;
    }
}
