// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.Upcall;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How SPDK tells the ends of requests: the argument of each holds the number of its queue, and its own. An end is only
 * noted down in the call from SPDK, so that nothing of the application runs there.
 */
final class Ends {
    /** A queue whose requests SPDK carries. */
    interface Queue {
        /** A request has ended. */
        void noteEnd(int slot, int status, long result);

        /** SPDK begins to go through the memory of a request at a byte. */
        void rewind(int slot, long offset);

        /** SPDK asks for the next piece of memory. Returns 0, or a negative error number if there is none. */
        int nextPiece(int slot, long addressAt, long lengthAt);
    }

    static final long DONE = Upcall.stub(
            MethodHandles.lookup(), Ends.class, "done", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG), null);
    static final long RESET_SGL = Upcall.stub(
            MethodHandles.lookup(), Ends.class, "resetSgl", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_INT), null);
    static final long NEXT_SGE = Upcall.stub(
            MethodHandles.lookup(),
            Ends.class,
            "nextSge",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            -1);

    private static final Object LOCK = new Object();
    private static volatile @Nullable Queue[] queues = {};

    private Ends() {}

    /** Gives a queue its number. */
    static long register(Queue queue) {
        synchronized (LOCK) {
            int free = Arrays.asList(queues).indexOf(null);
            int number = free < 0 ? queues.length : free;
            @Nullable Queue[] copy = Arrays.copyOf(queues, Math.max(queues.length, number + 1));
            copy[number] = queue;
            queues = copy;
            return number;
        }
    }

    /** Takes the number back; SPDK has nothing of the queue any more. */
    static void forget(long number) {
        synchronized (LOCK) {
            @Nullable Queue[] copy = queues.clone();
            copy[(int) number] = null;
            queues = copy;
        }
    }

    /** The argument of a request. */
    static long argument(long number, int slot) {
        return number << 32 | slot | 1L << 31;
    }

    private static Queue queue(long argument) {
        return Objects.requireNonNull(queues[(int) (argument >>> 32)], "an end for a queue that is no more");
    }

    private static int slot(long argument) {
        return (int) argument & Integer.MAX_VALUE;
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void done(long argument, long cpl) {
        queue(argument).noteEnd(slot(argument), Raw.getInt(cpl + Structs.CPL_DWORD_3) >>> 16, Raw.getLong(cpl));
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void resetSgl(long argument, int offset) {
        queue(argument).rewind(slot(argument), Integer.toUnsignedLong(offset));
    }

    @SuppressWarnings("unused") // called by SPDK
    private static int nextSge(long argument, long addressAt, long lengthAt) {
        return queue(argument).nextPiece(slot(argument), addressAt, lengthAt);
    }
}
