// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The queues themselves, without files. */
@Timeout(60)
class IoUringTest {
    private final List<Long> seen = new ArrayList<>();
    private final CompletionSink collect = (userData, res, _) -> {
        assertThat(res).isZero();
        seen.add(userData);
    };

    @BeforeEach
    void needsIoUring() {
        assumeTrue(IoUring.isAvailable(), () -> String.valueOf(IoUring.unavailabilityCause()));
    }

    @Test
    void isAvailableExactlyWithoutACause() {
        assertThat(IoUring.unavailabilityCause()).isNull();
        assertThat(IoUring.isAvailable()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBatchComesBackInOneRound(boolean movable) throws Exception {
        try (IoUring ring = IoUring.create(IoUring.Config.of(64).withMovable(movable))) {
            for (int i = 0; i < 64; i++) {
                assertThat(ring.sqSpace()).isEqualTo(64 - i);
                ring.prepNop(i);
            }
            assertThat(ring.hasSpace()).isFalse();
            assertThat(ring.inFlight()).isZero();
            assertThat(ring.submit()).isEqualTo(64);
            assertThat(ring.inFlight()).isEqualTo(64);
            assertThat(ring.reap(collect, 10)).isEqualTo(10);
            assertThat(ring.reap(collect, Integer.MAX_VALUE)).isEqualTo(54);
            assertThat(ring.inFlight()).isZero();
            assertThat(seen).isEqualTo(LongStream.range(0, 64).boxed().toList());
        }
    }

    @Test
    void userDataTravelsUnchanged() throws Exception {
        try (IoUring ring = IoUring.create(IoUring.Config.of(4))) {
            ring.prepNop(-1);
            ring.prepNop(Long.MIN_VALUE);
            ring.prepNop(0x1234_5678_9abc_def0L);
            assertThat(ring.poll(collect)).isEqualTo(3);
            assertThat(seen).containsExactly(-1L, Long.MIN_VALUE, 0x1234_5678_9abc_def0L);
        }
    }

    @Test
    void aFullQueueIsRefusedByNameAndRecovers() throws Exception {
        try (IoUring ring = IoUring.create(IoUring.Config.of(2))) {
            ring.prepNop(1);
            ring.prepNop(2);
            assertThatThrownBy(() -> ring.prepNop(3))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("2 entries");
            assertThat(ring.poll(collect)).isEqualTo(2);
            ring.prepNop(3);
            assertThat(ring.poll(collect)).isEqualTo(1);
            assertThat(seen).containsExactly(1L, 2L, 3L);
        }
    }

    @Test
    void aBacklogLargerThanTheQueueWrapsAroundIt() throws Exception {
        int total = 10_000;
        try (IoUring ring = IoUring.create(IoUring.Config.of(8))) {
            int next = 0;
            while (seen.size() < total) {
                while (next < total && ring.hasSpace()) {
                    ring.prepNop(next++);
                }
                ring.poll(collect);
            }
            assertThat(seen).isEqualTo(LongStream.range(0, total).boxed().toList());
        }
    }

    /** The kernel keeps aside what the completion queue has no room for; it must all arrive, in order. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anOverflowingCompletionQueueLosesNothing(boolean movable) throws Exception {
        int total = 100;
        try (IoUring ring = IoUring.create(IoUring.Config.of(4).withCqEntries(4).withMovable(movable))) {
            for (int i = 0; i < total; i++) {
                ring.prepNop(i);
                while (ring.submit() == 0) {
                    assertThat(ring.reap(collect, 1)).isPositive(); // older kernels want room first
                }
            }
            assertThat(ring.inFlight() + seen.size()).isEqualTo(total);
            while (ring.inFlight() > 0) {
                assertThat(ring.reap(collect, Integer.MAX_VALUE)).isPositive();
            }
            assertThat(seen).isEqualTo(LongStream.range(0, total).boxed().toList());
            assertThat(ring.reap(collect, Integer.MAX_VALUE)).isZero();
        }
    }

    @Test
    void anExceptionOfTheSinkLosesAndRepeatsNothing() throws Exception {
        try (IoUring ring = IoUring.create(IoUring.Config.of(8))) {
            for (int i = 0; i < 8; i++) {
                ring.prepNop(i);
            }
            ring.submit();
            CompletionSink fragile = (userData, _, _) -> {
                seen.add(userData);
                if (userData % 3 == 1) {
                    throw new IllegalArgumentException("no " + userData);
                }
            };
            for (long culprit = 1; culprit < 8; culprit += 3) {
                long expected = culprit;
                assertThatThrownBy(() -> ring.poll(fragile)).hasMessage("no " + expected);
            }
            assertThat(ring.poll(fragile)).isZero();
            assertThat(seen).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L);
            assertThat(ring.inFlight()).isZero();
            ring.prepNop(9);
            assertThat(ring.poll(fragile)).isEqualTo(1);
        }
    }

    @Test
    void aSinkMaySubmitAndReapButNotClose() throws Exception {
        try (IoUring ring = IoUring.create(IoUring.Config.of(8))) {
            for (int i = 0; i < 3; i++) {
                ring.prepNop(i);
            }
            CompletionSink nested = (userData, _, _) -> {
                seen.add(userData);
                if (userData == 0) {
                    assertThatThrownBy(ring::close).isInstanceOf(IllegalStateException.class);
                    ring.prepNop(3);
                    assertThat(ring.poll(collect)).isEqualTo(3);
                }
            };
            assertThat(ring.poll(nested)).isEqualTo(1);
            assertThat(seen).containsExactly(0L, 1L, 2L, 3L);
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void waitingForMoreThanCanComeDoesNotHang() throws Exception {
        try (IoUring ring = IoUring.create(IoUring.Config.of(8))) {
            assertThat(ring.submitAndGet(5)).isZero();
            ring.prepNop(1);
            assertThat(ring.submitAndGet(5)).isEqualTo(1);
            assertThat(ring.reap(collect, 8)).isEqualTo(1);
        }
    }

    @Test
    void completionsWakeAnEventPollThroughTheRingsDescriptor() throws Exception {
        try (IoUring ring = IoUring.create(IoUring.Config.of(8));
                EventPoll poll = EventPoll.open()) {
            poll.add(ring.fd(), 5);
            assertThat(poll.await(0)).isZero();
            ring.prepNop(1);
            ring.submit();
            assertThat(poll.await(-1)).isEqualTo(1);
            assertThat(poll.token(0)).isEqualTo(5);
            assertThat(poll.await(0)).as("told once").isZero();
            ring.reap(collect, 8);
            ring.prepNop(2);
            assertThat(ring.submit()).isEqualTo(1);
            assertThat(poll.await(-1)).isEqualTo(1);
            assertThatThrownBy(() -> ring.registerEventFd(0)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aRingThatIsPolledBusilyDoesNotSignal() throws Exception {
        assumeTrue(Platform.isX86(), "elsewhere signals cannot be switched safely");
        try (IoUring ring = IoUring.create(IoUring.Config.of(8));
                EventPoll poll = EventPoll.open()) {
            assumeTrue(ring.features().contains("DEFER_TASKRUN"), "needs Linux 6.1");
            poll.add(ring.fd(), 5);
            ring.prepNop(1);
            assertThat(ring.poll(collect)).isEqualTo(1);
            assertThat(poll.await(0)).as("somebody might have slept").isEqualTo(1);
            ring.prepNop(2);
            assertThat(ring.poll(collect)).isEqualTo(1);
            assertThat(poll.await(0)).as("the ring had just been found busy").isZero();
            assertThat(ring.poll(collect)).isZero();
            ring.prepNop(3);
            ring.submit();
            assertThat(poll.await(0)).as("the ring had been found empty").isEqualTo(1);
        }
    }

    @Test
    void completionsCountUpARegisteredEventDescriptor() throws Exception {
        try (IoUring ring = IoUring.create(IoUring.Config.of(8));
                BlockingEvent event = BlockingEvent.create();
                EventPoll poll = EventPoll.open()) {
            poll.add(event.fd(), 5);
            ring.registerEventFd(event.fd());
            assertThat(poll.await(0)).isZero();
            ring.prepNop(1);
            ring.submit();
            assertThat(poll.await(-1)).isEqualTo(1);
            event.take();
            assertThatThrownBy(ring::fd).isInstanceOf(IllegalStateException.class);
            ring.unregisterEventFd();
            ring.prepNop(2);
            ring.submit();
            assertThat(poll.await(0)).isZero();
        }
    }

    @Test
    void aReactorThreadSleepsOnRingAndMessagesAtOnce() throws Exception {
        try (EventPoll poll = EventPoll.open()) {
            CountDownLatch ready = new CountDownLatch(1);
            FutureTask<Integer> reactor = new FutureTask<>(() -> {
                try (IoUring ring = IoUring.create(IoUring.Config.of(8))) {
                    poll.add(ring.fd(), 5);
                    ready.countDown();
                    int devices = poll.await(-1);
                    poll.remove(ring.fd());
                    return devices;
                }
            });
            Thread.ofPlatform().start(reactor);
            ready.await();
            poll.wake();
            assertThat(reactor.get(30, TimeUnit.SECONDS))
                    .as("a message, no device")
                    .isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 32})
    void theHotLoopAllocatesNothing(int batch) throws Exception {
        long[] sum = new long[1];
        long[] rounds = new long[1];
        CompletionSink sink = (userData, res, _) -> sum[0] += userData + res;
        try (IoUring ring = IoUring.create(IoUring.Config.of(32))) {
            long bytes = Allocation.bytesPerOperation(20_000, () -> {
                rounds[0]++;
                for (int i = 0; i < batch; i++) {
                    ring.prepNop(i);
                }
                ring.poll(sink);
            });
            assertThat(bytes).isZero();
            assertThat(sum[0]).isEqualTo(batch * (batch - 1L) / 2 * rounds[0]);
        }
    }

    @Test
    void afterCloseEveryCallIsRefused() throws Exception {
        IoUring ring = IoUring.create(IoUring.Config.of(8));
        ring.prepNop(1);
        ring.close();
        ring.close();
        assertThatThrownBy(() -> ring.prepNop(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(ring::submit).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> ring.poll(collect)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(ring::fd).isInstanceOf(IllegalStateException.class);
        assertThat(ring.toString()).contains("closed");
        assertThat(ring.features()).contains("setup");
    }

    @Test
    void closingReleasesDescriptorsAndMemory() throws Exception {
        IoUring.create(IoUring.Config.of(8)).close();
        int descriptors = openDescriptors();
        for (int i = 0; i < 100; i++) {
            try (IoUring ring = IoUring.create(IoUring.Config.of(4096))) {
                assertThat(ring.fd()).isPositive();
                ring.prepNop(i);
                ring.submit();
            }
        }
        assertThat(openDescriptors()).isLessThan(descriptors + 50);
        assertThat(Files.readAllLines(Path.of("/proc/self/maps"))).noneMatch(line -> line.contains("io_uring"));
    }

    @Test
    void stringsTellModeAndPreparedOperations() throws Exception {
        try (IoUring ring = IoUring.create(IoUring.Config.of(8).withCqEntries(32))) {
            ring.prepRead(77, false, 0, 512, 4096, 0xbeef);
            ring.prepFsync(3, true, true, 1);
            assertThat(ring.toString())
                    .contains("8/32 entries", "in flight 0", "bound to " + Thread.currentThread())
                    .contains("READ fd 77 off 4096 len 512 userData 0xbeef")
                    .contains("FSYNC slot 3");
            assertThat(ring.features()).contains("CQSIZE", "NODROP", "SINGLE_MMAP");
            assertThat(ring.supportedOps()).containsExactly(IoUringOp.values());
        }
    }

    private static int openDescriptors() {
        return Objects.requireNonNull(new File("/proc/self/fd").list()).length;
    }
}
