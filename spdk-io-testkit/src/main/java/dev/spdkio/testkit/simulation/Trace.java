// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The last events of a simulation, kept as they are and made into text only when somebody wants to read them; and a
 * number that two runs of the same seed must share.
 */
final class Trace {
    /** How many are kept; a power of two. */
    private static final int KEPT = 256;

    private final String[] what = new String[KEPT];
    private final @Nullable Object[] who = new @Nullable Object[KEPT];
    private final @Nullable Object[] how = new @Nullable Object[KEPT];
    private final long[] number = new long[KEPT];
    private final long[] nanos = new long[KEPT];
    private long count;
    private long digest = 17;

    /** An event. The texts of {@code subject} and {@code detail} are asked for at the end, if ever. */
    void add(long now, String verb, @Nullable Object subject, long value, @Nullable Object detail) {
        int i = (int) count++ & (KEPT - 1);
        what[i] = verb;
        who[i] = subject;
        how[i] = detail;
        number[i] = value;
        nanos[i] = now;
        digest = (digest * 31 + verb.hashCode()) * 31 + value * 31 + now;
    }

    /** The time of the simulation, in events. */
    long count() {
        return count;
    }

    /** The same for every run of the same plan. */
    long digest() {
        return digest;
    }

    String last(int most) {
        StringBuilder text = new StringBuilder();
        for (long n = Math.max(0, count - Math.min(most, KEPT)); n < count; n++) {
            int i = (int) n & (KEPT - 1);
            Object detail = how[i];
            text.append(String.format("%6d %9.3f us  %s", n, nanos[i] / 1e3, what[i]));
            append(text, who[i]);
            append(text, detail instanceof Supplier<?> s ? s.get() : detail);
            text.append('\n');
        }
        return text.toString();
    }

    private static void append(StringBuilder text, @Nullable Object part) {
        if (part != null) {
            text.append(' ').append(part);
        }
    }
}
