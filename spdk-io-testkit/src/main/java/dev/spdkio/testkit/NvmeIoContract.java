// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.nvme.ControllerData;
import dev.spdkio.nvme.ControllerState;
import dev.spdkio.nvme.DiscoveryEntry;
import dev.spdkio.nvme.NamespaceData;
import dev.spdkio.nvme.NvmeController;
import dev.spdkio.nvme.NvmeException;
import dev.spdkio.nvme.NvmeNamespace;
import dev.spdkio.nvme.NvmeOperation;
import dev.spdkio.nvme.NvmeQueuePair;
import dev.spdkio.nvme.NvmeStatus;
import dev.spdkio.nvme.QueuePairOptions;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Controllers, namespaces and I/O as long as nothing goes wrong. */
interface NvmeIoContract {
    NvmeBed bed();

    @Test
    default void aControllerSaysWhatItIs() throws Exception {
        NvmeController c = bed().connect();
        ControllerData data = c.data();
        assertThat(c.state()).isEqualTo(ControllerState.ONLINE);
        assertThat(c.thread()).isSameAs(bed().thread);
        assertThat(c.transportId()).isEqualTo(bed().target.transportId());
        assertThat(data.serialNumber()).isNotEmpty();
        assertThat(data.modelNumber()).isNotEmpty();
        assertThat(data.version()).isGreaterThanOrEqualTo(0x10200);
        assertThat(data.namespaceCount()).isPositive();
        if (c.transportId().isFabrics()) {
            assertThat(data.subsystemNqn()).isEqualTo(c.transportId().subnqn());
        }
        NvmeNamespace ns = NvmeBed.namespace(c);
        NamespaceData nsData = ns.data();
        assertThat(ns.isActive()).isTrue();
        assertThat(ns.blockCount()).isEqualTo(nsData.sizeBlocks());
        assertThat(ns.blockSize()).isEqualTo(nsData.lbaFormat().dataBytes());
        assertThat(nsData.lbaFormats()).contains(nsData.lbaFormat());
        assertThat(ns.sizeBytes()).isGreaterThanOrEqualTo(NvmeTestTarget.MIN_BYTES);
        assertThat(ns.maxTransferBytes()).isGreaterThanOrEqualTo(ns.blockSize());
        assertThat(c.namespaces()).containsExactly(ns);
    }

    @Test
    default void adminCommandsGoThrough() throws Exception {
        NvmeController c = bed().connect();
        try (DmaBuf buf = bed().buffer(4096)) {
            NvmeCommand identify = NvmeCommand.of(0x06).withCdw(10, 1);
            assertThat(NvmeBed.await(c.adminAsync(identify, buf))).isZero();
            assertThat(ControllerData.of(buf.segment()).serialNumber())
                    .isEqualTo(c.data().serialNumber());
            assertThatThrownBy(() -> NvmeBed.await(c.adminAsync(NvmeCommand.of(0xFF), buf)))
                    .cause()
                    .isInstanceOfSatisfying(
                            NvmeException.class,
                            e -> assertThat(e.status().is(NvmeStatus.SCT_GENERIC, 1))
                                    .as("%s", e.status())
                                    .isTrue());
        }
    }

