// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.Poller.Result;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What pollers promise; part of {@link ThreadContract}. */
interface PollerContract {
    /** The world of this test. */
    TestWorld world();

    private Poller register(SpdkThread t, String name, Duration period, Poller.Body body) {
        return world().on(t, () -> t.poller(name).period(period).body(body).register());
    }

    /** Registers one whose body is given the poller itself. */
    private Poller register(SpdkThread t, Duration period, Function<Poller, Result> body) {
        return world().on(t, () -> {
            Poller[] self = new Poller[1];
            self[0] =
                    t.poller("p").period(period).body(() -> body.apply(self[0])).register();
            return self[0];
        });
    }

    private static Result count(AtomicInteger counter) {
        counter.incrementAndGet();
        return Result.BUSY;
    }

    @Test
    @DisplayName("thread_poller: runs once every pass until it is closed")
    default void runsEveryPass() {
        SpdkThread t = world().thread("t");
        AtomicInteger runs = new AtomicInteger();
        Poller p = register(t, "p", Duration.ZERO, () -> count(runs));
        int before = runs.get();
        world().passes(t, 10);
        assertThat(runs.get() - before).isGreaterThanOrEqualTo(9);
        world().run(t, p::close);
        int atEnd = runs.get();
        world().passes(t, 5);
        assertThat(runs).hasValue(atEnd);
        assertThat(p.state()).isEqualTo(Poller.State.CLOSED);
    }

    @Test
    @DisplayName("thread_poller: a timed one runs when its time has come, not before, and once each period")
    default void timedPollersKeepTheirPeriod() {
        SpdkThread t = world().thread("t");
        Duration period = Duration.ofMillis(2);
        List<Long> runs = Collections.synchronizedList(new ArrayList<>());
        Poller p = world().on(t, () -> {
            runs.add(world().runtime().clock().nanoTime());
            return t.poller("p")
                    .period(period)
                    .body(() -> {
                        runs.add(t.now());
                        return Result.BUSY;
                    })
                    .register();
        });
        world().awaitUntil("five runs", () -> runs.size() > 5);
        world().run(t, p::close);
        int atEnd = runs.size();
        world().elapse(t, period.multipliedBy(3));
        assertThat(runs).hasSize(atEnd);
        for (int i = 1; i < runs.size(); i++) {
            assertThat(runs.get(i) - runs.get(i - 1)).isGreaterThanOrEqualTo(period.toNanos());
        }
    }

    @Test
    @DisplayName("thread_poller: may close itself, and does not run again")
    default void aPollerMayCloseItself() {
        SpdkThread t = world().thread("t");
        for (Duration period : List.of(Duration.ZERO, Duration.ofMillis(1))) {
            AtomicInteger runs = new AtomicInteger();
            Poller p = register(t, period, self -> {
                if (runs.incrementAndGet() == 3) {
                    self.close();
                }
                return Result.BUSY;
            });
            world().awaitUntil("it closes", () -> p.state() == Poller.State.CLOSED);
            world().elapse(t, Duration.ofMillis(3));
            assertThat(runs).hasValue(3);
        }
        assertThat(world().pollers(t)).isEmpty();
    }

    @Test
    @DisplayName("poller_pause: pause and resume from a message, each idempotent")
    default void pausesAndResumes() {
        SpdkThread t = world().thread("t");
        for (Duration period : List.of(Duration.ZERO, Duration.ofMillis(1))) {
            AtomicInteger runs = new AtomicInteger();
            Poller p = register(t, "p", period, () -> count(runs));
            world().awaitUntil("it runs", () -> runs.get() > 0);
            world().run(t, () -> {
                p.pause();
                p.pause();
            });
            assertThat(p.state()).isEqualTo(Poller.State.PAUSED);
            int paused = runs.get();
            world().elapse(t, Duration.ofMillis(3));
            assertThat(runs).hasValue(paused);
            world().run(t, () -> {
                p.resume();
                p.resume();
            });
            world().awaitUntil("it runs again", () -> runs.get() > paused + 1);
            world().run(t, p::close);
        }
    }

    @Test
    @DisplayName("poller_pause: a poller may pause itself, and one that is closed while paused never runs again")
    default void aPollerMayPauseItself() {
        SpdkThread t = world().thread("t");
        for (Duration period : List.of(Duration.ZERO, Duration.ofMillis(1))) {
            AtomicInteger runs = new AtomicInteger();
            Poller p = register(t, period, self -> {
                self.pause();
                return count(runs);
            });
            world().awaitUntil("it pauses", () -> p.state() == Poller.State.PAUSED);
            world().elapse(t, Duration.ofMillis(3));
            assertThat(runs).hasValue(1);
            p.resume();
            world().awaitUntil("it runs once more", () -> runs.get() == 2);
            world().awaitUntil("it pauses", () -> p.state() == Poller.State.PAUSED);
            world().run(t, p::close);
            world().run(t, p::resume);
            world().elapse(t, Duration.ofMillis(3));
            assertThat(runs).hasValue(2);
            assertThat(p.state()).isEqualTo(Poller.State.CLOSED);
        }
    }

