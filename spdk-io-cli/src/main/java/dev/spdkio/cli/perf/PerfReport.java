// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.bdev.LatencyHistogram;
import dev.spdkio.cli.ByteSize;
import java.util.Locale;

/** The figures of a run for people: the table of bdevperf, percentiles and a histogram. */
final class PerfReport {
    private static final double NANOS_PER_MICRO = 1e3;
    private static final int BAR = 40;
    private static final int CELL = 13;

    private final StringBuilder text = new StringBuilder();

    private PerfReport() {}

    static String write(PerfResult r) {
        PerfReport report = new PerfReport();
        if (r.reason() != StopReason.TIME) {
            report.line("stopped by " + r.reason() + ": the figures are those of " + number(2, r.seconds()) + " s");
        }
        report.table(r);
        if (r.ios() > 0) {
            report.summary(r);
            report.histogram(r.latency());
        }
        return report.text.toString();
    }

    /** One line a job, so that the shape of the run is seen before it begins. */
    static String describe(JobSpec spec) {
        return "%s on core %d: %s, depth %d, I/O size %s, %s from block %d"
                .formatted(
                        spec.bdev(),
                        spec.core(),
                        spec.workload(),
                        spec.queueDepth(),
                        ByteSize.format(spec.ioSize()),
                        ByteSize.format(spec.slots() * spec.ioSize()),
                        spec.firstBlock());
    }

    private void table(PerfResult r) {
        int width = r.jobs().stream().mapToInt(j -> name(j).length()).max().orElse(0);
        row(width, "device", "seconds", "IOPS", "MiB/s", "fail/s", "avg us", "min us", "max us");
        for (JobResult j : r.jobs()) {
            row(width, name(j), j.seconds(), j.iops(), j.mibPerSecond(), j.failuresPerSecond(), j.latency());
        }
        if (r.jobs().size() > 1) {
            double failures =
                    r.jobs().stream().mapToDouble(JobResult::failuresPerSecond).sum();
            row(width, "total", r.seconds(), r.iops(), r.mibPerSecond(), failures, r.latency());
        }
    }

    private static String name(JobResult j) {
        return j.spec().bdev() + " core " + j.spec().core();
    }

    private void row(
            int width, String name, double seconds, double iops, double mib, double failures, LatencyHistogram h) {
        row(
                width,
                name,
                number(2, seconds),
                number(2, iops),
                number(2, mib),
                number(2, failures),
                micros(h.mean()),
                micros((double) h.min()),
                micros((double) h.max()));
    }

    private void row(int width, String name, String... cells) {
        StringBuilder line = new StringBuilder(name).repeat(' ', Math.max(0, width - name.length()));
        for (String cell : cells) {
            line.append(right(CELL, cell));
        }
        line(line.toString());
    }

    private void summary(PerfResult r) {
        LatencyHistogram h = r.latency();
        line("");
        line("ns/IO " + number(1, r.nanosPerIo())
                + "   CPU ns/IO " + number(1, r.spent().cpuSeconds() * 1e9 / r.ios())
                + "   heap bytes/IO " + number(2, r.heapBytesPerIo())
                + "   CPU seconds " + number(2, r.spent().cpuSeconds())
                + "   I/Os " + r.ios()
                + "   failed " + r.failed()
                + "   miscompares " + r.miscompares());
        StringBuilder percentiles = new StringBuilder("latency us");
        for (double p : new double[] {50, 90, 99, 99.9, 99.99}) {
            percentiles
                    .append("   p")
                    .append(p % 1 == 0 ? Long.toString((long) p) : Double.toString(p))
                    .append(' ')
                    .append(micros((double) h.percentile(p)));
        }
        line(percentiles.toString());
    }

    /** A bar for each power of two; what is rarer than 1 of 100,000 is left out at the low end, never at the high. */
    private void histogram(LatencyHistogram h) {
        long[] counts = h.byPowerOfTwo();
        long most = 0;
        for (long c : counts) {
            most = Math.max(most, c);
        }
        line("");
        line(right(CELL, "below us") + right(CELL, "percent"));
        int last = counts.length - 1;
        while (counts[last] == 0) {
            last--;
        }
        int first = 0;
        while (counts[first] < h.count() / 100_000 || counts[first] == 0) {
            first++;
        }
        for (int i = first; i <= last; i++) {
            String end = micros(i == 0 ? 1 : Math.scalb(1.0, i));
            String share = number(4, 100.0 * counts[i] / h.count());
            line(right(CELL, end) + right(CELL, share) + "  " + "#".repeat((int) Math.ceilDiv(counts[i] * BAR, most)));
        }
    }

    private static String micros(double nanos) {
        double micros = nanos / NANOS_PER_MICRO;
        return number(micros < 10 ? 3 : micros < 1000 ? 2 : 0, micros);
    }

    private static String number(int digits, double value) {
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    private static String right(int width, String cell) {
        return " ".repeat(Math.max(1, width - cell.length())) + cell;
    }

    private void line(String line) {
        text.append(line.stripTrailing()).append('\n');
    }
}
