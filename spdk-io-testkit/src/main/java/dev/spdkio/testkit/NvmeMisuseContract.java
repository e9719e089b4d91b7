// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.nvme.ControllerOptions;
import dev.spdkio.nvme.NvmeCompletion;
import dev.spdkio.nvme.NvmeController;
import dev.spdkio.nvme.NvmeNamespace;
import dev.spdkio.nvme.NvmeOperation;
import dev.spdkio.nvme.NvmeQueuePair;
import dev.spdkio.nvme.NvmeStatus;
import dev.spdkio.nvme.QueuePairOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What is refused, and how. */
interface NvmeMisuseContract {
    NvmeBed bed();

    private void refuses(Class<? extends Exception> type, ThrowingCallable call, String... parts) throws Exception {
        bed().on(() -> assertThatThrownBy(call).isInstanceOf(type).hasMessageContainingAll(parts));
    }

    @Test
    default void wrongRequestsAreRefusedBeforeTheyAreSubmitted() throws Exception {
        NvmeController c = bed().connect();
        NvmeController other = bed().connect(NvmeBed.options()
                .hostNqn("nqn.2016-06.io.spdk:other-host")
                .build());
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c);
        NvmeCompletion never = (s, _, _) -> {
            throw new AssertionError("a refused request ended: " + s);
        };
        int block = ns.blockSize();
        try (DmaBuf buf = bed().buffer(8L * block);
                DmaBuf odd = buf.slice(2, block)) {
            Class<IllegalArgumentException> wrong = IllegalArgumentException.class;
            refuses(wrong, () -> q.submitRead(ns, buf, -1, 1, never, null), "block -1");
            refuses(wrong, () -> q.submitRead(ns, buf, ns.blockCount(), 1, never, null), "" + ns.blockCount());
            refuses(wrong, () -> q.submitRead(ns, buf, Long.MAX_VALUE, 1, never, null), "" + Long.MAX_VALUE);
            refuses(wrong, () -> q.submitRead(ns, buf, 0, 0, never, null), "0 blocks");
            refuses(wrong, () -> q.submitRead(ns, buf, 0, 9, never, null), "too small");
            refuses(wrong, () -> q.submitWrite(ns, odd, 0, 1, never, null), "multiple of 4");
            refuses(wrong, () -> q.submitWriteZeroes(ns, 0, 65537, never, null), "65536");
            refuses(wrong, () -> q.submitRead(NvmeBed.namespace(other), buf, 0, 1, never, null), "another controller");
            refuses(wrong, () -> q.submit(NvmeOperation.FLUSH, ns, buf, 0, 0, 0, never, null), "no memory");
            refuses(wrong, () -> q.submit(NvmeOperation.COMMAND, ns, null, 0, 1, 0, never, null), "submitCommand");
            assertThatThrownBy(() -> q.submitFlush(ns, never, null)).isInstanceOf(WrongThreadException.class);
            assertThatThrownBy(() -> q.read(ns, buf, 0, 1)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> c.openQueuePair(QueuePairOptions.DEFAULT))
                    .isInstanceOf(WrongThreadException.class);
            assertThat(bed().on(q::inFlight)).isZero();
        }
    }

    @Test
    default void theLimitOfRequestsHasAName() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c, QueuePairOptions.DEFAULT.withMaxRequests(4));
        List<NvmeStatus> ends = new ArrayList<>();
        CompletableFuture<Void> all = new CompletableFuture<>();
        try (DmaBuf buf = bed().buffer(ns.blockSize())) {
            bed().on(() -> {
                for (int i = 0; i < 4; i++) {
                    q.submitRead(
                            ns,
                            buf,
                            0,
                            1,
                            (s, _, _) -> {
                                ends.add(s);
                                if (ends.size() == 4) {
                                    all.complete(null);
                                }
                            },
                            null);
                }
                assertThatThrownBy(() -> q.submitRead(ns, buf, 0, 1, (_, _, _) -> {}, null))
                        .isInstanceOfSatisfying(
                                LimitExceededException.class,
                                e -> assertThat(e.limit()).isEqualTo("maxRequests"));
                // Here, where none of them can have ended yet.
                return assertThatThrownBy(buf::close).isInstanceOf(IllegalStateException.class);
            });
            NvmeBed.await(all);
            assertThat(ends).containsOnly(NvmeStatus.SUCCESS);
        }
    }

    @Test
    default void queuePairsAreAsManyAsTheControllerGave() throws Exception {
        NvmeController c = bed().connect(NvmeBed.options().numIoQueues(2).build());
        NvmeQueuePair a = bed().open(c);
        bed().open(c);
        refuses(LimitExceededException.class, () -> c.openQueuePair(QueuePairOptions.DEFAULT), "numIoQueues");
        a.close();
        NvmeBed.await(a.closed());
        bed().open(c);
    }

    @Test
    default void aClosedQueuePairTakesNothingAndEndsWhatItHas() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c);
        List<NvmeStatus> ends = new ArrayList<>();
        try (DmaBuf buf = bed().buffer(ns.blockSize())) {
            bed().on(() -> {
                for (int i = 0; i < 100; i++) {
                    q.submitWrite(ns, buf, 0, 1, (s, _, _) -> ends.add(s), null);
                }
                q.close();
                q.close();
                return null;
            });
            NvmeBed.await(q.closed());
            assertThat(bed().on(() -> List.copyOf(ends))).hasSize(100);
            refuses(IllegalStateException.class, () -> q.submitFlush(ns, (_, _, _) -> {}, null), "closed");
        }
    }

    @Test
    default void aDetachedControllerTakesNothing() throws Exception {
        NvmeController c = bed().connect();
        NvmeQueuePair q = bed().open(c);
        CompletableFuture<Void> first = c.detach();
        NvmeBed.await(c.detach());
        NvmeBed.await(first);
        NvmeBed.await(q.closed());
        refuses(IllegalStateException.class, () -> c.openQueuePair(QueuePairOptions.DEFAULT), "DETACHED");
        assertThatThrownBy(() -> NvmeBed.await(c.reset())).cause().isInstanceOf(SpdkException.class);
    }

    @Test
    default void whatIsNotThereCannotBeConnected() throws Exception {
        ControllerOptions options = NvmeBed.options().build();
        String nqn = "nqn.2016-06.io.spdk:nobody";
        assertThatThrownBy(() -> NvmeBed.await(bed().driver
                        .connect(bed().thread, bed().target.transportId().withSubnqn(nqn), options)))
                .cause()
                .isInstanceOf(SpdkException.class)
                .hasMessageContaining(nqn);
    }
}
