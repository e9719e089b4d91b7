// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.SpdkApp;
import dev.spdkio.error.SpdkException;
import dev.spdkio.nvme.TransportType;
import dev.spdkio.sys.Errno;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class NvmfOptionsTest {
    private static final String NQN = "nqn.2025-01.com.example:disks";

    private static void assertRefused(ThrowingCallable call, String... words) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(words);
    }

    @Test
    void targetsHaveLimits() {
        NvmfTargetOptions o = NvmfTargetOptions.DEFAULT;
        assertRefused(() -> o.withName(""), "1 to 255");
        assertRefused(() -> o.withName("x".repeat(256)), "256 bytes");
        assertRefused(() -> o.withMaxSubsystems(0), "maxSubsystems is 0");
        assertRefused(() -> o.withCrdt(0, 65536, 0), "65536");
        assertThat(o.withDiscoveryFilter(DiscoveryFilter.ADDRESS).discoveryFilter())
                .containsExactly(DiscoveryFilter.ADDRESS);
    }

    @Test
    void subsystemsHaveLimits() {
        NvmfSubsystemOptions o = NvmfSubsystemOptions.of(NQN);
        assertRefused(() -> o.withSerialNumber("x".repeat(21)), "serial number", "1 to 20");
        assertRefused(() -> o.withModelNumber("tab\t"), "model number", "printable");
        assertRefused(() -> o.withMaxNamespaces(0), "maxNamespaces is 0", NQN);
        assertRefused(() -> NvmfSubsystemOptions.discovery().withMaxNamespaces(1), "must be 0");
    }

    @Test
    void namespacesHaveIdentitiesOfTheRightLength() {
        NvmfNamespaceOptions o = NvmfNamespaceOptions.DEFAULT;
        assertRefused(() -> o.withNsid(-1), "nsid is -1");
        assertRefused(() -> o.withNguid("12"), "32 hexadecimal digits");
        assertRefused(() -> o.withEui64("x123456789abcdef"), "16 hexadecimal digits");
        assertThat(o.withEui64("0123456789ABCDEF").eui64()).isNotNull();
    }

    @Test
    void transportsTakeNumbersByName() {
        NvmfTransportOptions o = NvmfTransportOptions.tcp().with(NvmfTransportOption.MAX_QUEUE_DEPTH, 64);
        assertThat(o.get(NvmfTransportOption.MAX_QUEUE_DEPTH)).hasValue(64);
        assertThat(o.get(NvmfTransportOption.ZCOPY)).isEmpty();
        assertThat(NvmfTransportOption.MAX_IO_SIZE.field()).isEqualTo("max_io_size");
        assertRefused(() -> o.with(NvmfTransportOption.MAX_QUEUE_DEPTH, -1), "max_queue_depth is -1");
        assertRefused(() -> o.with(NvmfTransportOption.MAX_IO_SIZE, 4096), "power of two");
        assertRefused(() -> new NvmfTransportOptions(TransportType.PCIE, Map.of()), "PCIe");
    }

    @Test
    void statisticsAddUp() {
        NvmfPollGroupStats group = new NvmfPollGroupStats("a", 9, 9, 1, 2, 0, 100);
        NvmfTargetStats stats = new NvmfTargetStats(List.of(group, group));
        assertThat(stats.currentAdminQpairs()).isEqualTo(2);
        assertThat(stats.currentIoQpairs()).isEqualTo(4);
        assertThat(stats.completedNvmeIo()).isEqualTo(200);
    }

    @Test
    void anEngineWithoutATargetSaysSo() throws SpdkException {
        try (SpdkApp app = SpdkApp.builder().start()) {
            assertThatThrownBy(() ->
                            NvmfTarget.create(app, NvmfTargetOptions.DEFAULT).join())
                    .cause()
                    .isInstanceOfSatisfying(
                            SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSYS))
                    .hasMessageContainingAll("engine JAVA", "spdk-io-native");
        }
    }
}
