// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The command of {@code tools/explore-power-cuts}: explores all scripts of up to so many operations.
 *
 * <p>Thread rule: a command.
 */
public final class Main {
    /** Each state is recovered, which is logged. */
    private static final Logger QUIET = Logger.getLogger("dev.spdkio");

    private static final long REPORT_NANOS = 30_000_000_000L;
    private static final int EXHAUSTIVE = 12;
    private static final int MOST_FAILURES = 20;

    private final PowerCuts cuts;
    private final int[] atomic;
    private final long begin = System.nanoTime();
    private long reported = begin;
    private int failures;

    private Main(long seed, int[] atomic) {
        this.cuts = new PowerCuts(new SplittableRandom(seed), EXHAUSTIVE);
        this.atomic = atomic;
    }

    /**
     * {@code --ops N} and {@code --least N} (operations of a script), {@code --atomic 512|4096} (both otherwise),
     * {@code --begin a} (only scripts that begin so), {@code --script a,b,c} (only that), {@code --seed N}.
     */
    public static void main(String[] args) {
        int ops = 2;
        int least = 1;
        long seed = 1;
        int[] atomic = {4096, 512};
        List<String> begin = List.of();
        List<String> script = List.of();
        for (int i = 0; i < args.length; i += 2) {
            String value = i + 1 < args.length ? args[i + 1] : usage("no value for " + args[i]);
            try {
                switch (args[i]) {
                    case "--ops" -> ops = Integer.parseInt(value);
                    case "--least" -> least = Integer.parseInt(value);
                    case "--seed" -> seed = Long.parseLong(value);
                    case "--atomic" -> atomic = new int[] {Integer.parseInt(value)};
                    case "--begin" -> begin = List.of(value.split(","));
                    case "--script" -> script = List.of(value.split(","));
                    default -> usage("unknown option " + args[i]);
                }
            } catch (NumberFormatException e) {
                usage(args[i] + " takes a whole number, not " + value);
            }
        }
        QUIET.setLevel(Level.OFF);
        Main main = new Main(seed, atomic);
        if (script.isEmpty()) {
            for (int n = Math.max(least, begin.size()); n <= ops; n++) {
                main.all(new ArrayList<>(begin), n - begin.size());
                main.print(n + " operations: ");
            }
        } else {
            main.explore(script);
        }
        main.print("done: ");
        System.exit(main.failures == 0 ? 0 : 1);
    }

    private static String usage(String wrong) {
        System.err.println(wrong
                + "\nusage: tools/explore-power-cuts [--ops N] [--least N] [--atomic 512|4096]"
                + " [--begin a,b] [--script a,b] [--seed N]");
        System.exit(2);
        return wrong;
    }

    private void all(List<String> script, int more) {
        if (more == 0) {
            explore(List.copyOf(script));
            return;
        }
        for (String op : cuts.operations()) {
            if (failures < MOST_FAILURES) {
                script.add(op);
                all(script, more - 1);
                script.removeLast();
            }
        }
    }

    private void explore(List<String> script) {
        for (int pages : atomic) {
            try {
                cuts.explore(script, pages);
            } catch (Violation e) {
                failures++;
                System.out.println("VIOLATION " + e.getMessage() + "\nagain: tools/explore-power-cuts --script "
                        + String.join(",", script) + " --atomic " + pages);
            }
        }
        if (System.nanoTime() - reported > REPORT_NANOS) {
            reported = System.nanoTime();
            print("at " + script + ": ");
        }
    }

    private void print(String prefix) {
        double seconds = (System.nanoTime() - begin) / 1e9;
        System.out.printf(
                Locale.ROOT,
                "%s%s; %d violations; %.0f s, %.0f states/s%n",
                prefix,
                cuts,
                failures,
                seconds,
                cuts.states() / seconds);
    }
}
