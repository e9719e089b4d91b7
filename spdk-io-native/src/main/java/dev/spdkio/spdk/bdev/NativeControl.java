// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.error.SpdkException;
import dev.spdkio.spdk.ffi.AbiTable;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.Downcall;
import dev.spdkio.spdk.ffi.NativeStruct;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * What SPDK does for its devices beside I/O: rate limits and histograms. Each call holds the device until it is over.
 *
 * <p>Thread rule: any thread; the work is done on the app thread.
 */
public final class NativeControl {
    private static final int LIMITS = 4;
    private static final int HISTOGRAM_SHIFT = 7;
    private static final int HISTOGRAM_BUCKETS = (64 - HISTOGRAM_SHIFT + 1) << HISTOGRAM_SHIFT;

    private static final MethodHandle SET_QOS =
            Downcall.ofVoid("spdk_bdev_set_qos_rate_limits", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle GET_QOS = Downcall.ofVoid("spdk_bdev_get_qos_rate_limits", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle HISTOGRAM_ENABLE =
            Downcall.ofVoid("spdk_bdev_histogram_enable", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_BOOLEAN);
    private static final MethodHandle HISTOGRAM_GET =
            Downcall.ofVoid("spdk_bdev_histogram_get", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TICKS_HZ = Downcall.of("spdk_get_ticks_hz", JAVA_LONG);

    private static final long DONE = Upcall.stub(
            MethodHandles.lookup(), NativeControl.class, "done", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_INT), null);
    private static final long HISTOGRAM_DONE = Upcall.stub(
            MethodHandles.lookup(),
            NativeControl.class,
            "histogramDone",
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_INT, JAVA_LONG),
            null);

    private NativeControl() {}

    /** A call under way: the device is held by {@code desc}, and {@code memory} is SPDK's until the end. */
    private record Pending(Bdev bdev, long desc, Arena memory, CompletableFuture<Boolean> done) {}

    private interface Start {
        void start(long bdev, long token) throws Throwable;
    }

    private static CompletableFuture<Boolean> run(Bdev bdev, Arena memory, Start start) {
        CompletableFuture<Boolean> done = bdev.manager().runtime().newFuture();
        return bdev.manager()
                .appThread()
                .call(() -> {
                    NativeThread.enter();
                    long desc = BdevApi.open(bdev.name(), false, NativeBdevs.EVENT, 0);
                    if (BdevApi.errno(desc) != 0) {
                        memory.close();
                        throw new SpdkException(
                                BdevApi.errno(desc),
                                "bdev " + bdev.name() + " is not one of SPDK's devices, or is going");
                    }
                    long token = Tokens.put(new Pending(bdev, desc, memory, done));
                    try {
                        start.start(BdevApi.bdev(desc), token);
                    } catch (Throwable t) {
                        throw Downcall.unexpected(t);
                    }
                    return true;
                })
                .thenCompose(_ -> done);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void done(long token, int status) {
        Pending pending = Tokens.take(token, Pending.class);
        if (pending == null) {
            return;
        }
        BdevApi.close(pending.desc);
        if (status == 0) {
            pending.done.complete(true);
        } else {
            int errno = Math.abs(status);
            pending.done.completeExceptionally(new SpdkException(
                    errno,
                    "bdev " + pending.bdev.name() + ": " + Errno.name(errno)
                            + (errno == Errno.EAGAIN ? ", another such call is under way" : "")));
        }
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void histogramDone(long token, int status, long histogram) {
        done(token, status);
    }

    private static <T> CompletableFuture<T> closing(
            Arena memory, CompletableFuture<Boolean> call, Function<Boolean, T> result) {
        return call.thenApply(result).whenComplete((_, _) -> {
            if (memory.scope().isAlive()) {
                memory.close();
            }
        });
    }

    /** {@code spdk_bdev_set_qos_rate_limits}: I/Os, and mebibytes of both, of reads and of writes, a second. */
    public static CompletableFuture<Boolean> setLimits(Bdev bdev, long... limits) {
        Arena memory = Arena.ofShared();
        MemorySegment array = memory.allocateFrom(JAVA_LONG, limits);
        return closing(
                memory,
                run(bdev, memory, (b, token) -> {
                    SET_QOS.invokeExact(b, array.address(), DONE, token);
                }),
                done -> done);
    }

    /** {@code spdk_bdev_get_qos_rate_limits}, in the same order. */
    public static CompletableFuture<long[]> limits(Bdev bdev) {
        Arena memory = Arena.ofShared();
        MemorySegment array = memory.allocate(JAVA_LONG, LIMITS);
        return closing(
                memory,
                run(bdev, memory, (b, token) -> {
                    GET_QOS.invokeExact(b, array.address());
                    done(token, 0);
                }),
                _ -> array.toArray(JAVA_LONG));
    }

    /** {@code spdk_bdev_histogram_enable}. */
    public static CompletableFuture<Boolean> enableHistogram(Bdev bdev, boolean enable) {
        Arena memory = Arena.ofShared();
        return closing(
                memory,
                run(bdev, memory, (b, token) -> {
                    HISTOGRAM_ENABLE.invokeExact(b, DONE, token, enable);
                }),
                done -> done);
    }

    /** {@code spdk_bdev_histogram_get}: the counts of the buckets. */
    public static CompletableFuture<long[]> histogram(Bdev bdev) {
        Arena memory = Arena.ofShared();
        MemorySegment buckets = memory.allocate(JAVA_LONG, HISTOGRAM_BUCKETS);
        NativeStruct histogram = NativeStruct.allocate("spdk_histogram_data", memory)
                .set("bucket", buckets.address())
                .setIfPresent("max_range", 64 - HISTOGRAM_SHIFT);
        histogram.set(
                AbiTable.get().hasField("spdk_histogram_data", "granularity") ? "granularity" : "bucket_shift",
                HISTOGRAM_SHIFT);
        return closing(
                memory,
                run(bdev, memory, (b, token) -> {
                    HISTOGRAM_GET.invokeExact(b, histogram.address(), HISTOGRAM_DONE, token);
                }),
                _ -> buckets.toArray(JAVA_LONG));
    }

    /** {@code spdk_get_ticks_hz}. */
    public static long ticksPerSecond() {
        try {
            return (long) TICKS_HZ.invokeExact();
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
