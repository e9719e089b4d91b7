// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.nvme.NvmeOperation;
import dev.spdkio.nvme.NvmeStatus;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A queue whose driver does what the test says. */
class RequestQueueTest {
    private static final int LOST = NvmeStatus.raw(NvmeStatus.SCT_GENERIC, NvmeStatus.SC_ABORTED_SQ_DELETION);

    private final SimulatedRuntime runtime = SimulatedRuntime.create(1, 1);
    private final SpdkThread thread = runtime.createThread("test");
    private final DmaPool pool = DmaPool.builder().name("test").build();
    private final DmaBuf buf = pool.allocate(4096);
    private final List<String> ends = new ArrayList<>();
    private final Driver q = new Driver();

    private final class Driver extends RequestQueue {
        final Deque<Integer> started = new ArrayDeque<>();
        Policy policy = Policy.START;
        int room = Integer.MAX_VALUE;
        int refusal = -Errno.ENOMEM;
        int losses;

        Driver() {
            super(thread, "most", 8, 2);
        }

        @Override
        protected int start(NvmeRequest r) {
            if (started.size() >= room) {
                return refusal;
            }
            started.add(r.slot());
            return 0;
        }

        @Override
        protected Policy policy() {
            return policy;
        }

        @Override
        protected void lost() {
            losses++;
        }

        void submit(NvmeOperation op, String name) {
            NvmeCommand own = op == NvmeOperation.COMMAND ? NvmeCommand.of(1) : null;
            submitChecked(op, null, own, buf, null, 0, 1, 0, (s, _, u) -> ends.add(u + " " + s.name()), name);
        }

        void endNext(int status) {
            ended(started.remove(), status, 0);
        }

        boolean tell() {
            return drain();
        }

        void leave() {
            policy = Policy.WAIT;
            started.clear();
            endStarted();
        }
    }

    @AfterEach
    void nothingIsInFlight() {
        asThread(() -> {
            assertThat(q.requestsInFlight()).isZero();
            assertThat(buf.pins()).isZero();
        });
        buf.close();
        pool.close();
        runtime.close();
    }

    private void asThread(Runnable r) {
        Object _ = runtime.call(thread, () -> {
            r.run();
            return null;
        });
    }

    @Test
    void tellsEachEndOnceAndNeverInsideTheSubmit() {
        asThread(() -> {
            q.submit(NvmeOperation.READ, "a");
            assertThat(buf.pins()).isEqualTo(1);
            q.endNext(0);
            q.ended(0, 0, 0);
            assertThat(ends).isEmpty();
            assertThat(q.tell()).isTrue();
            assertThat(q.tell()).isFalse();
            assertThat(ends).containsExactly("a Successful completion");
        });
    }

    @Test
    void waitsInOrderForRoom() {
        asThread(() -> {
            q.room = 1;
            for (String name : List.of("a", "b", "c")) {
                q.submit(NvmeOperation.WRITE, name);
            }
            assertThat(q.started).hasSize(1);
            for (int i = 0; i < 3; i++) {
                q.endNext(0);
                q.tell();
            }
            assertThat(ends).extracting(e -> e.substring(0, 1)).containsExactly("a", "b", "c");
        });
    }

    @Test
    void endsWhatWillNeverHaveRoom() {
        asThread(() -> {
            q.room = 0;
            q.submit(NvmeOperation.WRITE, "a");
            q.tell();
            assertThat(ends).containsExactly("a Internal error");
        });
    }

    @Test
    void sendsAgainAfterALossButNotForEver() {
        asThread(() -> {
            q.submit(NvmeOperation.WRITE, "a");
            q.submit(NvmeOperation.COMMAND, "own");
            for (int loss = 0; loss < 3; loss++) {
                q.leave();
                q.tell();
                q.policy = RequestQueue.Policy.START;
                q.tell();
            }
            assertThat(ends)
                    .containsExactly(
                            "own Command aborted due to submission queue deletion",
                            "a Command aborted due to submission queue deletion");
        });
    }

    @Test
    void keepsTheOrderOfWhatWaitsWhenTheConnectionIsLostAtTheFirst() {
        asThread(() -> {
            q.policy = RequestQueue.Policy.WAIT;
            for (String name : List.of("a", "b", "c")) {
                q.submit(NvmeOperation.WRITE, name);
            }
            q.policy = RequestQueue.Policy.START;
            q.room = 0;
            q.refusal = -Errno.ENXIO;
            q.tell();
            assertThat(q.losses).isPositive();
            q.room = 3;
            while (q.requestsInFlight() > 0) {
                while (!q.started.isEmpty()) {
                    q.endNext(0);
                }
                q.tell();
            }
            assertThat(ends).hasSize(3);
        });
    }

    @Test
    void failsAllWhenItIsOver() {
        asThread(() -> {
            q.room = 1;
            q.submit(NvmeOperation.WRITE, "a");
            q.submit(NvmeOperation.WRITE, "b");
            q.policy = RequestQueue.Policy.FAIL;
            q.endNext(LOST);
            q.tell();
            q.submit(NvmeOperation.WRITE, "c");
            q.tell();
            q.tell();
            assertThat(ends)
                    .containsExactly(
                            "a Command aborted due to submission queue deletion",
                            "b Command aborted due to submission queue deletion",
                            "c Host path error");
        });
    }

    @Test
    void hasALimit() {
        asThread(() -> {
            for (int i = 0; i < 8; i++) {
                q.submit(NvmeOperation.READ, "" + i);
            }
            assertThatThrownBy(() -> q.submit(NvmeOperation.READ, "more"))
                    .isInstanceOf(LimitExceededException.class)
                    .hasMessageContaining("most = 8");
            while (!q.started.isEmpty()) {
                q.endNext(0);
            }
            q.tell();
        });
    }
}
