// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.RangeLock;
import dev.spdkio.memory.DmaLeakReport;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A simulation of the bdev layer, from its first thread to the end of its memory pool.
 *
 * <p>Holds, whatever the plan: every request ends exactly once, on its thread, never inside a submit call, with a
 * status for which there was a reason; what is read is what may be there; memory is free as soon as its request has
 * ended; a device sees only what it can do; descriptors hear of removal once; removed devices go; threads exit; nothing
 * leaks; and all that within bounded (virtual) time.
 *
 * <p>Thread rule: each run on one OS thread, any number of runs side by side.
 */
public final class Simulation {
    private static final int MOST_STEPS_BETWEEN = 8;
    private static final int TRACE_SHOWN = 120;

    /** After so much time without new trouble everything must be over. */
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private static final int MOST_ROUNDS = 200_000;
    private static final long FIRST_WAIT_NANOS = 50_000;
    private static final long LONGEST_WAIT_NANOS = 50_000_000;

    private final Plan plan;
    private final World world;
    private final Actions actions;

    private Simulation(Plan plan, World.Saboteur saboteur) {
        this.plan = plan;
        this.world = new World(plan.seed(), saboteur);
        this.actions = new Actions(world);
    }

    /**
     * Draws a plan and simulates it.
     *
     * @throws SimulationFailure if something is not as it must be
     */
    public static Report run(long seed) {
        return run(Plan.of(seed));
    }

    /**
     * Simulates a plan.
     *
     * @throws SimulationFailure if something is not as it must be
     */
    public static Report run(Plan plan) {
        return run(plan, (device, _) -> device);
    }

    /** Draws a plan with every seed from {@code first} on and simulates it. */
    public static Report run(long first, long count) {
        Report sum = Report.EMPTY;
        for (long seed = first; seed < first + count; seed++) {
            sum = sum.plus(run(seed));
        }
        return sum;
    }

    static Report run(Plan plan, World.Saboteur saboteur) {
        Simulation simulation = new Simulation(plan, saboteur);
        try {
            simulation.act();
            simulation.comeToRest();
            simulation.readAll();
            simulation.end();
        } catch (SimulationFailure e) {
            throw e;
        } catch (RuntimeException | AssertionError e) {
            throw simulation.failure(e.toString(), e);
        }
        return Report.of(simulation.world);
    }

    private SimulationFailure failure(String violation, @Nullable Throwable cause) {
        return new SimulationFailure(
                plan,
                violation,
                "what waits:\n" + world.whatWaits() + "the last events:\n" + world.trace.last(TRACE_SHOWN),
                cause);
    }

    private void check() {
        String violation = world.violation;
        if (violation != null) {
            throw failure(violation, null);
        }
    }

    // ---- its parts -------------------------------------------------------------------------------------------------

    private void act() {
        for (Plan.Step step : plan.actions()) {
            actions.run(step);
            // Its own generator, so that a plan that lacks an action goes on much like the whole.
            SplittableRandom r = new SplittableRandom(~step.seed());
            for (int i = r.nextInt(MOST_STEPS_BETWEEN); i > 0; i--) {
                world.step(r);
                check();
            }
        }
    }

    /** Nothing new begins; what is under way must end. */
    private void comeToRest() {
        world.giveMemory();
        world.disks.forEach(disk -> disk.devices.forEach(device -> device.behave(true)));
        drive("everything in flight", () -> {
            world.closeRemoved();
            world.locks.forEach(RangeLock::close);
            world.locks.clear();
            world.disks.forEach(Disk::resumePending);
            for (Client c : world.clients) {
                if (c.zeroCopies.stream().anyMatch(z -> !z.isEnding())) {
                    c.thread.send(() -> Actions.endZeroCopies(c, false, Integer.MAX_VALUE));
                }
            }
            return world.isQuiet();
        });
        drive("requests whose futures were cancelled", world::closeOrphans);
        world.settleOrphans();
    }

    /** Lets time pass until {@code over}. */
    private void drive(String what, BooleanSupplier over) {
        long deadline = world.now() + PATIENCE_NANOS;
        long wait = FIRST_WAIT_NANOS;
        int rounds = 0;
        do {
            long events = world.trace.count();
            world.rt.runFor(Duration.ofNanos(wait));
            world.counts.steps++;
            check();
            if (world.now() > deadline || rounds++ > MOST_ROUNDS) {
                throw failure("after " + PATIENCE_NANOS / 1_000_000_000 + " s there is still " + what, null);
            }
            // Longer and longer while nothing happens: then only a timer, or nothing at all, is waited for.
            wait = world.trace.count() > events ? FIRST_WAIT_NANOS : Math.min(2 * wait, LONGEST_WAIT_NANOS);
        } while (!over.getAsBoolean());
    }

    private void readAll() {
        for (Disk disk : List.copyOf(world.disks)) {
            if (disk.isRemoved()) {
                continue;
            }
            Handle handle = new Handle(world, disk, OpenMode.READ_ONLY, world.app);
            Client client = new Client(handle, world.app);
            world.clients.add(client);
            world.app.send(() -> {
                if (!handle.open() || !client.open()) {
                    world.violation("cannot open " + disk + " at the end");
                    return;
                }
                world.handles.add(handle);
                for (int at = 0; at < disk.blocks(); at += World.MOST_BLOCKS) {
                    new Request(client, RequestDraw.read(world, client, at)).start();
                }
            });
            drive("reading " + disk, world::isQuiet);
        }
    }

    private void end() {
        world.handles.forEach(Handle::check);
        world.handles.forEach(Handle::close);
        world.clients.forEach(Client::close);
        CompletableFuture<Void> bdevsGone = world.bdevs.closeAsync();
        world.await("the end of all disks", bdevsGone);
        drive("a disk", world::isQuiet);
        for (Disk disk : world.disks) {
            for (SimDevice device : disk.devices) {
                if (device.destructs() != 1) {
                    world.violation("a device of " + disk + " was destroyed " + device.destructs() + " times");
                }
            }
        }
        if (world.bdevs.badCompletions() != 0) {
            world.violation(world.bdevs.badCompletions() + " bad completions");
        }
        long before = world.now();
        world.rt.close();
        if (world.now() - before > PATIENCE_NANOS / 8) {
            world.violation("threads had to be forced to exit");
        }
        DmaLeakReport leaks = world.pool.closeAsync().join();
        if (!leaks.isEmpty()) {
            world.violation("left open: " + leaks);
        }
        check();
    }
}
