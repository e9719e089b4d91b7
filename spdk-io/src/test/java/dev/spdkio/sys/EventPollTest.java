// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class EventPollTest {
    @BeforeEach
    void needsNative() {
        assumeTrue(EventPoll.isAvailable(), () -> String.valueOf(EventPoll.unavailabilityCause()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void wakesFromAnotherThread(boolean forceMillis) throws Exception {
        try (EventPoll poll = EventPoll.open(forceMillis)) {
            CountDownLatch waiting = new CountDownLatch(1);
            FutureTask<Integer> waiter = new FutureTask<>(() -> {
                waiting.countDown();
                return poll.await(-1);
            });
            Thread.ofPlatform().start(waiter);
            waiting.await();
            poll.wake();
            assertThat(waiter.get(30, TimeUnit.SECONDS)).isZero();
        }
    }

    @Test
    void aWakeUpBeforeTheWaitIsNotLostAndCountsOnce() throws Exception {
        try (EventPoll poll = EventPoll.open()) {
            poll.wake();
            poll.wake();
            assertThat(poll.await(-1)).isZero();
            long start = System.nanoTime();
            assertThat(poll.await(Duration.ofMillis(20).toNanos())).isZero();
            assertThat(System.nanoTime() - start)
                    .as("the second wait had nothing to wake it")
                    .isGreaterThanOrEqualTo(Duration.ofMillis(19).toNanos());
        }
    }

    @Test
    void everyWakeUpAfterADrainIsDelivered() throws Exception {
        int rounds = 20_000;
        AtomicInteger produced = new AtomicInteger();
        try (EventPoll poll = EventPoll.open()) {
            Thread producer = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < rounds; i++) {
                    produced.incrementAndGet();
                    poll.wake();
                }
            });
            while (produced.get() < rounds) {
                poll.await(-1); // hangs, and the time limit fails the test, if one is lost
            }
            producer.join();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shortTimeoutsAreRoundedUpNotDown(boolean forceMillis) throws Exception {
        try (EventPoll poll = EventPoll.open(forceMillis)) {
            long start = System.nanoTime();
            assertThat(poll.await(300_000)).isZero();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(300_000);
        }
    }

    @Test
    void reportsTokensOfReadyDescriptors() throws Exception {
        try (EventPoll poll = EventPoll.open();
                EventPoll first = EventPoll.open();
                EventPoll second = EventPoll.open()) {
            poll.add(first.fd(), 17);
            poll.add(second.fd(), -1);
            assertThat(poll.await(0)).isZero();
            second.wake();
            assertThat(tokens(poll, poll.await(-1))).containsExactly(-1L);
            first.wake();
            assertThat(tokens(poll, poll.await(-1)))
                    .as("edge-triggered: the second has told its news")
                    .containsExactly(17L);
            poll.remove(second.fd());
            second.await(0);
            second.wake();
            poll.wake();
            assertThat(poll.await(-1)).isZero();
            poll.add(second.fd(), 4);
            assertThat(tokens(poll, poll.await(-1)))
                    .as("what is readable when it is added counts")
                    .containsExactly(4L);
            assertThatThrownBy(() -> poll.token(1)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void refusalsNameTheDescriptor() throws Exception {
        try (EventPoll poll = EventPoll.open()) {
            assertThatThrownBy(() -> poll.remove(0)).hasMessageStartingWith("epoll_ctl(remove fd 0): ENOENT");
            assertThatThrownBy(() -> poll.add(1 << 20, 0)).hasMessageStartingWith("epoll_ctl(add fd 1048576): EBADF");
            assertThatThrownBy(() -> poll.add(0, EventPoll.RESERVED_TOKEN)).hasMessageContaining("reserved");
            assertThatThrownBy(() -> poll.await(-2)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void closeIsFinalAndRepeatable() throws Exception {
        EventPoll poll = EventPoll.open();
        poll.close();
        poll.close();
        poll.wake();
        assertThatThrownBy(() -> poll.await(0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> poll.add(0, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closeReleasesAWaitingThread() throws Exception {
        EventPoll poll = EventPoll.open();
        CountDownLatch waiting = new CountDownLatch(1);
        int[] tid = new int[1];
        FutureTask<Integer> waiter = new FutureTask<>(() -> {
            tid[0] = Affinity.gettid();
            waiting.countDown();
            return poll.await(-1);
        });
        Thread.ofPlatform().start(waiter);
        waiting.await();
        Path syscall = Path.of("/proc/self/task/" + tid[0] + "/syscall");
        assumeTrue(Files.isReadable(syscall) && poll.toString().contains("epoll_pwait2"), "cannot see who sleeps");
        while (!Files.readString(syscall).startsWith(Libc.SYS_EPOLL_PWAIT2 + " ")) {
            Thread.onSpinWait();
        }
        poll.close();
        assertThat(waiter.get(30, TimeUnit.SECONDS)).isZero();
    }

    /** A wake-up that came too late must not count up the event counter that took over its descriptor number. */
    @Test
    void aRacingWakeUpNeverReachesAStrangersDescriptor() throws Exception {
        for (int round = 0; round < 300; round++) {
            EventPoll victim = EventPoll.open();
            CountDownLatch go = new CountDownLatch(1);
            Thread waker = Thread.ofPlatform().start(() -> {
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                for (int i = 0; i < 50; i++) {
                    victim.wake();
                }
            });
            go.countDown();
            victim.close();
            try (EventPoll stranger = EventPoll.open()) {
                waker.join();
                assertThat(stranger.await(0)).isZero();
                try (EventPoll watcher = EventPoll.open()) {
                    watcher.add(stranger.fd(), 1);
                    assertThat(watcher.await(0)).as("round %d", round).isZero();
                }
            }
        }
    }

    @Test
    void wakingAndWaitingAllocateNothing() throws Exception {
        try (EventPoll poll = EventPoll.open()) {
            long bytesPerRound = Allocation.bytesPerOperation(20_000, () -> {
                poll.wake();
                poll.await(-1);
            });
            assertThat(bytesPerRound).isZero();
        }
    }

    @Test
    void layoutIsThatOfTheHeaders(@TempDir Path directory) throws Exception {
        new CHeaders()
                .include("sys/epoll.h", "sys/eventfd.h", "sys/syscall.h")
                .size("struct epoll_event", EventPoll.EVENT_BYTES)
                .offset("struct epoll_event, events", EventPoll.EVENT_EVENTS)
                .offset("struct epoll_event, data", EventPoll.EVENT_DATA)
                .value("EPOLL_CLOEXEC", EventPoll.EPOLL_CLOEXEC)
                .value("EPOLL_CTL_ADD", EventPoll.EPOLL_CTL_ADD)
                .value("EPOLL_CTL_DEL", EventPoll.EPOLL_CTL_DEL)
                .value("EPOLLIN", EventPoll.EPOLLIN)
                .value("(int) EPOLLET", EventPoll.EPOLLET)
                .value("EFD_NONBLOCK", Fds.EFD_NONBLOCK)
                .value("EFD_CLOEXEC", Fds.EFD_CLOEXEC)
                .macroIfDefined("SYS_epoll_pwait2", Libc.SYS_EPOLL_PWAIT2)
                .value("SYS_gettid", Libc.SYS_GETTID)
                .verify(directory);
    }

    private static List<Long> tokens(EventPoll poll, int count) {
        List<Long> tokens = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            tokens.add(poll.token(i));
        }
        return tokens;
    }
}
