// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
            assertThat(histogram.indexOf(i)).isEqualTo(i);
        }
        assertThat(histogram.indexOf(256)).isEqualTo(256);
        assertThat(histogram.indexOf(257)).isEqualTo(256);
        assertThat(histogram.indexOf(511)).isEqualTo(256 + 127);
        assertThat(histogram.indexOf(512)).isEqualTo(384);
        assertThat(histogram.indexOf(1024)).isEqualTo(512);
    }

    @Test
    void aBucketEndsBeforeTheNext() {
        for (int i = 0; i < 57 * 128 - 1; i++) {
            long last = histogram.highestOf(i);
            assertThat(histogram.indexOf(last)).isEqualTo(i);
            assertThat(histogram.indexOf(last + 1)).isEqualTo(i + 1);
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
    void aShapeHasTheBucketsOfSpdk() {
        // 16 for each power of two: ranges 7 (1024 to 2047) to 13 (65536 to 131071).
        LatencyHistogram h = new LatencyHistogram(new HistogramShape(4, 1_500, 100_000));
        assertThat(h.shape().minRange()).isEqualTo(7);
        assertThat(h.shape().maxRange()).isEqualTo(13);
        assertThat(h.buckets()).hasSize(7 * 16);
        h.record(3);
        h.record(1_024);
        h.record(1_088);
        h.record(5_000_000);
        assertThat(h.buckets()[0]).as("what is below, and the first").isEqualTo(2);
        assertThat(h.buckets()[1]).isEqualTo(1);
        assertThat(h.buckets()[7 * 16 - 1]).as("what is above").isEqualTo(1);
        assertThat(h.max()).as("exactly").isEqualTo(5_000_000);
        assertThat(new LatencyHistogram(new HistogramShape(0, 0, Long.MAX_VALUE)).buckets())
                .hasSize(65);
        assertThatThrownBy(() -> h.add(histogram)).hasMessageContaining("cannot be added");
        assertThatThrownBy(() -> new HistogramShape(15, 0, 1)).hasMessageContaining("0 to 14");
        assertThatThrownBy(() -> new HistogramShape(7, 10, 10)).hasMessageContaining("from 10 to 10 ns");
    }

    @Test
    void countsUpToBorders() {
        for (long nanos : new long[] {50, 100, 1_000, 10_000, 10_001, 1_000_000}) {
            histogram.record(nanos);
        }
        assertThat(histogram.countsUpTo(100, 1_000, 50_000)).containsExactly(2, 3, 5, 6);
        assertThat(new LatencyHistogram().countsUpTo(100)).containsExactly(0, 0);
        LatencyHistogram bounded = new LatencyHistogram(new HistogramShape(7, 0, 1_000));
        bounded.record(5_000);
        assertThat(bounded.countsUpTo(10, 2_000, 8_000))
                .as("what is too long counts as the longest")
                .containsExactly(0, 1, 1, 1);
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
