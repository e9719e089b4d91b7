// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.FrameworkRpc;
import dev.spdkio.rpc.MethodCall;
import dev.spdkio.rpc.RpcErrorCode;
import dev.spdkio.rpc.RpcException;
import dev.spdkio.rpc.RpcRegistry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The methods that limit and measure a device: {@code bdev_set_qos_limit} and its like. */
public final class BdevControlRpc {
    /** Borders of one question; SPDK's number. */
    private static final int MAX_BORDERS = 256;

    private BdevControlRpc() {}

    private record SetQosLimit(
            String name,
            OptionalLong rwIosPerSec,
            OptionalLong rwMbytesPerSec,
            OptionalLong rMbytesPerSec,
            OptionalLong wMbytesPerSec) {
        /** What is not named stays as it is. */
        QosLimits over(QosLimits now) throws RpcException {
            if (rwIosPerSec.isEmpty()
                    && rwMbytesPerSec.isEmpty()
                    && rMbytesPerSec.isEmpty()
                    && wMbytesPerSec.isEmpty()) {
                throw new RpcException(RpcErrorCode.INVALID_PARAMS, "No rate limits specified: name at least one");
            }
            return new QosLimits(
                    rwIosPerSec.orElse(now.iops()),
                    rwMbytesPerSec.orElse(now.mebibytes()),
                    rMbytesPerSec.orElse(now.readMebibytes()),
                    wMbytesPerSec.orElse(now.writeMebibytes()));
        }
    }

    private record EnableHistogram(
            String name,
            boolean enable,
            Optional<String> opc,
            OptionalInt granularity,
            OptionalLong minNsec,
            OptionalLong maxNsec) {}

    private record GetHistogram(String name) {}

    private record GetHistogramBorders(String name, List<Long> borders) {}

    private record Borders(List<Long> bordersCount) {}

    private record SetQdSamplingPeriod(String name, long period) {}

    private record Histogram(String histogram, int granularity, int minRange, int maxRange, long tscRate) {}

    static void register(RpcRegistry registry, BdevManager bdevs) {
        registry.register("bdev_set_qos_limit", SetQosLimit.class, p -> {
            Bdev bdev = BdevRpc.find(bdevs, p.name());
            return answer(bdev.setQosLimits(p.over(bdev.qosLimits())));
        });
        registry.register("bdev_enable_histogram", EnableHistogram.class, p -> enableHistogram(bdevs, p));
        registry.register("bdev_get_histogram", GetHistogram.class, p -> histogram(bdevs, p));
        registry.register("bdev_get_histogram_borders", GetHistogramBorders.class, p -> borders(bdevs, p));
        registry.register("bdev_set_qd_sampling_period", SetQdSamplingPeriod.class, p -> {
            if (p.period() < 0) {
                throw new RpcException(RpcErrorCode.INVALID_PARAMS, "period " + p.period() + " must not be negative");
            }
            BdevRpc.find(bdevs, p.name())
                    .setQueueDepthSampling(Duration.of(p.period(), TimeUnit.MICROSECONDS.toChronoUnit()));
            return true;
        });
    }

    private static CompletionStage<Boolean> answer(CompletionStage<Void> done) {
        return done.thenApply(_ -> true);
    }

    private static CompletionStage<Boolean> enableHistogram(BdevManager bdevs, EnableHistogram p)
            throws SpdkException, RpcException {
        HistogramShape d = HistogramShape.DEFAULT;
        HistogramShape shape = new HistogramShape(
                p.granularity().orElse(d.granularity()),
                p.minNsec().orElse(d.minNanos()),
                p.maxNsec().orElse(d.maxNanos()));
        return answer(BdevRpc.find(bdevs, p.name()).enableHistogram(p.enable(), type(p.opc()), shape));
    }

    private static CompletionStage<Histogram> histogram(BdevManager bdevs, GetHistogram p) throws SpdkException {
        return BdevRpc.find(bdevs, p.name()).histogram(false).thenApply(BdevControlRpc::encode);
    }

    private static CompletionStage<Borders> borders(BdevManager bdevs, GetHistogramBorders p)
            throws SpdkException, RpcException {
        if (p.borders().isEmpty() || p.borders().size() > MAX_BORDERS) {
            throw new RpcException(
                    RpcErrorCode.INVALID_PARAMS, p.borders().size() + " borders: give 1 to " + MAX_BORDERS);
        }
        long[] nanos = new long[p.borders().size()];
        for (int i = 0; i < nanos.length; i++) {
            long micros = p.borders().get(i);
            if (micros < 0 || (i > 0 && micros < p.borders().get(i - 1))) {
                throw new RpcException(
                        RpcErrorCode.INVALID_PARAMS,
                        "borders " + p.borders() + ": give microseconds in ascending order");
            }
            nanos[i] = TimeUnit.MICROSECONDS.toNanos(micros);
        }
        return BdevRpc.find(bdevs, p.name())
                .histogram(false)
                .thenApply(h ->
                        new Borders(Arrays.stream(h.countsUpTo(nanos)).boxed().toList()));
    }

    private static @Nullable IoType type(Optional<String> name) throws RpcException {
        if (name.isEmpty()) {
            return null;
        }
        return Arrays.stream(IoType.values())
                .filter(t -> t.jsonName().equals(name.get()))
                .findFirst()
                .orElseThrow(() -> new RpcException(
                        RpcErrorCode.INVALID_PARAMS, "opc '" + name.get() + "' is not a type of I/O: read, say"));
    }

    /** As SPDK sends it: the buckets as 64-bit numbers of the machine's order, in base 64. */
    private static Histogram encode(LatencyHistogram h) {
        long[] buckets = h.buckets();
        ByteBuffer bytes = ByteBuffer.allocate(buckets.length * Long.BYTES).order(ByteOrder.nativeOrder());
        bytes.asLongBuffer().put(buckets);
        return new Histogram(
                Base64.getEncoder().encodeToString(bytes.array()),
                h.shape().granularity(),
                h.shape().minRange(),
                h.shape().maxRange(),
                FrameworkRpc.TICK_RATE);
    }

    /** The calls that bring a device's limits, and whether its times are counted, into force again. */
    public static List<MethodCall> config(Bdev bdev) {
        List<MethodCall> calls = new ArrayList<>();
        Map<String, Object> limits = new LinkedHashMap<>(bdev.qosLimits().toJson());
        limits.values().removeIf(v -> v.equals(0L));
        if (!limits.isEmpty()) {
            calls.add(new MethodCall("bdev_set_qos_limit", named(bdev, limits)));
        }
        if (bdev.isHistogramEnabled()) {
            Map<String, Object> params = new LinkedHashMap<>();
            params.put("enable", true);
            IoType only = bdev.histogramType();
            if (only != null) {
                params.put("opc", only.jsonName());
            }
            HistogramShape shape = bdev.histogramShape();
            if (!shape.equals(HistogramShape.DEFAULT)) {
                params.put("granularity", shape.granularity());
                params.put("min_nsec", shape.minNanos());
                if (shape.maxNanos() != Long.MAX_VALUE) {
                    params.put("max_nsec", shape.maxNanos());
                }
            }
            calls.add(new MethodCall("bdev_enable_histogram", named(bdev, params)));
        }
        return calls;
    }

    private static Map<String, Object> named(Bdev bdev, Map<String, Object> rest) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", bdev.name());
        params.putAll(rest);
        return params;
    }
}
