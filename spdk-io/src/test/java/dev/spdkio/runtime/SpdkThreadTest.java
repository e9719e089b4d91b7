// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.LimitExceededException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Messages, deferred callbacks, identity, moving: on a simulation, thread by thread. */
class SpdkThreadTest {
    private final SimulatedRuntime sim =
            SimulatedRuntime.create(2, 42, RuntimeLimits.DEFAULT.withMessagesPerThread(16));
    private final SpdkThread a = sim.createThread("a");
    private final SpdkThread b = sim.createThread("b");

    @AfterEach
    void close() {
        sim.close();
    }

    @Test
    void newThreadsTakeTheReactorsInTurn() {
        assertThat(a.reactor()).isNotSameAs(b.reactor());
        SpdkThread onOne = sim.createThread("c", CpuSet.of(1));
        assertThat(onOne.reactor().core()).isEqualTo(1);
        assertThat(onOne.cpuMask()).isEqualTo(CpuSet.of(1));
        assertThatThrownBy(() -> sim.createThread("d", CpuSet.of(7)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("d: no reactor runs on cores [7]");
    }

    @Test
    void theNumberOfThreadsIsLimited() {
        try (SimulatedRuntime small = SimulatedRuntime.create(1, 1, RuntimeLimits.DEFAULT.withThreads(2))) {
            SpdkThread first = small.createThread("1");
            small.createThread("2");
            assertThatThrownBy(() -> small.createThread("3"))
                    .isInstanceOf(LimitExceededException.class)
                    .hasMessageContaining("threads = 2");
            small.await(first.exit());
            small.createThread("3");
        }
    }

    @Test
    void aFullQueueIsAnExceptionForWhoMustNotWait() {
        for (int i = 0; i < 16; i++) {
            a.send(() -> {});
        }
        assertThatThrownBy(() -> a.send(() -> {}))
                .as("the driver of a simulation would wait for itself")
                .isInstanceOf(LimitExceededException.class)
                .hasMessageContaining("SpdkThread a")
                .hasMessageContaining("messagesPerThread = 16");
        assertThat(a.trySend(() -> {})).isFalse();
        assertThat(a.stats().queuedMessages()).isEqualTo(16);
        CompletableFuture<Throwable> onReactor = new CompletableFuture<>();
        b.send(() -> {
            try {
                a.send(() -> {});
            } catch (LimitExceededException e) {
                onReactor.complete(e);
            }
        });
        sim.poll(b);
        assertThat(onReactor).isCompleted();
        AtomicInteger ran = new AtomicInteger();
        a.sendInternal(ran::incrementAndGet);
        sim.poll(a);
        assertThat(ran).as("a control message is never refused").hasValue(1);
        assertThat(a.trySend(() -> {})).isTrue();
    }

    @Test
    void aFloodDoesNotStarveThePollers() {
        AtomicInteger polls = new AtomicInteger();
        AtomicInteger messages = new AtomicInteger();
        sim.call(
                a,
                () -> a.poller("p")
                        .body(() -> {
                            polls.incrementAndGet();
                            return Poller.Result.IDLE;
                        })
                        .register());
        for (int i = 0; i < 100; i++) {
            a.sendInternal(messages::incrementAndGet);
        }
        polls.set(0);
        sim.poll(a);
        assertThat(messages).hasValue(SpdkThread.MESSAGES_PER_PASS);
        assertThat(polls).hasValue(1);
        sim.runUntilIdle();
        assertThat(messages).hasValue(100);
    }

    @Test
    void deferredCallbacksRunInOrderOncePerPass() {
        List<String> order = new ArrayList<>();
        sim.poll(a);
        a.send(() -> {
            a.defer(() -> {
                order.add("1");
                a.defer(() -> order.add("next pass"));
            });
            a.defer(() -> order.add("2"));
            order.add("message");
        });
        sim.poll(a);
        assertThat(order).containsExactly("message", "1", "2");
        sim.poll(a);
        assertThat(order).containsExactly("message", "1", "2", "next pass");
        assertThat(sim.poll(a)).isFalse();
        assertThatThrownBy(() -> a.defer(() -> {})).isInstanceOf(WrongThreadException.class);
    }

    @Test
    void theDeferLimitIsExact() {
        RunQueue q = new RunQueue(100);
        for (int i = 0; i < 100; i++) {
            q.add(() -> {});
        }
        assertThatThrownBy(() -> q.add(() -> {})).isInstanceOf(LimitExceededException.class);
        q.addUnbounded(() -> {});
        assertThat(q.size()).isEqualTo(101);
        RunQueue small = new RunQueue(2);
        small.add(() -> {});
        small.add(() -> {});
        assertThatThrownBy(() -> small.add(() -> {})).hasMessageContaining("deferredPerThread = 2");
    }

    @Test
    void theRunQueueKeepsItsOrderWhenItGrows() {
        RunQueue q = new RunQueue(10_000);
        List<Integer> out = new ArrayList<>();
        int in = 0;
        for (int i = 0; i < 1000; i++) {
            for (int j = 0; j < 3; j++) {
                int n = in++;
                q.add(() -> out.add(n));
            }
            q.take().run();
        }
        while (q.size() > 0) {
            q.take().run();
        }
        assertThat(out).hasSize(in).isSorted();
        assertThatThrownBy(q::take).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void callReturnsValueOrException() {
        assertThat(sim.await(a.call(() -> 7))).isEqualTo(7);
        assertThat(sim.await(a.<Object>call(() -> null))).isNull();
        Exception checked = new Exception("no");
        assertThatThrownBy(() -> sim.await(a.call(() -> {
                    throw checked;
                })))
                .isInstanceOf(CompletionException.class)
                .hasCause(checked);
        assertThatThrownBy(() -> sim.await(a.call(() -> {
                    throw new StackOverflowError("deep");
                })))
                .hasCauseInstanceOf(StackOverflowError.class);
        assertThat(a.stats().callbackErrors()).isZero();
    }

    @Test
    void aFailedMessageIsCountedAndTheThreadGoesOn() {
        AtomicInteger ran = new AtomicInteger();
        a.send(() -> {
            throw new IllegalStateException("on purpose");
        });
        a.send(() -> {
            throw new AssertionError("on purpose");
        });
        a.send(ran::incrementAndGet);
        sim.runUntilIdle();
        assertThat(ran).hasValue(1);
        assertThat(a.stats().callbackErrors()).isEqualTo(2);
        assertThat(a.reactor().stats().callbackErrors()).isEqualTo(2);
    }

    @Test
    void executeRunsInlineOnTheThreadAndIsSentFromElsewhere() {
        List<String> order = new ArrayList<>();
        a.execute(() -> order.add("elsewhere"));
        assertThat(order).isEmpty();
        a.send(() -> {
            a.execute(() -> order.add("inline"));
            order.add("after");
        });
        sim.runUntilIdle();
        assertThat(order).containsExactly("elsewhere", "inline", "after");
    }

    @Test
    void runAsBorrowsAThreadAndGivesItBack() {
        SpdkThread c = sim.createThread("c", CpuSet.of(a.reactor().core()));
        List<SpdkThread> seen = new ArrayList<>();
        a.reactor().send(() -> {
            seen.add(SpdkThread.current());
            a.runAs(() -> {
                seen.add(SpdkThread.current());
                c.runAs(() -> seen.add(SpdkThread.current()));
                seen.add(SpdkThread.current());
                assertThatThrownBy(() -> c.runAs(() -> {
                            throw new IllegalStateException("x");
                        }))
                        .hasMessage("x");
                seen.add(SpdkThread.current());
            });
            seen.add(SpdkThread.current());
        });
        sim.runUntilIdle();
        assertThat(seen).containsExactly(null, a, c, a, a, null);
        assertThat(a.reactor().stats().callbackErrors()).isZero();
    }

    @Test
    void runAsIsRefusedOffTheReactorAndAfterTheEnd() {
        assertThatThrownBy(() -> a.runAs(() -> {}))
                .isInstanceOf(WrongThreadException.class)
                .hasMessageContaining("running as SpdkThread a is possible only on reactor_0")
                .hasMessageContaining(Thread.currentThread().getName());
        assertThatThrownBy(() -> sim.call(b, () -> {
                    a.runAs(() -> {});
                    return 0;
                }))
                .hasCauseInstanceOf(WrongThreadException.class)
                .hasMessageContaining("reactor_1");
        sim.await(a.exit());
        CompletableFuture<Throwable> refused = new CompletableFuture<>();
        sim.reactor(0).send(() -> {
            try {
                a.runAs(() -> {});
            } catch (IllegalStateException e) {
                refused.complete(e);
            }
        });
        sim.runUntilIdle();
        assertThat(refused).isCompleted();
    }

    @Test
    void wrongThreadsAreNamedBothWays() {
        assertThatThrownBy(() -> a.checkCurrent("painting"))
                .isInstanceOf(WrongThreadException.class)
                .hasMessageContaining("painting belongs to SpdkThread a")
                .hasMessageContaining("OS thread " + Thread.currentThread().getName());
        assertThatThrownBy(() -> sim.call(b, () -> {
                    a.checkCurrent("painting");
                    return 0;
                }))
                .hasMessageContaining("painting belongs to SpdkThread a, but was called on SpdkThread b");
        assertThatThrownBy(SpdkThread::require).isInstanceOf(WrongThreadException.class);
    }

    @Test
    void movesWithWhatItHas() {
        Reactor target = b.reactor();
        AtomicInteger polls = new AtomicInteger();
        List<Integer> messages = new ArrayList<>();
        List<Reactor> at = new ArrayList<>();
        Poller p = sim.call(
                a,
                () -> a.poller("p")
                        .wakeFd(12345)
                        .body(() -> {
                            polls.incrementAndGet();
                            return Poller.Result.IDLE;
                        })
                        .register());
        Reactor source = a.reactor();
        a.moveTo(target);
        for (int i = 0; i < 10; i++) {
            int n = i;
            a.send(() -> {
                messages.add(n);
                at.add(Execution.current().reactor);
            });
        }
        sim.runUntilIdle();
        assertThat(a.reactor()).isSameAs(target);
        assertThat(source.threads()).doesNotContain(a);
        assertThat(target.threads()).contains(a, b);
        assertThat(messages).hasSize(10).isSorted();
        int before = polls.get();
        sim.poll(target);
        assertThat(polls.get()).isEqualTo(before + 1);
        a.send(() -> at.add(Execution.current().reactor));
        sim.runUntilIdle();
        assertThat(at.getLast()).isSameAs(target);
        p.close();
        sim.await(a.exit());
    }

    @Test
    void movesOnlyWhereItMay() {
        SpdkThread bound = sim.createThread("bound", CpuSet.of(0));
        assertThatThrownBy(() -> bound.moveTo(sim.reactor(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("bound may run on cores [0], reactor reactor_1 runs core 1");
        try (SimulatedRuntime other = SimulatedRuntime.create(1, 1)) {
            assertThatThrownBy(() -> a.moveTo(other.mainReactor())).isInstanceOf(IllegalArgumentException.class);
        }
        sim.await(bound.exit());
        assertThatThrownBy(() -> bound.moveTo(sim.reactor(0))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void slotsAreOnePerThreadAndClosedAtItsEnd() {
        List<String> closed = new ArrayList<>();
        record Value(String name, List<String> closed) implements AutoCloseable {
            @Override
            public void close() {
                SpdkThread.require();
                closed.add(name);
            }
        }
        ThreadSlot<Value> slot = new ThreadSlot<>(t -> new Value(t.name(), closed));
        ThreadSlot<Value> failing = new ThreadSlot<>(t -> {
            throw new IllegalStateException("no value today");
        });
        List<ThreadSlot<String>> many = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            int n = i;
            many.add(new ThreadSlot<>(t -> t.name() + n));
        }
        assertThatThrownBy(() -> slot.get(a)).isInstanceOf(WrongThreadException.class);
        Value ofA = sim.call(a, () -> slot.get(a));
        Value ofB = sim.call(b, () -> slot.get(b));
        assertThat(ofA).isNotSameAs(ofB);
        assertThat(sim.call(a, () -> slot.get(a))).isSameAs(ofA);
        assertThat(sim.call(a, () -> slot.peek(a))).isSameAs(ofA);
        assertThatThrownBy(() -> sim.call(a, () -> failing.get(a))).hasRootCauseMessage("no value today");
        assertThat(sim.call(a, () -> failing.peek(a) == null)).isTrue();
        assertThat(sim.call(a, () -> many.stream().map(s -> s.get(a)).toList()))
                .startsWith("a0", "a1")
                .endsWith("a49");
        sim.await(a.exit());
        assertThat(closed).containsExactly("a");
        sim.await(b.exit());
        assertThat(closed).containsExactly("a", "b");
    }

    @Test
    void forEachThreadStopsAtTheFirstException() {
        List<SpdkThread> visited = new ArrayList<>();
        CompletableFuture<Void> done = sim.forEachThread(t -> {
            visited.add(t);
            throw new IllegalStateException("enough");
        });
        assertThatThrownBy(() -> sim.await(done)).hasRootCauseMessage("enough");
        assertThat(visited).containsExactly(a);
        sim.await(sim.forEachThread(visited::add));
        assertThat(visited).containsExactly(a, a, b);
    }

    @Test
    void reactorEventsRunWithoutAThread() {
        List<Object> seen = new ArrayList<>();
        Reactor r = a.reactor();
        r.send(() -> {
            seen.add(SpdkThread.current());
            seen.add(r.isCurrent());
            seen.add(Cores.current());
            throw new IllegalStateException("on purpose");
        });
        r.send(() -> seen.add("next"));
        sim.runUntilIdle();
        assertThat(seen).containsExactly(null, true, r.core(), "next");
        assertThat(r.stats().events()).isEqualTo(2);
        assertThat(r.stats().callbackErrors()).isOne();
        assertThat(Cores.current()).isEqualTo(-1);
        assertThat(r.isCurrent()).isFalse();
    }

    @Test
    void timeOfThreadsAndReactorsIsBusyOrIdle() {
        SpdkThread c = sim.createThread("c", CpuSet.of(a.reactor().core()));
        sim.runUntilIdle();
        long busyBefore = a.reactor().stats().busyNanos();
        a.send(() -> sim.advance(java.time.Duration.ofMillis(4)));
        sim.runUntilIdle();
        assertThat(a.stats().busyNanos()).isEqualTo(4_000_000);
        assertThat(c.stats().busyNanos()).isZero();
        sim.advance(java.time.Duration.ofMillis(1));
        sim.runUntilIdle();
        assertThat(a.reactor().stats().busyNanos() - busyBefore).isEqualTo(4_000_000);
        assertThat(a.reactor().stats().idleNanos()).isGreaterThanOrEqualTo(1_000_000);
    }
}
