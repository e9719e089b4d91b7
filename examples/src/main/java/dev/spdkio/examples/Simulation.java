// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The same code without OS threads or real time: every interleaving follows from a seed, and an hour takes no time. */
public final class Simulation {
    private Simulation() {}

    /** Runs it. */
    public static void main(String[] args) {
        System.out.println("seed 1 twice is the same: " + play(1).equals(play(1)));
        byHand();
    }

    /** In which order three threads get to run. */
    private static List<String> play(long seed) {
        List<String> order = new ArrayList<>();
        // docs: simulation-seed
        try (SimulatedRuntime world = SimulatedRuntime.create(2, seed)) {
            for (String name : List.of("a", "b", "c")) {
                SpdkThread thread = world.createThread(name);
                thread.send(() -> order.add(name));
            }
            world.runUntilIdle();
        }
        // docs: end
        return order;
    }

    private static void byHand() {
        List<String> log = new ArrayList<>();
        // docs: simulation-hand
        try (SimulatedRuntime world = SimulatedRuntime.create(1, 42)) {
            SpdkThread a = world.createThread("a");
            SpdkThread b = world.createThread("b");
            a.send(() -> b.send(() -> log.add("b heard of it")));
            world.poll(b); // nothing: the message has not been sent yet
            world.poll(a);
            world.poll(b);
            Poller.Body tick = () -> {
                log.add("an hour has passed");
                return Poller.Result.BUSY;
            };
            Poller hourly = world.call(
                    a,
                    () -> a.poller("hourly")
                            .period(Duration.ofHours(1))
                            .body(tick)
                            .register());
            world.runFor(Duration.ofHours(3));
            hourly.close();
        }
        // docs: end
        System.out.println(log.getFirst() + "; hours: " + (log.size() - 1));
    }
}