    @Test
    @DisplayName("cache_closest_timed_poller: the closest one runs first, also after the closest was closed or moved")
    default void timedPollersRunByExpiration() {
        SpdkThread t = world().thread("t");
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        world().run(t, () -> {
            once(t, "far", Duration.ofMillis(180), order);
            once(t, "near", Duration.ofMillis(60), order);
            Poller closed = once(t, "closed", Duration.ofMillis(1), order);
            Poller moved = once(t, "moved", Duration.ofMillis(1), order);
            once(t, "middle", Duration.ofMillis(120), order);
            closed.close();
            moved.retime(Duration.ofMillis(240));
        });
        world().awaitUntil("all ran", () -> order.size() == 4);
        assertThat(order).containsExactly("near", "middle", "far", "moved");
    }

    private static Poller once(SpdkThread t, String name, Duration period, List<String> order) {
        Poller[] self = new Poller[1];
        self[0] = t.poller(name)
                .period(period)
                .body(() -> {
                    order.add(name);
                    self[0].close();
                    return Result.BUSY;
                })
                .register();
        return self[0];
    }

    @Test
    @DisplayName("multi_timed_pollers_have_same_expiration: they run in the order of their registration, and all do")
    default void equalExpirationsKeepTheirOrder() {
        SpdkThread t = world().thread("t");
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        world().run(t, () -> {
            once(t, "1", Duration.ofMillis(2), order);
            once(t, "2", Duration.ofMillis(2), order);
            Poller gone = once(t, "gone", Duration.ofMillis(2), order);
            once(t, "3", Duration.ofMillis(2), order);
            once(t, "4", Duration.ofMillis(2), order);
            gone.close();
        });
        world().awaitUntil("all ran", () -> order.size() == 4);
        assertThat(order).containsExactly("1", "2", "3", "4");
    }

    @Test
    @DisplayName("poller_get_name: a poller has the name it was given")
    default void pollersHaveNames() {
        SpdkThread t = world().thread("t");
        Poller p = register(t, "my poller", Duration.ZERO, () -> Result.IDLE);
        assertThat(p.name()).isEqualTo("my poller");
        assertThat(p.thread()).isSameAs(t);
        p.close();
    }

    @Test
    @DisplayName("poller_get_id: a thread lists its pollers, each of them one of its own, in their order")
    default void aThreadListsItsPollers() {
        SpdkThread t = world().thread("t");
        Poller first = register(t, "same", Duration.ZERO, () -> Result.IDLE);
        Poller second = register(t, "same", Duration.ofSeconds(1), () -> Result.IDLE);
        assertThat(world().pollers(t)).containsExactly(first, second);
        world().run(t, first::close);
        assertThat(world().pollers(t)).containsExactly(second);
        second.close();
    }

    @Test
    @DisplayName("poller_get_state_str: waiting, running, paused, closed")
    default void pollersHaveAState() {
        SpdkThread t = world().thread("t");
        AtomicReference<Poller.State> inside = new AtomicReference<>();
        Poller p = register(t, Duration.ZERO, self -> {
            inside.set(self.state());
            return Result.BUSY;
        });
        world().awaitUntil("it runs", () -> inside.get() != null);
        assertThat(inside.get()).isEqualTo(Poller.State.RUNNING);
        assertThat(world().on(t, p::state)).isEqualTo(Poller.State.WAITING);
        world().run(t, p::pause);
        assertThat(world().on(t, p::state)).isEqualTo(Poller.State.PAUSED);
        world().run(t, p::close);
        assertThat(world().on(t, p::state)).isEqualTo(Poller.State.CLOSED);
    }

    @Test
    @DisplayName("poller_get_period_ticks: a poller knows its period, also after a change")
    default void pollersHaveAPeriod() {
        SpdkThread t = world().thread("t");
        Poller p = register(t, "p", Duration.ofMillis(7), () -> Result.IDLE);
        assertThat(p.period()).isEqualTo(Duration.ofMillis(7));
        world().run(t, () -> p.retime(Duration.ofMillis(8)));
        assertThat(p.period()).isEqualTo(Duration.ofMillis(8));
        world().run(t, () -> p.retime(Duration.ZERO));
        assertThat(p.period()).isZero();
        p.close();
    }

    @Test
    @DisplayName("poller_get_stats: runs and busy runs are counted")
    default void pollersCountTheirRuns() {
        SpdkThread t = world().thread("t");
        AtomicInteger runs = new AtomicInteger();
        Poller p = register(
                t, "p", Duration.ofMillis(1), () -> runs.incrementAndGet() % 2 == 0 ? Result.BUSY : Result.IDLE);
        world().awaitUntil("ten runs", () -> runs.get() >= 10);
        world().run(t, p::close);
        assertThat(p.stats().runs()).isEqualTo(runs.get());
        assertThat(p.stats().busyRuns()).isEqualTo(runs.get() / 2);
        assertThat(p.stats().errors()).isZero();
    }
}
