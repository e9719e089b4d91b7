// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.testkit.blobsim.BlobSimulation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The command of {@code tools/simulate}: runs many seeds, and makes the first failing ones short.
 *
 * <p>Thread rule: a command; its threads share nothing but the counting of seeds.
 */
public final class Main {
    /** Devices that throw, and what else is logged in passing, would fill the screen. */
    private static final Logger QUIET = Logger.getLogger("dev.spdkio");

    private static final long REPORT_NANOS = 10_000_000_000L;
    private static final int MOST_FAILURES = 10;

    private final boolean blobs;
    private final long first;
    private final long count;
    private final AtomicLong next;
    private final AtomicInteger failures = new AtomicInteger();
    private final long begin = System.nanoTime();
    private Report sum = Report.EMPTY;
    private long reported = begin;

    private Main(boolean blobs, long first, long count) {
        this.blobs = blobs;
        this.first = first;
        this.count = count;
        this.next = new AtomicLong(first);
    }

    /** {@code --of bdevs|blobs}, {@code --seeds N}, {@code --seed FIRST} (drawn otherwise) and {@code --jobs N}. */
    public static void main(String[] args) throws InterruptedException {
        long count = 1000;
        long first = new SplittableRandom().nextLong(1L << 40);
        int jobs = 1;
        boolean blobs = false;
        for (int i = 0; i < args.length; i += 2) {
            String value = i + 1 < args.length ? args[i + 1] : usage("no value for " + args[i]);
            try {
                switch (args[i]) {
                    case "--seeds" -> count = Long.parseLong(value);
                    case "--seed" -> first = Long.parseLong(value);
                    case "--jobs" -> jobs = Integer.parseInt(value);
                    case "--of" -> blobs = isBlobs(value);
                    default -> usage("unknown option " + args[i]);
                }
            } catch (NumberFormatException e) {
                usage(args[i] + " takes a whole number, not " + value);
            }
        }
        if (count < 1 || jobs < 1) {
            usage("--seeds and --jobs are at least 1");
        }
        QUIET.setLevel(Level.OFF);
        System.exit(new Main(blobs, first, count).run(jobs) ? 0 : 1);
    }

    private static boolean isBlobs(String value) {
        if (!value.equals("blobs") && !value.equals("bdevs")) {
            usage("--of takes bdevs or blobs, not " + value);
        }
        return value.equals("blobs");
    }

    private static String usage(String wrong) {
        System.err.println(wrong + "\nusage: tools/simulate [--of bdevs|blobs] [--seeds N] [--seed FIRST] [--jobs N]");
        System.exit(2);
        return wrong;
    }

    private boolean run(int jobs) throws InterruptedException {
        System.out.printf(Locale.ROOT, "simulating %,d seeds from %d on%n", count, first);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < jobs; i++) {
            threads.add(Thread.ofPlatform().name("simulation-" + i).start(this::work));
        }
        for (Thread t : threads) {
            t.join();
        }
        print("done: ");
        return failures.get() == 0;
    }

    private void work() {
        for (long seed = next.getAndIncrement(); seed < first + count; seed = next.getAndIncrement()) {
            Report report = null;
            try {
                report = blobs ? BlobSimulation.run(seed) : Simulation.run(seed);
            } catch (SimulationFailure e) {
                failed(e);
            } catch (AssertionError e) {
                failed(seed, e);
            }
            if (failures.get() >= MOST_FAILURES) {
                return;
            }
            add(report);
        }
    }

    private synchronized void add(@Nullable Report report) {
        sum = report == null ? sum : sum.plus(report);
        if (System.nanoTime() - reported > REPORT_NANOS) {
            reported = System.nanoTime();
            print("");
        }
    }

    private void failed(SimulationFailure e) {
        if (failures.incrementAndGet() <= MOST_FAILURES) {
            String text = "FAILED seed " + e.plan().seed() + ": " + e.violation() + "\nmade short: "
                    + Shrinker.shrink(e).getMessage() + "\nagain: tools/simulate --seeds 1 --seed "
                    + e.plan().seed();
            synchronized (this) {
                System.out.println(text);
            }
        }
    }

    /** Of blobs, whose simulations are not made short. */
    private void failed(long seed, AssertionError e) {
        failures.incrementAndGet();
        synchronized (this) {
            System.out.println(
                    "FAILED " + e.getMessage() + "\nagain: tools/simulate --of blobs --seeds 1 --seed " + seed);
        }
    }

    private void print(String prefix) {
        double seconds = (System.nanoTime() - begin) / 1e9;
        System.out.printf(
                Locale.ROOT,
                "%s%s; %d failed; %.1f s, %.0f seeds/s%n",
                prefix,
                sum,
                failures.get(),
                seconds,
                sum.seeds() / seconds);
    }
}
