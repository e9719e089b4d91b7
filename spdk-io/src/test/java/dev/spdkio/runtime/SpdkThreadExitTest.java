// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The end of threads: what it waits for, what it forces, and that it loses nothing. */
class SpdkThreadExitTest {
    private final SimulatedRuntime sim = SimulatedRuntime.create(2, 7);
    private final SpdkThread t = sim.createThread("t");
    private final SpdkThread other = sim.createThread("other");

    @Test
    void waitsForTasks() {
        CompletableFuture<String> answer = new CompletableFuture<>();
        Task<String> task = t.spawn("task", () -> Task.await(answer));
        CompletableFuture<Void> exited = t.exit();
        sim.runUntilIdle();
        assertThat(t.state()).isEqualTo(SpdkThread.State.EXITING);
        answer.complete("done");
        sim.await(exited);
        assertThat(sim.await(task.future())).isEqualTo("done");
        assertThat(sim.clock().nanoTime()).as("no time passed").isEqualTo(1);
    }

    @Test
    void forcedOutCancelsTasksAndCarriesThemToTheirEnd() {
        AtomicReference<Throwable> seen = new AtomicReference<>();
        AtomicReference<Throwable> call = new AtomicReference<>();
        Task<String> task = t.spawn("stuck", () -> {
            try {
                return Task.await(new CompletableFuture<String>());
            } catch (CancellationException e) {
                seen.set(e);
                try {
                    Task.call(() -> 1);
                } catch (Exception late) {
                    call.set(late);
                }
                throw e;
            }
        });
        sim.await(t.exit());
        assertThatThrownBy(() -> sim.await(task.future())).isInstanceOf(CancellationException.class);
        assertThat(seen.get()).hasMessageContaining("task stuck of SpdkThread t was cancelled");
        assertThat(call.get()).as("nothing runs as the thread any more").isInstanceOf(RuntimeException.class);
        assertThat(t.stats().liveTasks()).isZero();
    }

    @Test
    void forcedOutDestroysChannelsSoThatTheDeviceCanGo() {
        List<String> destroyed = new ArrayList<>();
        IoDevice<String> device = IoDevice.register(sim, "d", SpdkThread::name, destroyed::add);
        IoChannel<String> leaked = sim.call(t, device::channel);
        IoChannel<String> open = sim.call(other, device::channel);
        CompletableFuture<Void> gone = device.unregister();
        sim.await(t.exit());
        assertThat(destroyed).containsExactly("t");
        leaked.close();
        assertThat(gone).isNotDone();
        open.close();
        sim.await(gone);
        assertThat(destroyed).containsExactly("t", "other");
    }

    @Test
    void forcedOutMovesTraversalsOn() {
        IoDevice<String> device = IoDevice.register(sim, "d", SpdkThread::name, c -> {});
        sim.call(t, device::channel);
        IoChannel<String> second = sim.call(other, device::channel);
        List<String> visited = new ArrayList<>();
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        other.send(() -> device.forEachChannel(
                i -> {
                    visited.add(i.context());
                    if (i.thread() == other) {
                        i.next();
                    }
                },
                failure -> ended.complete(failure == null)));
        sim.runUntilIdle();
        assertThat(ended).isNotDone();
        sim.await(t.exit());
        assertThat(sim.await(ended)).isTrue();
        assertThat(visited).containsExactlyInAnyOrder("t", "other");
        second.close();
        sim.await(device.unregister());
    }

    @Test
    void operationsEndAlthoughTheirOriginWasForcedOut() {
        IoDevice<String> device = IoDevice.register(sim, "d", SpdkThread::name, c -> {});
        IoChannel<String> open = sim.call(other, device::channel);
        CompletableFuture<Void> gone = sim.call(t, device::unregister);
        sim.await(t.exit());
        assertThat(gone).isNotDone();
        open.close();
        sim.await(gone);
    }

    @Test
    void anOpenVisitKeepsItsThread() {
        IoDevice<String> device = IoDevice.register(sim, "d", SpdkThread::name, c -> {});
        IoChannel<String> channel = sim.call(t, device::channel);
        AtomicReference<IoDevice.Iteration<String>> visit = new AtomicReference<>();
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        other.send(() -> device.forEachChannel(visit::set, failure -> ended.complete(failure == null)));
        sim.runUntilIdle();
        channel.close();
        CompletableFuture<Void> exited = t.exit();
        sim.runUntilIdle();
        assertThat(device.channelCount()).isZero();
        assertThat(exited).isNotDone();
        assertThatThrownBy(() -> visit.get().next()).isInstanceOf(WrongThreadException.class);
        t.send(() -> visit.get().next());
        sim.await(exited);
        assertThat(sim.await(ended)).isTrue();
        assertThat(sim.clock().nanoTime()).as("nobody was forced").isEqualTo(1);
    }

    @Test
    void aCallbackThatDefersItselfIsForcedOut() {
        t.send(new Runnable() {
            @Override
            public void run() {
                t.defer(this);
            }
        });
        sim.poll(t);
        sim.close();
        assertThat(t.state()).isEqualTo(SpdkThread.State.EXITED);
    }

    @Test
    void aMessageThatSendsItselfIsForcedOut() {
        t.send(new Runnable() {
            @Override
            public void run() {
                t.send(this);
            }
        });
        sim.poll(t);
        sim.close();
        assertThat(t.state()).isEqualTo(SpdkThread.State.EXITED);
    }

