// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.nvme.ControllerState;
import dev.spdkio.nvme.NvmeController;
import dev.spdkio.nvme.NvmeException;
import dev.spdkio.nvme.NvmeNamespace;
import dev.spdkio.nvme.NvmeQueuePair;
import dev.spdkio.nvme.QueuePairOptions;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Resets, and targets that are killed. */
interface NvmeLossContract {
    NvmeBed bed();

    @Test
    default void ioGoesOnThroughAReset() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c);
        try (NvmeLoad load = new NvmeLoad(bed(), q, ns, 32, 4096, 0)) {
            load.start();
            load.awaitMore(100);
            NvmeBed.await(CompletableFuture.allOf(c.reset(), c.reset()));
            assertThat(c.state()).isEqualTo(ControllerState.ONLINE);
            load.awaitMore(100);
            assertThat(load.failed()).as("%s", load.lastFailure()).isZero();
        }
        bed().awaitState(ControllerState.RECONNECTING);
        bed().awaitState(ControllerState.ONLINE);
    }

    @Test
    default void aKilledTargetComesBackWithItsData() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        SpdkThread other = bed().newThread("nvme-other");
        NvmeQueuePair a = bed().open(c);
        NvmeQueuePair b = bed().open(c, other, QueuePairOptions.DEFAULT);
        long kept = ns.blockCount() - 8;
        try (DmaBuf data = bed().filled(8L * ns.blockSize(), 0x5A);
                DmaBuf read = bed().buffer(8L * ns.blockSize());
                NvmeLoad one = new NvmeLoad(bed(), a, ns, 64, 4096, 0);
                NvmeLoad two = new NvmeLoad(bed(), b, ns, 64, 4096, 1024)) {
            NvmeBed.await(a.writeAsync(ns, data, kept, 8));
            NvmeBed.await(a.flushAsync(ns));
            one.start();
            two.start();
            one.awaitMore(200);
            two.awaitMore(200);
            bed().target.kill();
            bed().awaitState(ControllerState.RECONNECTING);
            CompletableFuture<Void> waits = a.readAsync(ns, read, kept, 8);
            assertThatThrownBy(() -> NvmeBed.await(c.adminAsync(NvmeCommand.of(0x06), read)))
                    .cause()
                    .isInstanceOf(NvmeException.class);
            bed().target.restart();
            bed().awaitState(ControllerState.ONLINE);
            NvmeBed.await(waits);
            assertThat(read.mismatch(data)).isEqualTo(-1);
            one.awaitMore(200);
            two.awaitMore(200);
            assertThat(one.failed() + two.failed())
                    .as("%s %s", one.lastFailure(), two.lastFailure())
                    .isZero();
        }
    }

    @Test
    default void withoutRetriesALossEndsRequestsWithAStatus() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c, QueuePairOptions.DEFAULT.withRetryCount(0));
        try (NvmeLoad load = new NvmeLoad(bed(), q, ns, 32, 4096, 0)) {
            load.start();
            load.awaitMore(100);
            bed().target.kill();
            bed().awaitState(ControllerState.RECONNECTING);
            load.stop();
        }
        bed().target.restart();
        bed().awaitState(ControllerState.ONLINE);
        try (NvmeLoad load = new NvmeLoad(bed(), q, ns, 32, 4096, 0)) {
            load.start();
            load.awaitMore(100);
        }
    }

    @Test
    default void aTargetThatStaysAwayIsRemoved() throws Exception {
        NvmeController c = bed().connect(
                        NvmeBed.options().lossTimeout(Duration.ofMillis(500)).build());
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c);
        try {
            try (NvmeLoad load = new NvmeLoad(bed(), q, ns, 32, 4096, 0);
                    DmaBuf buf = bed().buffer(ns.blockSize())) {
                load.start();
                load.awaitMore(100);
                bed().target.kill();
                bed().awaitState(ControllerState.RECONNECTING);
                load.stop();
                bed().awaitState(ControllerState.REMOVED);
                assertThatThrownBy(() -> NvmeBed.await(q.readAsync(ns, buf, 0, 1)))
                        .cause()
                        .isInstanceOf(NvmeException.class);
                assertThatThrownBy(() -> bed().open(c)).cause().isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> NvmeBed.await(c.reset())).isNotNull();
            }
            NvmeBed.await(c.detach());
        } finally {
            bed().target.restart();
        }
        NvmeController again = bed().connect();
        assertThat(Objects.requireNonNull(again).state()).isEqualTo(ControllerState.ONLINE);
    }

    @Test
    default void aSilentTargetIsNoticedByTheTimeout() throws Exception {
        NvmeController c = bed().connect(
                        NvmeBed.options().ioTimeout(Duration.ofMillis(500)).build());
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c, QueuePairOptions.DEFAULT.withRetryCount(1000));
        try (NvmeLoad load = new NvmeLoad(bed(), q, ns, 8, 4096, 0)) {
            load.start();
            load.awaitMore(100);
            bed().target.suspend();
            try {
                bed().awaitState(ControllerState.RECONNECTING);
            } finally {
                bed().target.resume();
            }
            bed().awaitState(ControllerState.ONLINE);
            load.awaitMore(100);
            assertThat(load.failed()).as("%s", load.lastFailure()).isZero();
        }
    }

    @Test
    default void itCanBeDetachedWhileItReconnects() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c);
        bed().target.kill();
        try {
            bed().awaitState(ControllerState.RECONNECTING);
            try (DmaBuf buf = bed().buffer(ns.blockSize())) {
                CompletableFuture<Void> waits = q.readAsync(ns, buf, 0, 1);
                NvmeBed.await(c.detach());
                assertThatThrownBy(() -> NvmeBed.await(waits)).cause().isInstanceOf(NvmeException.class);
            }
        } finally {
            bed().target.restart();
        }
    }
}
