// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
    private final LatencyHistogram histogram = new LatencyHistogram();

    @Test
    void emptyIsAllZero() {
        assertThat(histogram.count()).isZero();
        assertThat(histogram.min()).isZero();
        assertThat(histogram.mean()).isZero();
        assertThat(histogram.percentile(99)).isZero();
    }

    @Test
    void bucketsAreThoseOfSpdk() {
        // Each value below 256 has a bucket of its own; from there on 128 buckets share a power of two.
        for (int i = 0; i < 256; i++) {
            assertThat(LatencyHistogram.indexOf(i)).isEqualTo(i);
        }
        assertThat(LatencyHistogram.indexOf(256)).isEqualTo(256);
        assertThat(LatencyHistogram.indexOf(257)).isEqualTo(256);
        assertThat(LatencyHistogram.indexOf(511)).isEqualTo(256 + 127);
        assertThat(LatencyHistogram.indexOf(512)).isEqualTo(384);
        assertThat(LatencyHistogram.indexOf(1024)).isEqualTo(512);
    }

    @Test
    void aBucketEndsBeforeTheNext() {
        for (int i = 0; i < 57 * 128 - 1; i++) {
            long last = LatencyHistogram.highestOf(i);
            assertThat(LatencyHistogram.indexOf(last)).isEqualTo(i);
            assertThat(LatencyHistogram.indexOf(last + 1)).isEqualTo(i + 1);
        }
    }

    @Test
    void knowsPercentilesToOnePercent() {
        Random random = new Random(7);
        int[] values = random.ints(100_000, 50, 5_000_000).toArray();
        for (int v : values) {
            histogram.record(v);
        }
        Arrays.sort(values);
        for (double p : new double[] {1, 50, 90, 99, 99.9, 100}) {
            int exact = values[(int) Math.ceil(values.length * p / 100) - 1];
            assertThat((double) histogram.percentile(p)).isBetween(exact * 1.0, exact * 1.01);
        }
        assertThat(histogram.min()).isEqualTo(values[0]);
        assertThat(histogram.max()).isEqualTo(values[values.length - 1]);
        assertThat(histogram.mean()).isEqualTo(Arrays.stream(values).average().orElseThrow());
    }

    @Test
    void readsWhatSpdkHasCounted() {
        LatencyHistogram ticks = new LatencyHistogram();
        ticks.record(2_500);
        ticks.record(2_500_000);
        LatencyHistogram nanos = LatencyHistogram.ofTicks(ticks.buckets(), 2_500_000_000L);
        assertThat(nanos.count()).isEqualTo(2);
        assertThat(nanos.min()).isBetween(1_000L, 1_010L);
        assertThat(nanos.percentile(50)).isBetween(1_000L, 1_016L);
        assertThat(nanos.max()).isBetween(1_000_000L, 1_010_000L);
        assertThat(nanos).asString().contains("2 times");
    }

    @Test
    void addsUpAndClears() {
        LatencyHistogram other = new LatencyHistogram();
        histogram.record(10);
        other.record(1000);
        histogram.add(other);
        assertThat(histogram.count()).isEqualTo(2);
        assertThat(histogram.min()).isEqualTo(10);
        assertThat(histogram.max()).isEqualTo(1000);
        assertThat(histogram.byPowerOfTwo()[4]).isOne();
        assertThat(histogram.byPowerOfTwo()[10]).isOne();
        histogram.clear();
        assertThat(histogram.count()).isZero();
        assertThat(histogram.max()).isZero();
    }
}
