// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.runtime.Poller.Result;
import dev.spdkio.runtime.Poller.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Pollers pass by pass, on a simulation with exact time. */
class PollerTest {
    private static final Duration MS = Duration.ofMillis(1);

    private final SimulatedRuntime sim = SimulatedRuntime.create(1, 3);
    private final SpdkThread t = sim.createThread("t");
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        sim.close();
    }

    private Poller poller(String name, Duration period, Consumer<Poller> body) {
        return sim.call(t, () -> {
            Poller[] self = new Poller[1];
            self[0] = t.poller(name)
                    .period(period)
                    .body(() -> {
                        log.add(name);
                        body.accept(self[0]);
                        return Result.IDLE;
                    })
                    .register();
            return self[0];
        });
    }

    private Poller poller(String name, Duration period) {
        return poller(name, period, self -> {});
    }

    /** What the next pass calls. */
    private List<String> pass() {
        log.clear();
        sim.poll(t);
        return List.copyOf(log);
    }

    private List<String> passAfter(Duration d) {
        sim.advance(d);
        return pass();
    }

    private void onThread(Runnable r) {
        sim.call(t, () -> {
            r.run();
            return true;
        });
    }

    @Test
    void activeOnesRunInOrderOfRegistrationOnceAPass() {
        poller("1", Duration.ZERO);
        poller("2", Duration.ZERO);
        poller("3", Duration.ZERO);
        assertThat(pass()).containsExactly("1", "2", "3");
        assertThat(pass()).containsExactly("1", "2", "3");
    }

    @Test
    void timedOnesRunExactlyWhenTheirTimeHasCome() {
        poller("p", MS.multipliedBy(2));
        assertThat(passAfter(Duration.ofNanos(1_999_999))).isEmpty();
        assertThat(passAfter(Duration.ofNanos(1))).containsExactly("p");
        assertThat(pass()).isEmpty();
        assertThat(passAfter(MS.multipliedBy(7))).as("once, however late").containsExactly("p");
        assertThat(passAfter(MS)).isEmpty();
        assertThat(passAfter(MS)).containsExactly("p");
    }

    @Test
    void onePollerMayCloseAnotherDuringThePass() {
        List<Poller> all = new ArrayList<>();
        all.add(poller("1", Duration.ZERO));
        poller("killer", Duration.ZERO, self -> all.forEach(Poller::close));
        all.add(poller("3", Duration.ZERO));
        all.add(poller("timed", MS));
        log.clear();
        sim.advance(MS);
        sim.poll(t);
        assertThat(log).containsAnyOf("killer").doesNotContain("timed");
        assertThat(pass()).containsExactly("killer");
        assertThat(all).allMatch(p -> p.state() == State.CLOSED);
    }

    @Test
    void aPollerThatIsRegisteredInAPassWaitsForTheNext() {
        boolean[] done = new boolean[1];
        poller("parent", Duration.ZERO, self -> {
            if (!done[0]) {
                done[0] = true;
                t.poller("child")
                        .body(() -> {
                            log.add("child");
                            return Result.IDLE;
                        })
                        .register();
                log.add("registered");
            }
        });
        sim.runUntilIdle();
        int registered = log.indexOf("registered");
        int child = log.indexOf("child");
        if (child >= 0) {
            assertThat(log.subList(registered, child)).contains("parent");
        }
        assertThat(pass()).containsExactly("parent", "child");
    }

    @Test
    void manyComeAndGoDuringAPass() {
        int[] born = new int[1];
        List<Poller> alive = new ArrayList<>();
        poller("breeder", Duration.ZERO, self -> {
            for (int i = 0; i < 20; i++) {
                String name = "c" + born[0]++;
                alive.add(t.poller(name)
                        .body(() -> {
                            log.add(name);
                            return Result.IDLE;
                        })
                        .register());
            }
            while (alive.size() > 15) {
                alive.removeFirst().close();
            }
        });
        for (int i = 0; i < 10; i++) {
            List<String> ran = pass();
            assertThat(ran).doesNotHaveDuplicates().startsWith("breeder").hasSizeBetween(1, 16);
        }
        assertThat(t.stats().activePollers()).isEqualTo(16);
    }

    @Test
    void pauseAndResumeFromOutsideArePosted() {
        Poller p = poller("p", Duration.ZERO);
        p.pause();
        p.pause();
        assertThat(p.state()).isEqualTo(State.WAITING);
        assertThat(pass()).isEmpty();
        assertThat(p.state()).isEqualTo(State.PAUSED);
        assertThat(t.stats().pausedPollers()).isOne();
        p.resume();
        p.resume();
        assertThat(pass()).containsExactly("p");
        p.close();
        p.close();
        assertThat(pass()).isEmpty();
        p.resume();
        p.retime(MS);
        p.pause();
        assertThat(pass()).isEmpty();
        assertThat(p.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void pauseAndResumeInsideIsNothing() {
        poller("p", Duration.ZERO, self -> {
            self.pause();
            self.resume();
        });
        assertThat(pass()).containsExactly("p");
        assertThat(pass()).containsExactly("p");
    }

    @Test
    void closeInsideWinsOverPause() {
        Poller p = poller("p", MS, self -> {
            self.close();
            self.pause();
        });
        assertThat(passAfter(MS)).containsExactly("p");
        assertThat(p.state()).isEqualTo(State.CLOSED);
        assertThat(passAfter(MS)).isEmpty();
    }

    @Test
    void aResumedTimedPollerWaitsAFullPeriod() {
        Poller p = poller("p", MS.multipliedBy(10));
        sim.advance(MS.multipliedBy(9));
        onThread(p::pause);
        sim.advance(MS.multipliedBy(5));
        onThread(p::resume);
        assertThat(passAfter(MS.multipliedBy(9))).isEmpty();
        assertThat(passAfter(MS)).containsExactly("p");
    }

    @Test
    void retimesFromOutsideFromInsideAndWhilePaused() {
        Poller p = poller("p", MS.multipliedBy(10));
        onThread(() -> p.retime(MS));
        assertThat(passAfter(MS)).containsExactly("p");
        onThread(p::pause);
        onThread(() -> p.retime(Duration.ZERO));
        assertThat(pass()).isEmpty();
        onThread(p::resume);
        assertThat(pass()).containsExactly("p");
        onThread(() -> p.retime(MS));
        assertThat(pass()).isEmpty();
        assertThat(passAfter(MS)).containsExactly("p");

        Poller inside = poller("q", Duration.ZERO, self -> self.retime(MS.multipliedBy(3)));
        sim.poll(t);
        onThread(p::close);
        assertThat(pass()).isEmpty();
        assertThat(passAfter(MS.multipliedBy(3))).containsExactly("q");
        assertThat(inside.period()).isEqualTo(MS.multipliedBy(3));
        Poller toActive = poller("r", MS, self -> self.retime(Duration.ZERO));
        assertThat(passAfter(MS)).containsExactly("r");
        assertThat(pass()).containsExactly("r");
        assertThat(toActive.period()).isZero();
    }

    @Test
    void equalExpirationsRunByRegistrationAlsoAfterTheFirstRound() {
        for (String name : List.of("1", "2", "3", "4")) {
            poller(name, MS);
        }
        assertThat(passAfter(MS)).containsExactly("1", "2", "3", "4");
        assertThat(passAfter(MS)).containsExactly("1", "2", "3", "4");
    }

    @Test
    void anExceptionKeepsThePoller() {
        Poller p = poller("p", Duration.ZERO, self -> {
            throw new AssertionError("on purpose");
        });
        Poller timed = poller("timed", MS, self -> {
            throw new IllegalStateException("on purpose");
        });
        assertThat(passAfter(MS)).containsExactly("p", "timed");
        assertThat(passAfter(MS)).containsExactly("p", "timed");
        assertThat(p.stats().errors()).isEqualTo(p.stats().runs());
        assertThat(timed.stats()).isEqualTo(new Poller.Stats(2, 0, 2));
        assertThat(t.stats().callbackErrors()).isEqualTo(p.stats().errors() + 2);
        assertThat(p.state()).isEqualTo(State.WAITING);
    }

    @Test
    void aPollerThatThrowsAfterClosingItselfIsClosed() {
        Poller p = poller("p", Duration.ZERO, self -> {
            self.close();
            throw new IllegalStateException("on purpose");
        });
        sim.runUntilIdle();
        assertThat(p.state()).isEqualTo(State.CLOSED);
        assertThat(pass()).isEmpty();
    }

    @Test
    void busyAndIdleRunsAreToldApart() {
        AtomicInteger n = new AtomicInteger();
        Poller p = sim.call(
                t,
                () -> t.poller("p")
                        .period(MS)
                        .body(() -> n.incrementAndGet() % 3 == 0 ? Result.BUSY : Result.IDLE)
                        .register());
        List<Boolean> busy = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            sim.advance(MS);
            busy.add(sim.poll(t));
        }
        assertThat(busy).containsExactly(false, false, true, false, false, true);
        assertThat(p.stats()).isEqualTo(new Poller.Stats(6, 2, 0));
    }

    @Test
    void centuriesDoNotOverflow() {
        poller("p", Duration.ofDays(365_000_000L));
        poller("q", Duration.ofNanos(Long.MAX_VALUE));
        assertThat(pass()).isEmpty();
        assertThat(passAfter(Duration.ofDays(3650))).isEmpty();
    }

    @Test
    void wrongDescriptionsAreRefused() {
        assertThatThrownBy(() -> t.poller("p").period(Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("p: period");
        assertThatThrownBy(() -> t.poller("p").wakeFd(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> sim.call(t, () -> t.poller("p").register()))
                .hasCauseInstanceOf(IllegalStateException.class)
                .hasMessageContaining("p has no body");
        assertThatThrownBy(() -> t.poller("p").body(() -> Result.IDLE).register())
                .isInstanceOf(WrongThreadException.class);
        Poller p = poller("p", MS);
        assertThatThrownBy(() -> p.retime(MS.negated())).isInstanceOf(IllegalArgumentException.class);
    }
}
