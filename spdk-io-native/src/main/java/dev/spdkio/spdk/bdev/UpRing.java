// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import dev.spdkio.spdk.ffi.BdevModuleApi;
import dev.spdkio.spdk.ffi.LibSpdk;
import dev.spdkio.spdk.ffi.NativeShim;
import dev.spdkio.spdk.ffi.Raw;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The way up on one thread: what SPDK has for devices of Java's is collected in memory that {@code ring.c} and Java
 * share, and so are the ends of it, so that no request is a call into Java or out of it.
 *
 * <p>The offsets are those of the structures in {@code ring.c}. Thread rule: owned by its SpdkThread.
 */
public final class UpRing {
    /** Requests that may wait for Java, and ends for SPDK; what is beyond goes by a call of its own. */
    static final int CAPACITY = 4096;

    /** The bytes that {@link #bind} fills. */
    public static final int CHANNEL_BYTES = 16;

    private static final int REQUESTS = 0;
    private static final int ENDS = 8;
    private static final int REQUEST_COUNT = 16;
    private static final int END_COUNT = 20;
    private static final int CAPACITY_FIELD = 24;
    private static final int BYTES = 32;
    private static final int ENTRY_BYTES = 16;

    private final Sink sink;
    private final long up;
    private final long requests;
    private final long ends;

    /** Where requests go. */
    @FunctionalInterface
    public interface Sink {
        /**
         * Takes a request. Throws nothing.
         *
         * @param channel the number of the channel
         * @param io the {@code struct spdk_bdev_io}
         */
        void submit(long channel, long io);
    }

    UpRing(Arena arena, Sink sink) {
        this.sink = sink;
        this.up = arena.allocate(BYTES, 64).address();
        this.requests = arena.allocate((long) CAPACITY * ENTRY_BYTES, 64).address();
        this.ends = arena.allocate((long) CAPACITY * ENTRY_BYTES, 64).address();
        Raw.putLong(up + REQUESTS, requests);
        Raw.putLong(up + ENDS, ends);
        Raw.putInt(up + CAPACITY_FIELD, CAPACITY);
    }

    /**
     * The function by which SPDK submits.
     *
     * @param direct the one that is a call into Java: is used where there is no other, and when the ring is full
     * @param channelContext where the context of a channel begins
     */
    public static long submitFunction(long direct, long channelContext) {
        Optional<MemorySegment> submit = NativeShim.find("spdkio_up_submit");
        if (submit.isEmpty()) {
            return direct;
        }
        long shared = NativeShim.find("spdkio_up").orElseThrow().address();
        Raw.putLong(shared, channelContext);
        Raw.putLong(shared + Raw.POINTER, direct);
        Raw.putLong(
                shared + 2 * Raw.POINTER,
                LibSpdk.get().symbol("spdk_bdev_io_complete").address());
        return submit.get().address();
    }

    /** Has the requests of a channel come this way: fills its context with its number and this ring. */
    public void bind(long context, long channel) {
        Raw.putLong(context, channel);
        Raw.putLong(context + Raw.POINTER, up);
    }

    long address() {
        return up;
    }

    /** Takes what has come. Returns whether there was anything. Taking may lead to more, which is taken too. */
    public boolean deliver() {
        int i = 0;
        for (; i < Raw.getInt(up + REQUEST_COUNT); i++) {
            long entry = requests + (long) i * ENTRY_BYTES;
            sink.submit(Raw.getLong(entry), Raw.getLong(entry + Raw.POINTER));
        }
        Raw.putInt(up + REQUEST_COUNT, 0);
        return i > 0;
    }

    /** Tells SPDK in the next round how a request has ended. */
    public void end(long io, int status) {
        int count = Raw.getInt(up + END_COUNT);
        if (count == CAPACITY) {
            BdevModuleApi.complete(io, status);
            return;
        }
        long entry = ends + (long) count * ENTRY_BYTES;
        Raw.putLong(entry, io);
        Raw.putLong(entry + Raw.POINTER, status);
        Raw.putInt(up + END_COUNT, count + 1);
    }

    /** Whether SPDK is still to be told of some. */
    boolean hasEnds() {
        return Raw.getInt(up + END_COUNT) != 0;
    }
}
