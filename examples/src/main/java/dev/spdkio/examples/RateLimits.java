// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevStats;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.LatencyHistogram;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.QosLimits;
import dev.spdkio.bdev.nullbdev.NullBdev;
import dev.spdkio.bdev.nullbdev.NullBdevOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Two channels with queues of different depth share a limit of 10,000 I/Os a second equally. With a number of seconds
 * as its argument it measures for so long, and fails if the limit does not hold within 2 %.
 */
public final class RateLimits {
    private static final int LIMIT = 10_000;
    private static final int DEEP = 128;
    private static final int SHALLOW = 32;
    private static final double ALLOWED = 0.02;

    /** What each channel must have at least; a half where nothing else runs on the machine. */
    private static final double SHARE = 0.4;

    private RateLimits() {}

    /** Reads, and reads again, until the channel is closed. */
    private record Load(BdevChannel channel, DmaBuf buf) {
        static void begin(BdevDesc desc, DmaBuf buf, int depth) {
            Load load = new Load(desc.openChannel(), buf);
            for (int i = 0; i < depth; i++) {
                load.read(IoStatus.SUCCESS, null);
            }
        }

        private void read(IoStatus ignored, @Nullable Object data) {
            if (!channel.isClosed()) {
                channel.submitRead(buf, 0, this::read, null);
            }
        }
    }

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        Duration time = args.length == 0 ? Duration.ofMillis(200) : Duration.ofSeconds(Long.parseLong(args[0]));
        CpuSet cores = CpuSet.of(Cores.available().stream().limit(2).toArray());
        try (SpdkApp app = SpdkApp.builder().reactorMask(cores).start();
                DmaBuf buf = app.dmaPool().allocate(4096)) {
            Bdev bdev = NullBdev.create(app.bdevs(), new NullBdevOptions("Null0", 4096, 1024));
            BdevDesc desc = app.call(() -> app.bdevs().open("Null0", OpenMode.READ_ONLY, BdevEventListener.NONE))
                    .join();
            // docs: qos
            bdev.setQosLimits(new QosLimits(LIMIT, 0, 0, 0)).join();
            bdev.enableHistogram(true, null).join();
            // docs: end
            SpdkThread deep = app.runtime().createThread("deep");
            SpdkThread shallow = app.runtime().createThread("shallow");
            deep.send(() -> Load.begin(desc, buf, DEEP));
            shallow.send(() -> Load.begin(desc, buf, SHALLOW));
            try {
                measure(app, bdev, time, deep, shallow, args.length > 0);
            } finally {
                desc.close(); // what waits for its turn ends when there are no limits
                bdev.setQosLimits(QosLimits.NONE).join();
                desc.closed().join();
            }
            System.out.println("no limits left: " + bdev.qosLimits().equals(QosLimits.NONE));
        }
    }

    private static void measure(
            SpdkApp app, Bdev bdev, Duration time, SpdkThread deep, SpdkThread shallow, boolean check)
            throws SpdkException {
        bdev.stats(BdevStats.Reset.ALL).join();
        long begin = System.nanoTime();
        app.appThread()
                .spawn("wait", () -> {
                    Task.sleep(time);
                    return true;
                })
                .join();
        Map<SpdkThread, BdevStats> stats =
                bdev.statsByThread(BdevStats.Reset.NONE).join();
        double seconds = (System.nanoTime() - begin) / 1e9;
        double deeps = reads(stats, deep) / seconds;
        double shallows = reads(stats, shallow) / seconds;
        LatencyHistogram latency = bdev.histogram(true).join();
        System.out.printf(
                "deep %.0f, shallow %.0f, together %.0f a second; %s%n", deeps, shallows, deeps + shallows, latency);
        boolean holds = Math.abs(deeps + shallows - LIMIT) <= ALLOWED * LIMIT && shallows >= SHARE * LIMIT;
        if (check && !holds) {
            throw new IllegalStateException("the limit of " + LIMIT + " a second does not hold, or is not shared");
        }
    }

    private static long reads(Map<SpdkThread, BdevStats> stats, SpdkThread of) {
        BdevStats s = stats.get(of);
        return s == null ? 0 : s.read().ops();
    }
}
