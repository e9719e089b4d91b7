// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which thread may use a ring, and who submits. */
@Timeout(60)
class IoUringModeTest {
    private final List<Long> seen = new ArrayList<>();
    private final CompletionSink collect = (userData, _, _) -> seen.add(userData);

    @BeforeEach
    void needsIoUring() {
        assumeTrue(IoUring.isAvailable(), () -> String.valueOf(IoUring.unavailabilityCause()));
    }

    @Test
    void aBoundRingRefusesOtherThreadsAndSurvivesThat() throws Exception {
        try (IoUring ring = IoUring.create(IoUring.Config.of(8))) {
            ring.prepNop(1);
            List<Callable<?>> attempts = List.of(
                    ring::submit,
                    () -> ring.poll(collect),
                    () -> ring.reap(collect, 1),
                    ring::sqSpace,
                    () -> ring.registerFile(0),
                    () -> {
                        ring.prepNop(2);
                        return null;
                    },
                    () -> {
                        ring.close();
                        return null;
                    });
            for (Callable<?> attempt : attempts) {
                assertThatThrownBy(() -> onNewThread(attempt))
                        .cause()
                        .isInstanceOf(WrongThreadException.class)
                        .hasMessageContaining(Thread.currentThread().getName());
            }
            assertThat(ring.poll(collect)).isEqualTo(1);
        }
    }

    @Test
    void aMovableRingGoesFromThreadToThread() throws Exception {
        try (IoUring ring = IoUring.create(IoUring.Config.of(8).withMovable(true))) {
            for (long i = 0; i < 20; i++) {
                long userData = i;
                onNewThread(() -> {
                    ring.prepNop(userData);
                    return ring.submit();
                });
                onNewThread(() -> ring.reap(collect, 1));
            }
            assertThat(seen).hasSize(20).isSorted();
        }
    }

    /** A read that waits is submitted by one thread and completes while another one, alive, owns the ring. */
    @Test
    void whatOneThreadSubmittedCompletesOnAnother() throws Exception {
        try (Arena arena = Arena.ofShared();
                BlockingEvent event = BlockingEvent.create();
                IoUring ring = IoUring.create(IoUring.Config.of(8).withMovable(true))) {
            long address = arena.allocate(8, 8).address();
            ring.prepRead(event.fd(), false, address, 8, 0, 7);
            assertThat(ring.submit()).isEqualTo(1);
            onNewThread(() -> {
                event.signal();
                while (ring.reap(collect, 1) == 0) {
                    Thread.onSpinWait();
                }
                return null;
            });
            assertThat(seen).containsExactly(7L);
        }
    }

    @Test
    void aDisabledRingBelongsToWhoeverEnablesIt() throws Exception {
        IoUring ring = IoUring.create(IoUring.Config.of(8).withStartDisabled(true));
        ring.prepNop(1);
        assertThatThrownBy(ring::submit)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("not enabled");
        onNewThread(() -> {
            ring.enable();
            ring.enable();
            assertThat(ring.poll(collect)).isEqualTo(1);
            assertThat(ring.toString()).contains("bound to " + Thread.currentThread());
            ring.close();
            return null;
        });
        assertThat(seen).containsExactly(1L);
    }

    @Test
    void aDisabledRingCanBeClosedUnused() throws Exception {
        IoUring ring = IoUring.create(IoUring.Config.of(8).withStartDisabled(true));
        ring.prepNop(1);
        ring.close();
        assertThat(ring.toString()).contains("closed");
    }

    @Test
    void aVirtualThreadCannotBindARing() throws Exception {
        FutureTask<IoUring> task = new FutureTask<>(() -> IoUring.create(IoUring.Config.of(8)));
        Thread.ofVirtual().start(task);
        assertThatThrownBy(task::get)
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("movable");
    }

    @Test
    void aRingWhoseOwnerHasEndedCanBeClosedByAnyone() throws Exception {
        IoUring ring = onNewThread(() -> IoUring.create(IoUring.Config.of(8)));
        ring.close();
        assertThat(ring.toString()).contains("closed");
    }

    @Test
    void aKernelThreadSubmitsWhenAsked() throws Exception {
        try (IoUring ring = IoUring.create(IoUring.Config.of(8).withSqPoll(-1, 1))) {
            assertThat(ring.features()).contains("SQPOLL");
            int next = 0;
            while (seen.size() < 200) {
                while (next < 200 && ring.hasSpace()) {
                    ring.prepNop(next++);
                }
                ring.poll(collect);
                Thread.onSpinWait();
            }
            ring.prepNop(200);
            ring.submitAndGet(1);
            assertThat(ring.reap(collect, 1)).isEqualTo(1);
            assertThat(seen).hasSize(201).isSorted();
            assertThat(ring.inFlight()).isZero();
        }
    }

    private static <T> T onNewThread(Callable<T> body) throws InterruptedException, ExecutionException {
        FutureTask<T> task = new FutureTask<>(body);
        Thread thread = Thread.ofPlatform().start(task);
        thread.join();
        return task.get();
    }
}
