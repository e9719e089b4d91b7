// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.error.SpdkException;
import dev.spdkio.spdk.ffi.AbiTable;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.Downcall;
import dev.spdkio.spdk.ffi.NativeStruct;
import dev.spdkio.spdk.runtime.Async;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

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

    private NativeControl() {}

    private interface Start {
        void start(long bdev, long token) throws Throwable;
    }

    /** Makes a call; {@code memory} is SPDK's until the end, and then has the result. */
    private static <T> CompletableFuture<T> run(Bdev bdev, Arena memory, Start start, Supplier<T> result) {
        return Async.call(bdev.manager().appThread(), () -> {
                    long desc = BdevApi.open(bdev.name(), false, NativeBdevs.EVENT, 0);
                    int errno = BdevApi.errno(desc);
                    if (errno != 0) {
                        throw new SpdkException(
                                errno, "bdev " + bdev.name() + " is not one of SPDK's devices, or is going");
                    }
                    return Async.check(token -> start(start, BdevApi.bdev(desc), token), e -> failure(bdev, e))
                            .whenComplete((_, _) -> BdevApi.close(desc));
                })
                .thenApply(_ -> result.get())
                .whenComplete((_, _) -> memory.close());
    }

    private static void start(Start start, long bdev, long token) {
        try {
            start.start(bdev, token);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    private static SpdkException failure(Bdev bdev, int status) {
        int errno = Math.abs(status);
        return new SpdkException(
                errno,
                "bdev " + bdev.name() + ": " + Errno.name(errno)
                        + (errno == Errno.EAGAIN ? ", another such call is under way" : ""));
    }

    /** {@code spdk_bdev_set_qos_rate_limits}: I/Os, and mebibytes of both, of reads and of writes, a second. */
    public static CompletableFuture<Boolean> setLimits(Bdev bdev, long... limits) {
        Arena memory = Arena.ofShared();
        MemorySegment array = memory.allocateFrom(JAVA_LONG, limits);
        return run(
                bdev,
                memory,
                (b, token) -> {
                    SET_QOS.invokeExact(b, array.address(), Async.STATUS, token);
                },
                () -> true);
    }

    /** {@code spdk_bdev_get_qos_rate_limits}, in the same order. */
    public static CompletableFuture<long[]> limits(Bdev bdev) {
        Arena memory = Arena.ofShared();
        MemorySegment array = memory.allocate(JAVA_LONG, LIMITS);
        return run(
                bdev,
                memory,
                (b, token) -> {
                    GET_QOS.invokeExact(b, array.address());
                    Async.finish(token, 0);
                },
                () -> array.toArray(JAVA_LONG));
    }

    /** {@code spdk_bdev_histogram_enable}. */
    public static CompletableFuture<Boolean> enableHistogram(Bdev bdev, boolean enable) {
        return run(
                bdev,
                Arena.ofShared(),
                (b, token) -> {
                    HISTOGRAM_ENABLE.invokeExact(b, Async.STATUS, token, enable);
                },
                () -> true);
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
        return run(
                bdev,
                memory,
                (b, token) -> {
                    HISTOGRAM_GET.invokeExact(b, histogram.address(), Async.STATUS_OF, token);
                },
                () -> buckets.toArray(JAVA_LONG));
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