    @Test
    default void theThreeStylesWriteAndRead() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c);
        int blocks = 8;
        int bytes = blocks * ns.blockSize();
        try (DmaBuf data = bed().buffer(bytes);
                DmaBuf read = bed().buffer(bytes)) {
            for (int style = 0; style < 3; style++) {
                data.fill((byte) (style + 1));
                read.fill((byte) 0);
                long lba = 8L * style;
                switch (style) {
                    case 0 -> {
                        CompletableFuture<NvmeStatus> end = new CompletableFuture<>();
                        q.thread()
                                .send(() -> q.submitWrite(
                                        ns,
                                        data,
                                        lba,
                                        blocks,
                                        (s, _, u) -> {
                                            assertThat(u).isSameAs(data);
                                            q.submitRead(
                                                    ns,
                                                    read,
                                                    lba,
                                                    blocks,
                                                    (t, _, _) -> end.complete(s.isSuccess() ? t : s),
                                                    null);
                                        },
                                        data));
                        assertThat(NvmeBed.await(end)).isSameAs(NvmeStatus.SUCCESS);
                    }
                    case 1 -> {
                        NvmeBed.await(q.writeAsync(ns, data, lba, blocks));
                        NvmeBed.await(q.readAsync(ns, read, lba, blocks));
                    }
                    default ->
                        bed().inTask(() -> {
                            q.write(ns, data, lba, blocks);
                            q.flush(ns);
                            q.read(ns, read, lba, blocks);
                            return null;
                        });
                }
                assertThat(read.mismatch(data)).as("style " + style).isEqualTo(-1);
            }
        }
    }

    @Test
    default void vectorsOfUnevenPiecesCarryTheSameBytes() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c);
        int bytes = 8 * ns.blockSize();
        try (DmaBuf data = bed().buffer(bytes);
                DmaBuf read = bed().buffer(bytes)) {
            for (int i = 0; i < bytes; i++) {
                data.segment().set(ValueLayout.JAVA_BYTE, i, (byte) ((i * 31) >> 3));
            }
            IoVec out = IoVec.builder()
                    .add(data, 0, 512)
                    .add(data, 512, 1024)
                    .add(data, 1536, bytes - 1536)
                    .build();
            IoVec in = IoVec.builder()
                    .add(read, 0, bytes - 512)
                    .add(read, bytes - 512, 512)
                    .build();
            CompletableFuture<NvmeStatus> end = new CompletableFuture<>();
            q.thread()
                    .send(() -> q.submitWritev(
                            ns,
                            out,
                            64,
                            (s, _, _) -> {
                                q.submitReadv(ns, in, 64, (t, _, _) -> end.complete(s.isSuccess() ? t : s), null);
                            },
                            null));
            assertThat(NvmeBed.await(end)).isSameAs(NvmeStatus.SUCCESS);
            assertThat(read.mismatch(data)).isEqualTo(-1);
        }
    }

    @Test
    default void longTransfersAreSplit() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c);
        int bytes = 4 << 20;
        assertThat(bytes).isGreaterThan(ns.maxTransferBytes());
        try (DmaBuf data = bed().buffer(bytes);
                DmaBuf read = bed().buffer(bytes)) {
            for (int i = 0; i < bytes; i += 4) {
                data.segment().set(ValueLayout.JAVA_INT, i, i);
            }
            NvmeBed.await(q.writeAsync(ns, data, 0, bytes / ns.blockSize()));
            NvmeBed.await(q.readAsync(ns, read, 0, bytes / ns.blockSize()));
            assertThat(read.mismatch(data)).isEqualTo(-1);
        }
    }

    /** Whether the target has a status of its own for a compare that finds other data. */
    default boolean tellsMiscompares() {
        return true;
    }

    @Test
    default void theOtherOperationsDoWhatTheySay() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c);
        int bytes = 8 * ns.blockSize();
        try (DmaBuf data = bed().filled(bytes, 7);
                DmaBuf zeroes = bed().filled(bytes, 0)) {
            NvmeBed.await(q.writeAsync(ns, data, 128, 8));
            NvmeBed.await(q.flushAsync(ns));
            if (ns.supports(NvmeOperation.COMPARE)) {
                NvmeBed.await(q.compareAsync(ns, data, 128, 8));
                assertThatThrownBy(() -> NvmeBed.await(q.compareAsync(ns, zeroes, 128, 8)))
                        .cause()
                        .isInstanceOfSatisfying(
                                NvmeException.class,
                                e -> assertThat(e.status().isMiscompare())
                                        .as("%s", e.status())
                                        .isEqualTo(tellsMiscompares()));
            }
            if (ns.supports(NvmeOperation.WRITE_ZEROES)) {
                NvmeBed.await(q.writeZeroesAsync(ns, 128, 8));
                NvmeBed.await(q.readAsync(ns, data, 128, 8));
                assertThat(data.mismatch(zeroes)).isEqualTo(-1);
            }
            if (ns.supports(NvmeOperation.DEALLOCATE)) {
                NvmeBed.await(q.deallocateAsync(ns, 128, 8));
            } else {
                assertThatThrownBy(() -> NvmeBed.await(q.deallocateAsync(ns, 128, 8)))
                        .cause()
                        .isInstanceOf(UnsupportedOperationException.class);
            }
        }
    }

    @Test
    default void commandsOfOnesOwnGoThrough() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c);
        try (DmaBuf data = bed().filled(ns.blockSize(), 9);
                DmaBuf read = bed().filled(ns.blockSize(), 0)) {
            NvmeBed.await(q.commandAsync(NvmeCommand.of(0x01).withNsid(1).withCdw(10, 5), data));
            bed().inTask(() -> q.command(NvmeCommand.of(0x02).withNsid(1).withCdw(10, 5), read));
            assertThat(read.mismatch(data)).isEqualTo(-1);
            assertThatThrownBy(() -> NvmeBed.await(
                            q.commandAsync(NvmeCommand.of(0x02).withNsid(99).withCdw(10, 5), read)))
                    .cause()
                    .isInstanceOfSatisfying(
                            NvmeException.class,
                            e -> assertThat(e.status().is(NvmeStatus.SCT_GENERIC, 0x0B))
                                    .as("%s", e.status())
                                    .isTrue());
        }
    }

    @Test
    default void moreThanTheQueueTakesWaitInOrder() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        NvmeQueuePair q = bed().open(c, QueuePairOptions.DEFAULT.withQueue(8, 16));
        try (NvmeLoad load = new NvmeLoad(bed(), q, ns, 600, ns.blockSize(), 0)) {
            load.start();
            load.awaitMore(1_200);
            assertThat(load.failed()).as("%s", load.lastFailure()).isZero();
        }
    }

    @Test
    default void eachThreadHasItsOwnQueuePair() throws Exception {
        NvmeController c = bed().connect();
        NvmeNamespace ns = NvmeBed.namespace(c);
        SpdkThread other = bed().newThread("nvme-other");
        NvmeQueuePair a = bed().open(c);
        NvmeQueuePair b = bed().open(c, other, QueuePairOptions.DEFAULT);
        try (NvmeLoad one = new NvmeLoad(bed(), a, ns, 16, 4096, 0);
                NvmeLoad two = new NvmeLoad(bed(), b, ns, 16, 4096, 1024)) {
            one.start();
            two.start();
            one.awaitMore(1_000);
            two.awaitMore(1_000);
            assertThat(one.failed() + two.failed()).isZero();
        }
        b.close();
        NvmeBed.await(b.closed());
    }

    @Test
    default void discoveryFindsTheController() throws Exception {
        assumeTrue(bed().target.transportId().isFabrics(), "the controller is on no fabric");
        List<DiscoveryEntry> entries = NvmeBed.await(bed().driver
                .discover(
                        bed().thread,
                        bed().target.transportId().withSubnqn(""),
                        NvmeBed.options().build()));
        assertThat(entries)
                .extracting(DiscoveryEntry::transportId)
                .contains(bed().target.transportId());
        List<NvmeController> none = NvmeBed.await(bed().driver
                .probe(
                        bed().thread,
                        bed().target.transportId().withSubnqn(""),
                        _ -> false,
                        NvmeBed.options().build()));
        assertThat(none).isEmpty();
        List<NvmeController> found = NvmeBed.await(bed().driver
                .probe(
                        bed().thread,
                        bed().target.transportId().withSubnqn(""),
                        bed().target.transportId()::equals,
                        NvmeBed.options().build()));
        assertThat(found).hasSize(1);
        NvmeBed.await(found.getFirst().detach());
    }

    @Test
    default void namespacesComeAndGo() throws Exception {
        NvmeController c = bed().connect();
        bed().target.addNamespace();
        assertThat(bed().namespaces.poll(NvmeBed.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .containsExactly(1, 2);
        NvmeNamespace second = c.namespace(2).orElseThrow();
        NvmeQueuePair q = bed().open(c);
        try (DmaBuf data = bed().filled(second.blockSize(), 1)) {
            NvmeBed.await(q.writeAsync(second, data, 0, 1));
            bed().target.removeNamespace();
            assertThat(bed().namespaces.poll(NvmeBed.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .containsExactly(1);
            assertThat(second.isActive()).isFalse();
            assertThatThrownBy(() -> NvmeBed.await(q.writeAsync(second, data, 0, 1)))
                    .cause()
                    .isInstanceOf(NvmeException.class);
            NvmeBed.await(q.writeAsync(NvmeBed.namespace(c), data, 0, 1));
        }
    }
}