    @Test
    void aSlotMayGiveAChannelBack() {
        List<String> destroyed = new ArrayList<>();
        IoDevice<String> device = IoDevice.register(sim, "d", SpdkThread::name, destroyed::add);
        ThreadSlot<IoChannel<String>> slot = new ThreadSlot<>(at -> device.channel());
        sim.call(t, () -> slot.get(t));
        sim.await(t.exit());
        assertThat(destroyed).containsExactly("t");
        sim.await(device.unregister());
    }

    @Test
    void theRuntimeHasForgottenAThreadThatHasExited() {
        CompletableFuture<List<SpdkThread>> left = t.exited().thenApply(v -> sim.threads());
        t.exit();
        assertThat(sim.await(left)).containsExactly(other);
        assertThat(t.reactor().threads()).doesNotContain(t);
    }

    @Test
    void completingTheReturnedFutureDoesNotEndTheThread() {
        t.exit().complete(null);
        assertThat(t.exited()).isNotDone();
        sim.await(t.exited());
    }

    /** Accepted is run, whoever sends while the thread exits. */
    @Test
    void nothingAcceptedIsLost() throws Exception {
        try (SpdkRuntime rt = SpdkRuntime.builder()
                .name("exit-stress")
                .cpus(Cores.available())
                .limits(RuntimeLimits.DEFAULT.withMessagesPerThread(64))
                .start()) {
            for (int round = 0; round < 60; round++) {
                SpdkThread target = rt.createThread("target" + round);
                SpdkThread peer = rt.createThread("peer" + round);
                AtomicLong accepted = new AtomicLong();
                AtomicLong ran = new AtomicLong();
                AtomicInteger peerStopped = new AtomicInteger();
                int senders = 3;
                CountDownLatch going = new CountDownLatch(senders);
                List<Thread> threads = new ArrayList<>();
                for (int s = 0; s < senders; s++) {
                    int me = s;
                    threads.add(Thread.ofPlatform().start(() -> {
                        going.countDown();
                        try {
                            while (true) {
                                if (accepted.get() - ran.get() > 100) {
                                    Thread.onSpinWait();
                                    continue;
                                }
                                switch (me) {
                                    case 0 -> target.send(ran::incrementAndGet);
                                    case 1 -> target.sendInternal(ran::incrementAndGet);
                                    default -> target.spawn("task", ran::incrementAndGet);
                                }
                                accepted.incrementAndGet();
                            }
                        } catch (IllegalStateException exited) {
                            // the end of this sender
                        }
                    }));
                }
                peer.send(new Runnable() {
                    @Override
                    public void run() {
                        if (target.trySend(ran::incrementAndGet)) {
                            accepted.incrementAndGet();
                        } else if (target.state() != SpdkThread.State.RUNNING) {
                            peerStopped.incrementAndGet();
                            return;
                        }
                        peer.defer(this);
                    }
                });
                Await.latch(going, "the senders send");
                Await.value(target.exit());
                for (Thread sender : threads) {
                    Await.ended(sender);
                }
                Await.until("the peer stops", () -> peerStopped.get() == 1);
                Await.value(peer.exit());
                int thisRound = round;
                Await.until("accepted == run", () -> ran.get() == accepted.get());
                assertThat(ran.get()).as("round " + thisRound).isEqualTo(accepted.get());
            }
        }
    }

    @Test
    void whoFloodsFromElsewhereWaitsAndLosesNothing() throws Exception {
        try (SpdkRuntime rt = SpdkRuntime.builder()
                .name("flood")
                .limits(RuntimeLimits.DEFAULT.withMessagesPerThread(16))
                .start()) {
            SpdkThread target = rt.createThread("target");
            AtomicInteger ran = new AtomicInteger();
            CountDownLatch open = new CountDownLatch(1);
            CountDownLatch held = new CountDownLatch(1);
            target.send(() -> {
                held.countDown();
                while (open.getCount() > 0) {
                    Thread.onSpinWait();
                }
            });
            Await.latch(held, "the thread is held");
            int count = 20_000;
            Thread sender = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < count; i++) {
                    target.send(ran::incrementAndGet);
                }
            });
            Await.until("the sender waits", () -> sender.getState() == Thread.State.WAITING);
            assertThat(ran).hasValue(0);
            assertThat(target.stats().queuedMessages()).isEqualTo(16);
            open.countDown();
            Await.ended(sender);
            Await.value(target.call(() -> true));
            assertThat(ran).hasValue(count);
        }
    }

    @Test
    void anExitingThreadDoesNotKeepItsReactorBusy() throws Exception {
        try (SpdkRuntime rt = SpdkRuntime.builder().name("exit-idle").start()) {
            SpdkThread holder = rt.createThread("holder");
            IoDevice<String> device = IoDevice.register(rt, "d", SpdkThread::name, c -> {});
            IoChannel<String> channel = Await.value(holder.call(device::channel));
            CompletableFuture<Void> exited = holder.exit();
            Await.until("it exits", () -> holder.state() == SpdkThread.State.EXITING);
            long parks = rt.mainReactor().stats().parks();
            Await.until(
                    "the reactor sleeps",
                    () -> rt.mainReactor().stats().parks() > parks
                            || rt.mainReactor().isAsleep());
            channel.close();
            Await.value(exited);
        }
    }
}
