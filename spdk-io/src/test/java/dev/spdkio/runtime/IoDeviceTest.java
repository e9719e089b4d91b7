// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** I/O devices beyond the contract that all engines share: misuse, and races drawn from seeds. */
class IoDeviceTest {

    @Test
    void aVisitEndsOnce() {
        SimulatedRuntime sim = SimulatedRuntime.create(2, 1);
        SpdkThread a = sim.createThread("a");
        SpdkThread b = sim.createThread("b");
        IoDevice<String> device = IoDevice.register(sim, "d", SpdkThread::name, c -> {});
        sim.call(a, device::channel);
        sim.call(b, device::channel);
        List<String> visited = new ArrayList<>();
        List<Throwable> misuse = new ArrayList<>();
        AtomicInteger ends = new AtomicInteger();
        a.send(() -> device.forEachChannel(
                i -> {
                    visited.add(i.context());
                    i.next();
                    for (Runnable again : List.<Runnable>of(i::next, () -> i.stop(null))) {
                        try {
                            again.run();
                        } catch (IllegalStateException e) {
                            misuse.add(e);
                        }
                    }
                    throw new IllegalStateException("on purpose, after it went on");
                },
                failure -> {
                    assertThat(failure).isNull();
                    ends.incrementAndGet();
                }));
        sim.runUntilIdle();
        assertThat(visited).containsExactlyInAnyOrder("a", "b");
        assertThat(misuse).hasSize(4).allMatch(e -> e.getMessage().contains("has left this channel already"));
        assertThat(ends).hasValue(1);
        assertThat(a.stats().callbackErrors() + b.stats().callbackErrors()).isEqualTo(2);
        sim.close();
    }

    @Test
    void aDeviceThatGoesWhileAContextIsMadeRefusesIt() {
        SimulatedRuntime sim = SimulatedRuntime.create(1, 1);
        SpdkThread a = sim.createThread("a");
        AtomicReference<IoDevice<String>> self = new AtomicReference<>();
        AtomicReference<CompletableFuture<Void>> gone = new AtomicReference<>();
        List<String> destroyed = new ArrayList<>();
        self.set(IoDevice.register(
                sim,
                "d",
                t -> {
                    gone.set(self.get().unregister());
                    return "half";
                },
                destroyed::add));
        assertThatThrownBy(() -> sim.call(a, self.get()::channel))
                .hasCauseInstanceOf(IllegalStateException.class)
                .hasMessageContaining("not registered any more");
        assertThat(destroyed).containsExactly("half");
        sim.await(gone.get());
        sim.await(a.exit());
        sim.close();
    }

    @Test
    void aContextThatFailsToGoIsGone() {
        SimulatedRuntime sim = SimulatedRuntime.create(1, 1);
        SpdkThread a = sim.createThread("a");
        IoDevice<String> device = IoDevice.register(sim, "d", SpdkThread::name, c -> {
            throw new IllegalStateException("on purpose");
        });
        sim.call(a, device::channel).close();
        sim.await(device.unregister());
        assertThat(a.stats().callbackErrors()).isOne();
        sim.await(a.exit());
        sim.close();
    }

    /** Threads that take and give channels, traverse, unregister and exit, in every order that a seed brings. */
    @Test
    void whatIsCreatedIsDestroyedOnceWhateverHappens() {
        long base = Long.getLong("spdkio.seed", new Random().nextLong());
        int worlds = System.getProperty("spdkio.seed") == null ? 300 : 1;
        for (int n = 0; n < worlds; n++) {
            long seed = base + n;
            try {
                race(seed);
            } catch (Throwable e) {
                throw new AssertionError("seed " + seed + "; run it again with -Dspdkio.seed=" + seed, e);
            }
        }
    }

    private static void race(long seed) {
        Random random = new Random(seed);
        SimulatedRuntime sim = SimulatedRuntime.create(1 + random.nextInt(3), seed);
        List<SpdkThread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(sim.createThread("t" + i));
        }
        AtomicInteger created = new AtomicInteger();
        AtomicInteger destroyed = new AtomicInteger();
        AtomicInteger traversals = new AtomicInteger();
        AtomicInteger ends = new AtomicInteger();
        List<CompletableFuture<Void>> unregistrations = new ArrayList<>();
        List<IoChannel<SpdkThread>> open = new ArrayList<>();
        IoDevice<SpdkThread> device = IoDevice.register(
                sim,
                "d",
                t -> {
                    created.incrementAndGet();
                    return t;
                },
                t -> {
                    t.checkCurrent("destroying");
                    destroyed.incrementAndGet();
                });
        for (int step = 0; step < 60; step++) {
            SpdkThread t = threads.get(random.nextInt(threads.size()));
            int action = random.nextInt(20);
            t.trySend(() -> {
                if (action < 8) {
                    if (device.isRegistered()) {
                        open.add(device.channel());
                    }
                } else if (action < 15) {
                    if (!open.isEmpty()) {
                        open.remove(random.nextInt(open.size())).close();
                    }
                } else if (action < 18) {
                    traversals.incrementAndGet();
                    device.forEachChannel(
                            i -> {
                                i.context().checkCurrent("visiting");
                                if (random.nextBoolean()) {
                                    i.next();
                                } else {
                                    i.thread().defer(i::next);
                                }
                            },
                            failure -> {
                                t.checkCurrent("ending");
                                ends.incrementAndGet();
                            });
                } else if (action == 18 && device.isRegistered()) {
                    unregistrations.add(device.unregister());
                } else if (action == 19) {
                    t.exit();
                }
            });
            for (int polls = random.nextInt(4); polls > 0; polls--) {
                sim.poll(threads.get(random.nextInt(threads.size())));
            }
        }
        sim.runUntilIdle();
        List.copyOf(open).forEach(IoChannel::close);
        sim.runUntilIdle();
        if (device.isRegistered()) {
            unregistrations.add(device.unregister());
        }
        unregistrations.forEach(sim::await);
        threads.forEach(t -> sim.await(t.exit()));
        assertThat(destroyed).as("contexts").hasValue(created.get());
        assertThat(ends).as("traversals").hasValue(traversals.get());
        assertThat(device.channelCount()).isZero();
        assertThat(unregistrations).hasSize(1);
        assertThat(sim.clock().nanoTime()).as("nobody was forced out").isEqualTo(1);
        assertThat(threads).allMatch(t -> t.stats().callbackErrors() == 0);
        sim.close();
    }
}
