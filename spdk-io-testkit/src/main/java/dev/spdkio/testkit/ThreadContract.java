// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.runtime.IoChannel;
import dev.spdkio.runtime.IoDevice;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.ThreadStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What threads, pollers and I/O devices promise on every engine: the cases of SPDK's {@code thread_ut}, whose name each
 * test carries. Pollers and I/O devices have suites of their own, which this one includes.
 *
 * <p>A subclass calls {@link #use} before each test with a new world that has at least one reactor.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what futures complete with is told by other means
public abstract class ThreadContract implements PollerContract, IoDeviceContract {
    private @Nullable TestWorld world;

    /** The world of this test; it is closed after it. */
    protected final void use(TestWorld value) {
        this.world = value;
    }

    @Override
    public final TestWorld world() {
        return Objects.requireNonNull(world, "call use(TestWorld) in a @BeforeEach method");
    }

    /** Ends the world, with whatever a failed test left in it. */
    @AfterEach
    final void closeWorld() {
        if (world != null) {
            world.close();
        }
    }

    private SpdkRuntime runtime() {
        return world().runtime();
    }

    private void awaitExit(SpdkThread t) {
        world().await(t.exit());
        assertThat(t.state()).isEqualTo(SpdkThread.State.EXITED);
    }

    @Test
    @DisplayName("thread_alloc: no two threads have the same id, and a thread is found by its id while it lives")
    void idsAreUnique() {
        Set<Long> ids = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            SpdkThread t = world().thread("t" + i);
            assertThat(ids.add(t.id())).isTrue();
            assertThat(runtime().thread(t.id())).isSameAs(t);
            if (i % 2 == 0) {
                awaitExit(t);
                assertThat(runtime().thread(t.id())).isNull();
            }
        }
        assertThat(runtime().threads()).hasSize(10).allMatch(t -> t.state() == SpdkThread.State.RUNNING);
    }

    @Test
    @DisplayName("thread_alloc: a thread runs as itself and belongs to its runtime")
    void aThreadIsCurrentInItsCallbacks() {
        SpdkThread t = world().thread("t");
        assertThat(world().on(t, SpdkThread::require)).isSameAs(t);
        assertThat(world().on(t, t::isCurrent)).isTrue();
        assertThat(t.isCurrent()).isFalse();
        assertThat(SpdkThread.current()).isNull();
        assertThat(t.runtime()).isSameAs(runtime());
    }

    @Test
    @DisplayName("thread_send_msg: a message does not run inside send, not even on its own thread")
    void sendNeverRunsTheMessage() {
        SpdkThread t = world().thread("t");
        AtomicBoolean ran = new AtomicBoolean();
        boolean ranInside = world().on(t, () -> {
            t.send(() -> ran.set(true));
            return ran.get();
        });
        assertThat(ranInside).isFalse();
        world().awaitUntil("the message runs", ran::get);
    }

    @Test
    @DisplayName("thread_send_msg: a message runs only when its thread is polled")
    void aMessageRunsWhenItsThreadIsPolled() {
        assumeTrue(world().isDrivenByHand(), "the reactors of this world run by themselves");
        SpdkThread sender = world().thread("sender");
        SpdkThread receiver = world().thread("receiver");
        AtomicBoolean ran = new AtomicBoolean();
        sender.send(() -> receiver.send(() -> ran.set(true)));
        world().poll(sender);
        world().poll(sender);
        assertThat(ran).isFalse();
        world().poll(receiver);
        assertThat(ran).isTrue();
    }

    @Test
    @DisplayName("thread_send_msg: the messages of one sender run in their order")
    void messagesKeepTheirOrder() {
        SpdkThread a = world().thread("a");
        SpdkThread b = world().thread("b");
        List<Integer> got = Collections.synchronizedList(new ArrayList<>());
        int count = 500;
        a.send(() -> {
            for (int i = 0; i < count; i++) {
                int n = i;
                b.send(() -> got.add(n));
            }
        });
        world().awaitUntil("all have come", () -> got.size() == count);
        assertThat(got).isSorted();
    }

    @Test
    @DisplayName("thread_for_each: visits every thread once, as that thread, and completes on the thread that asked")
    void forEachThreadVisitsEachOnce() {
        SpdkThread origin = world().thread("origin");
        for (int i = 0; i < 4; i++) {
            world().thread("other" + i);
        }
        List<SpdkThread> visited = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<SpdkThread> completedOn = new CompletableFuture<>();
        AtomicBoolean wasInline = new AtomicBoolean();
        origin.send(() -> {
            CompletableFuture<Void> done = runtime().forEachThread(t -> {
                t.checkCurrent("visiting");
                visited.add(t);
            });
            wasInline.set(done.isDone() || !visited.isEmpty());
            done.whenComplete((v, e) -> completedOn.complete(SpdkThread.require()));
        });
        assertThat(world().await(completedOn)).isSameAs(origin);
        assertThat(wasInline).isFalse();
        assertThat(visited)
                .doesNotHaveDuplicates()
                .containsExactlyElementsOf(runtime().threads());
    }

    @Test
    @DisplayName("thread_name: a thread has the name it was given")
    void aThreadHasAName() {
        assertThat(world().thread("my thread").name()).isEqualTo("my thread");
        assertThat(world().thread("").name()).isEmpty();
    }

    @Test
    @DisplayName("thread_exit_test: what was sent before the end is run, what is sent after it is refused")
    void anExitingThreadDrainsItsMessages() {
        SpdkThread t = world().thread("t");
        AtomicInteger ran = new AtomicInteger();
        int count = 500;
        for (int i = 0; i < count; i++) {
            t.send(ran::incrementAndGet);
        }
        CompletableFuture<Void> exited = t.exit();
        world().await(exited);
        assertThat(ran).hasValue(count);
        assertThat(t.state()).isEqualTo(SpdkThread.State.EXITED);
        assertThatThrownBy(() -> t.send(ran::incrementAndGet))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("t has exited");
        assertThat(t.trySend(ran::incrementAndGet)).isFalse();
        assertThatThrownBy(() -> t.spawn("late", () -> 1)).isInstanceOf(IllegalStateException.class);
        assertThat(runtime().threads()).doesNotContain(t);
        assertThat(ran).hasValue(count);
    }

    @Test
    @DisplayName("thread_exit_test: a message sent by a thread that exits still runs, and so on")
    void anExitingThreadTakesMessagesUntilItsEnd() {
        SpdkThread t = world().thread("t");
        AtomicInteger hops = new AtomicInteger();
        t.send(new Runnable() {
            @Override
            public void run() {
                if (hops.incrementAndGet() < 10) {
                    t.send(this);
                }
            }
        });
        world().await(t.exit());
        assertThat(hops).hasValue(10);
    }

    @Test
    @DisplayName("thread_exit_test: the end waits for pollers, paused ones too")
    void exitWaitsForPollers() {
        SpdkThread t = world().thread("t");
        Poller p =
                world().on(t, () -> t.poller("p").body(() -> Poller.Result.IDLE).register());
        world().run(t, p::pause);
        CompletableFuture<Void> exited = t.exit();
        world().passes(t, 3);
        assertThat(t.state()).isEqualTo(SpdkThread.State.EXITING);
        assertThat(exited).isNotDone();
        p.close();
        world().await(exited);
    }

    @Test
    @DisplayName("thread_exit_test: the end waits for channels")
    void exitWaitsForChannels() {
        SpdkThread t = world().thread("t");
        AtomicBoolean destroyed = new AtomicBoolean();
        IoDevice<Integer> device = IoDevice.register(runtime(), "d", at -> 1, c -> destroyed.set(true));
        IoChannel<Integer> channel = world().on(t, device::channel);
        CompletableFuture<Void> exited = t.exit();
        world().passes(t, 3);
        assertThat(exited).isNotDone();
        channel.close();
        world().await(exited);
        assertThat(destroyed).isTrue();
    }

    @Test
    @DisplayName("thread_exit_test: exiting twice is exiting once")
    void exitIsIdempotent() {
        SpdkThread t = world().thread("t");
        CompletableFuture<Void> first = t.exit();
        CompletableFuture<Void> second = t.exit();
        world().await(first);
        world().await(second);
        world().await(t.exit());
        assertThat(t.exited()).isCompleted();
    }

    @Test
    @DisplayName("thread_exit_test: a thread that cannot end is forced out after the exit timeout")
    void aThreadThatCannotEndIsForcedOut() {
        SpdkThread t = world().thread("t");
        SpdkThread other = world().thread("other");
        AtomicBoolean destroyed = new AtomicBoolean();
        IoDevice<Integer> device = IoDevice.register(runtime(), "d", at -> 1, c -> destroyed.set(true));
        IoChannel<Integer> leaked = world().on(t, device::channel);
        Poller poller = world().on(
                        t,
                        () -> t.poller("leaked").body(() -> Poller.Result.IDLE).register());
        long start = runtime().clock().nanoTime();
        world().await(t.exit());
        assertThat(runtime().clock().nanoTime() - start)
                .isGreaterThanOrEqualTo(runtime().limits().exitTimeout().toNanos());
        assertThat(poller.state()).isEqualTo(Poller.State.CLOSED);
        assertThat(destroyed).as("nobody else can destroy the channel now").isTrue();
        leaked.close();
        world().await(world().on(other, device::unregister));
    }

    @Test
    @DisplayName("thread_update_stats_test: time counts as busy after work and as idle after none")
    void timeIsBusyOrIdle() {
        SpdkThread t = world().thread("t");
        Duration d = Duration.ofMillis(3);
        ThreadStats before = t.stats();
        world().run(t, () -> world().work(d));
        world().awaitUntil("work counts as busy", () -> t.stats().busyNanos() - before.busyNanos() >= d.toNanos());
        ThreadStats worked = t.stats();
        world().awaitUntil("rest counts as idle", () -> {
            // A reactor that sleeps accounts for it when it wakes.
            world().elapse(t, Duration.ofMillis(1));
            return t.stats().idleNanos() > worked.idleNanos();
        });
        assertThat(t.stats().messages()).isGreaterThan(before.messages());
    }

    @Test
    @DisplayName("for_each_thread_and_thread_exit_race: a traversal passes over threads that have exited meanwhile")
    void forEachThreadSurvivesExits() {
        SpdkThread origin = world().thread("origin");
        SpdkThread leaving = world().thread("leaving");
        SpdkThread last = world().thread("last");
        List<SpdkThread> visited = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Boolean> over = new CompletableFuture<>();
        origin.send(() -> runtime()
                .forEachThread(t -> {
                    visited.add(t);
                    if (t == origin) {
                        leaving.exit();
                    }
                })
                .whenComplete((v, e) -> over.complete(e == null)));
        assertThat(world().await(over)).isTrue();
        assertThat(visited).contains(origin, last).doesNotHaveDuplicates();
        world().await(leaving.exited());
    }

    @Test
    @DisplayName("for_each_thread_and_thread_exit_race: the thread that asked ends after the answer")
    void forEachThreadKeepsItsOriginAlive() {
        SpdkThread origin = world().thread("origin");
        world().thread("other");
        CompletableFuture<SpdkThread.State> atEnd = new CompletableFuture<>();
        origin.send(() -> {
            runtime().forEachThread(t -> {}).whenComplete((v, e) -> atEnd.complete(origin.state()));
            origin.exit();
        });
        assertThat(world().await(atEnd)).isEqualTo(SpdkThread.State.EXITING);
        world().await(origin.exited());
    }

    @Test
    @DisplayName("spdk_spin: instead of locks, what belongs to a thread refuses others and names both threads")
    void ownedStateRefusesOtherThreads() {
        SpdkThread owner = world().thread("owner");
        SpdkThread thief = world().thread("thief");
        assertThatThrownBy(() -> world().run(thief, () -> owner.defer(() -> {})))
                .hasRootCauseInstanceOf(WrongThreadException.class)
                .hasMessageContaining("owner")
                .hasMessageContaining("thief");
        assertThatThrownBy(
                        () -> owner.poller("p").body(() -> Poller.Result.IDLE).register())
                .isInstanceOf(WrongThreadException.class)
                .hasMessageContaining("owner")
                .hasMessageContaining(Thread.currentThread().getName());
        IoDevice<Integer> device = IoDevice.register(runtime(), "d", at -> 1, c -> {});
        assertThatThrownBy(device::channel).isInstanceOf(WrongThreadException.class);
        IoChannel<Integer> channel = world().on(owner, device::channel);
        assertThatThrownBy(() -> world().on(thief, channel::retain)).hasRootCauseInstanceOf(WrongThreadException.class);
        channel.close();
    }
}
