// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.sys.EventPoll;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Starting and closing real runtimes. */
class PlatformRuntimeTest {

    private static Set<Thread> ours(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t instanceof ReactorThread || t.getName().startsWith(name))
                .collect(Collectors.toSet());
    }

    @Test
    void startsAsDescribed() {
        CpuSet all = Cores.available();
        try (SpdkRuntime rt = SpdkRuntime.builder()
                .name("described")
                .cpus(all)
                .mainCore(all.stream().max().orElseThrow())
                .idlePolicy(IdlePolicy.ADAPTIVE)
                .start()) {
            assertThat(rt.name()).isEqualTo("described");
            assertThat(rt.cores()).isEqualTo(all);
            assertThat(rt.mainReactor().core()).isEqualTo(all.stream().max().orElseThrow());
            assertThat(rt.reactors()).allMatch(r -> r.idlePolicy() == IdlePolicy.ADAPTIVE && r.runtime() == rt);
            assertThat(rt.reactor(CpuSet.MAX_CPUS - 1)).isNull();
        }
        try (SpdkRuntime rt = SpdkRuntime.builder().start()) {
            assertThat(rt.cores()).isEqualTo(CpuSet.of(all.first()));
        }
    }

    @Test
    void wrongDescriptionsAreRefused() {
        assertThatThrownBy(() -> SpdkRuntime.builder()
                        .cpus(CpuSet.of(CpuSet.MAX_CPUS - 1))
                        .start())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cores [1023] are not available");
        assertThatThrownBy(() ->
                        SpdkRuntime.builder().mainCore(CpuSet.MAX_CPUS - 1).start())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("main core 1023");
        assertThatThrownBy(() -> SpdkRuntime.builder().cpus(CpuSet.empty()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(ours("spdkio-")).isEmpty();
    }

    @Test
    void twentyStartsAndStopsLeaveNoThreadBehind() throws Exception {
        for (int i = 0; i < 20; i++) {
            AtomicInteger ran = new AtomicInteger();
            SpdkThread t;
            try (SpdkRuntime rt = Await.runtime("twenty")) {
                t = rt.createThread("t");
                for (int n = 0; n < 100; n++) {
                    t.send(ran::incrementAndGet);
                }
                Await.value(t.call(() -> 1).thenApplyAsync(one -> one + 1));
                try (BlockingPool pool = rt.blockingPool("files", 2)) {
                    pool.execute(ran::incrementAndGet);
                }
            }
            assertThat(t.state()).isEqualTo(SpdkThread.State.EXITED);
            Await.until("all ran", () -> ran.get() == 101);
            Await.until("the helpers end", () -> ours("twenty").isEmpty());
        }
    }

    @Test
    void closeIsIdempotentAndASecondCallerWaits() throws Exception {
        SpdkRuntime rt = Await.runtime("closing");
        SpdkThread t = rt.createThread("t");
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        t.send(() -> {
            held.countDown();
            while (go.getCount() > 0) {
                Thread.onSpinWait();
            }
        });
        Await.latch(held, "the thread is held");
        List<Thread> closers = new ArrayList<>();
        List<SpdkThread.State> states = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 3; i++) {
            closers.add(Thread.ofPlatform().start(() -> {
                rt.close();
                states.add(t.state());
            }));
        }
        Await.until(
                "all wait",
                () -> closers.stream()
                        .allMatch(c ->
                                c.getState() == Thread.State.WAITING || c.getState() == Thread.State.TIMED_WAITING));
        go.countDown();
        for (Thread c : closers) {
            Await.ended(c);
        }
        assertThat(states).hasSize(3).containsOnly(SpdkThread.State.EXITED);
        rt.close();
        assertThatThrownBy(() -> rt.createThread("late"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
        assertThatThrownBy(() -> rt.mainReactor().send(() -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("has stopped");
    }

    @Test
    void closeKeepsAnInterruptForItsCallerAndLosesNothing() throws Exception {
        SpdkRuntime rt = Await.runtime("interrupted");
        SpdkThread t = rt.createThread("t");
        AtomicInteger ran = new AtomicInteger();
        for (int i = 0; i < 10_000; i++) {
            t.send(ran::incrementAndGet);
        }
        Thread.currentThread().interrupt();
        rt.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(ran).hasValue(10_000);
    }

    @Test
    void closeIsRefusedOnAReactor() throws Exception {
        try (SpdkRuntime rt = Await.runtime("refusing")) {
            AtomicReference<Throwable> refused = new AtomicReference<>();
            CountDownLatch done = new CountDownLatch(1);
            rt.mainReactor().send(() -> {
                try {
                    rt.close();
                } catch (IllegalStateException e) {
                    refused.set(e);
                }
                done.countDown();
            });
            Await.latch(done, "the event runs");
            assertThat(refused.get()).hasMessageContaining("cannot be closed from reactor_");
            assertThat(Await.value(rt.createThread("t").call(() -> 1))).isEqualTo(1);
        }
    }

    @Test
    void twoRuntimesLiveBesideEachOther() throws Exception {
        try (SpdkRuntime one = Await.runtime("one")) {
            SpdkThread a = one.createThread("a");
            try (SpdkRuntime two = Await.runtime("two")) {
                SpdkThread b = two.createThread("b");
                CompletableFuture<SpdkThread> there = new CompletableFuture<>();
                a.send(() -> b.send(() -> there.complete(SpdkThread.current())));
                assertThat(Await.value(there)).isSameAs(b);
                IoDevice<String> device = IoDevice.register(one, "d", SpdkThread::name, c -> {});
                assertThatThrownBy(() -> Await.value(b.call(device::channel)))
                        .hasCauseInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> a.moveTo(two.mainReactor())).isInstanceOf(IllegalArgumentException.class);
                assertThat(one.threads()).containsExactly(a);
                assertThat(two.threads()).containsExactly(b);
            }
            assertThat(Await.value(a.call(() -> 1))).isEqualTo(1);
        }
    }

    @Test
    void continuationsRunOffTheReactors() throws Exception {
        try (SpdkRuntime rt = Await.runtime("continuing")) {
            SpdkThread t = rt.createThread("t");
            CompletableFuture<String> where =
                    t.call(() -> 1).thenApplyAsync(one -> Thread.currentThread().getName());
            assertThat(Await.value(where)).startsWith("continuing-offload-");
        }
    }

    @Test
    void eventsOnAReactorAreBounded() throws Exception {
        RuntimeLimits limits = RuntimeLimits.DEFAULT.withEventsPerReactor(16);
        try (SpdkRuntime rt =
                SpdkRuntime.builder().name("events").limits(limits).start()) {
            Reactor r = rt.mainReactor();
            CompletableFuture<Throwable> refused = new CompletableFuture<>();
            AtomicInteger ran = new AtomicInteger();
            r.send(() -> {
                try {
                    while (true) {
                        r.send(ran::incrementAndGet);
                    }
                } catch (LimitExceededException e) {
                    refused.complete(e);
                }
            });
            assertThat(Await.value(refused)).hasMessageContaining("eventsPerReactor = 16");
            Await.until("what was accepted runs", () -> ran.get() >= 15);
            for (int i = 0; i < 1000; i++) {
                r.send(ran::incrementAndGet);
            }
            Await.until("whoever may wait loses nothing", () -> ran.get() >= 1015);
        }
    }

    /** A thread that is moved all the time gets every message, wherever it is when it is sent. */
    @Test
    void movingLosesNoMessageAndNoWakeUp() throws Exception {
        try (SpdkRuntime rt = Await.runtime("moving");
                EventPoll fd = openOrNull()) {
            SpdkThread t = rt.createThread("t");
            if (fd != null) {
                Await.value(t.call(() -> t.poller("p")
                        .wakeFd(fd.fd())
                        .body(() -> Poller.Result.IDLE)
                        .register()));
            }
            List<Reactor> reactors = rt.reactors();
            AtomicInteger ran = new AtomicInteger();
            int count = 20_000;
            Thread mover = Thread.ofPlatform().start(() -> {
                for (int i = 0; ran.get() < count; i++) {
                    t.moveTo(reactors.get(i % reactors.size()));
                    int seen = ran.get();
                    Await.until("one more message", () -> ran.get() > seen || ran.get() >= count);
                }
            });
            for (int i = 0; i < count; i++) {
                t.send(ran::incrementAndGet);
                if (i % 50 == 0) {
                    // Let it fall asleep now and then: a lost wake-up shows only then.
                    Await.value(t.call(() -> true));
                }
            }
            Await.until("all messages ran", () -> ran.get() == count);
            Await.ended(mover);
            Await.value(t.call(() -> {
                t.pollerList().forEach(Poller::close);
                return true;
            }));
        }
    }

    private static EventPoll openOrNull() throws Exception {
        return EventPoll.isAvailable() ? EventPoll.open() : null;
    }
}
