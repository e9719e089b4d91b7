// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.nvmf.NvmfController;
import dev.spdkio.nvmf.NvmfNamespace;
import dev.spdkio.nvmf.NvmfNamespaceOptions;
import dev.spdkio.nvmf.NvmfSubsystem;
import dev.spdkio.nvmf.NvmfSubsystem.State;
import dev.spdkio.nvmf.NvmfSubsystemOptions;
import dev.spdkio.nvmf.NvmfTarget;
import dev.spdkio.nvmf.NvmfTargetOptions;
import dev.spdkio.nvmf.NvmfTransportOptions;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.sys.Errno;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What hosts see of SPDK's target: SPDK's own programs, each in a process of its own. */
@Timeout(180)
class SpdkNvmfTargetHostTest {
    private static final String NQN = "nqn.2025-01.com.example:disks";
    private static final String HOST = "nqn.2025-01.com.example:host";

    private SpdkApp app;
    private NvmfTarget target;
    private NvmfSubsystem disks;
    private TransportId address;

    @BeforeEach
    void serve() throws Exception {
        app = NativeApp.get();
        for (String name : List.of("NvmfA", "NvmfB")) {
            NativeApp.make(name, "bdev_malloc_create", Map.of("name", name, "num_blocks", 16384, "block_size", 512));
        }
        target = await(NvmfTarget.create(app, NvmfTargetOptions.DEFAULT.withName("hosts")));
        await(target.addTransport(NvmfTransportOptions.tcp()));
        disks = await(target.addSubsystem(NvmfSubsystemOptions.of(NQN)
                .withAllowAnyHost(true)
                .withSerialNumber("SN-OF-THE-TEST")
                .withModelNumber("MODEL OF THE TEST")));
        await(disks.addNamespace("NvmfA"));
        await(disks.addNamespace("NvmfB"));
        address = TransportId.tcp("127.0.0.1", freePort(), "");
        await(disks.addListener(address));
        await(disks.start());
    }

    @AfterEach
    void end() {
        if (target != null) {
            target.close();
        }
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** I/O of 4 KiB, half reads and half writes, on all namespaces, for a short time. */
    private SpdkTool perf() throws Exception {
        return perf("2", "");
    }

    /** The same until it is closed. */
    private SpdkTool load() throws Exception {
        return perf("100", "");
    }

    private SpdkTool perf(String seconds, String hostnqn) throws Exception {
        String id = address.withSubnqn(NQN) + hostnqn;
        return SpdkTool.start(
                "spdk_nvme_perf",
                "-s",
                "256",
                "-q",
                "8",
                "-o",
                "4096",
                "-w",
                "randrw",
                "-M",
                "50",
                "-t",
                seconds,
                "-r",
                id);
    }

    private void awaitIo(SpdkTool tool, long more) throws Exception {
        long before = await(target.stats()).completedNvmeIo();
        while (await(target.stats()).completedNvmeIo() < before + more) {
            if (!tool.isAlive()) {
                throw new AssertionError("the host has ended: " + tool.ends());
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    private void awaitNoHosts() throws Exception {
        while (await(target.stats()).currentAdminQpairs() > 0) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void hostsReadAndWrite() throws Exception {
        try (SpdkTool perf = perf()) {
            awaitIo(perf, 100);
            List<NvmfController> controllers = await(disks.controllers());
            assertThat(controllers).hasSize(1);
            assertThat(controllers.getFirst().ioQpairs()).isEqualTo(2);
            assertThat(await(target.stats()).currentIoQpairs()).isEqualTo(2);
            assertThat(perf.succeeds()).contains("NSID 1", "NSID 2").doesNotContain("errors occurred");
        }
        awaitNoHosts();
        assertThat(await(disks.controllers())).isEmpty();
    }

    @Test
    void hostsSeeWhoItIs() throws Exception {
        NativeApp.assumeSince("v26.05", "has no spdk_nvme_identify without hugepages");
        UUID uuid = UUID.randomUUID();
        await(disks.removeNamespace(2));
        await(disks.addNamespace(
                "NvmfB", NvmfNamespaceOptions.DEFAULT.withNsid(5).withUuid(uuid)));
        try (SpdkTool identify = SpdkTool.start(
                "spdk_nvme_identify", "-r", address.withSubnqn(NQN).toString())) {
            assertThat(identify.succeeds())
                    .contains("SN-OF-THE-TEST", "MODEL OF THE TEST", "Namespace ID:1", "Namespace ID:5")
                    .containsIgnoringCase(uuid.toString())
                    .doesNotContain("Namespace ID:2");
        }
        try (SpdkTool identify = SpdkTool.start(
                "spdk_nvme_identify",
                "-r",
                address.withSubnqn(TransportId.DISCOVERY_NQN).toString())) {
            assertThat(identify.succeeds()).contains("Discovery Log", NQN, address.trsvcid());
        }
    }

    @Test
    void hostsWaitWhileItIsPaused() throws Exception {
        assertThatThrownBy(() -> await(disks.pause()))
                .cause()
                .isInstanceOf(SpdkException.class)
                .hasMessageContainingAll("2 namespaces", "pause(nsid)");
        try (SpdkTool perf = load()) {
            awaitIo(perf, 100);
            await(disks.pause(1));
            awaitIo(perf, 10);
            await(disks.resume());
            await(disks.removeNamespace(2));
            for (int i = 0; i < 10; i++) {
                awaitIo(perf, 10);
                await(disks.pause());
                long paused = await(target.stats()).completedNvmeIo();
                await(disks.listeners());
                assertThat(await(target.stats()).completedNvmeIo()).isEqualTo(paused);
                await(disks.resume());
            }
        }
    }

    @Test
    void namespacesGoWhileHostsUseThem() throws Exception {
        try (SpdkTool perf = load()) {
            awaitIo(perf, 100);
            await(disks.removeNamespace(2));
            assertThat(disks.state()).isEqualTo(State.ACTIVE);
            awaitIo(perf, 100);
        }
        assertThat(await(disks.addNamespace("NvmfB"))).isEqualTo(2);
        try (SpdkTool perf = perf()) {
            perf.succeeds();
        }
    }

    @Test
    void aNamespaceGoesWithItsBdev() throws Exception {
        try (SpdkTool perf = load()) {
            awaitIo(perf, 100);
            NativeApp.rpc("bdev_malloc_delete", Map.of("name", "NvmfB"));
            while (await(disks.namespaces()).size() > 1) {
                LockSupport.parkNanos(1_000_000);
            }
            awaitIo(perf, 100);
        }
        assertThat(await(disks.namespaces())).extracting(NvmfNamespace::bdev).containsExactly("NvmfA");
    }

    @Test
    void aBdevThatGoesWhileItIsInactiveDoesNotStartIt() throws Exception {
        await(disks.stop());
        NativeApp.rpc("bdev_malloc_delete", Map.of("name", "NvmfB"));
        while (await(disks.namespaces()).size() > 1) {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(disks.state()).isEqualTo(State.INACTIVE);
        await(disks.removeNamespace(1));
        await(disks.addNamespace("NvmfA"));
        await(disks.destroy());
    }

    @Test
    void onlyAllowedHostsConnect() throws Exception {
        await(disks.allowAnyHost(false));
        try (SpdkTool perf = perf("100", " hostnqn:" + HOST)) {
            assertThat(perf.ends()).contains("No valid NVMe controllers");
        }
        await(disks.addHost(HOST));
        try (SpdkTool perf = perf("100", " hostnqn:" + HOST)) {
            awaitIo(perf, 100);
            assertThat(await(disks.controllers()))
                    .extracting(NvmfController::hostNqn)
                    .containsExactly(HOST);
            await(disks.removeHost(HOST));
            assertThat(await(disks.controllers())).isEmpty();
        }
    }

    @Test
    void endsUnderItsHosts() throws Exception {
        try (SpdkTool perf = load();
                SpdkTool second = load()) {
            awaitIo(perf, 100);
            awaitIo(second, 100);
            target.close();
            assertThat(app.runtime().threads()).noneMatch(t -> t.name().startsWith("nvmf_hosts"));
        }
    }

    @Test
    void listenersGoWithTheirHosts() throws Exception {
        try (SpdkTool perf = load()) {
            awaitIo(perf, 100);
            await(disks.removeListener(address));
            awaitNoHosts();
            assertThat(disks.state()).isEqualTo(State.ACTIVE);
        }
    }

    @Test
    void servesDevicesOfJava() throws Exception {
        MallocBdev.create(app.bdevs(), new MallocBdevOptions("JavaDisk", 512, 16384));
        try {
            await(disks.removeNamespace(2));
            assertThat(await(disks.addNamespace("JavaDisk"))).isEqualTo(2);
            try (SpdkTool perf = perf()) {
                assertThat(perf.succeeds()).contains("NSID 2").doesNotContain("errors occurred");
            }
            await(disks.removeNamespace(2));
            assertThat(NativeApp.rpc("bdev_get_bdevs", Map.of()).toString()).doesNotContain("JavaDisk");
            assertThat(await(disks.addNamespace("JavaDisk"))).isEqualTo(2);
            await(disks.destroy());
            assertThat(NativeApp.rpc("bdev_get_bdevs", Map.of()).toString()).doesNotContain("JavaDisk");
        } finally {
            await(app.bdevs().unregister("JavaDisk"));
        }
    }

    @Test
    void saysWhichTransportIsNotBuilt() throws Exception {
        assertThatThrownBy(() -> await(target.addTransport(NvmfTransportOptions.rdma())))
                .cause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPROTONOSUPPORT))
                .hasMessageContaining("RDMA");
    }

    @Test
    void knowsWhenSomebodyDeletedItByRpc() throws Exception {
        NativeApp.rpc("nvmf_delete_subsystem", Map.of("nqn", NQN, "tgt_name", "hosts"));
        assertThatThrownBy(() -> await(disks.listeners()))
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("RPC");
        await(disks.destroy());
        assertThat(target.subsystem(NQN)).isNull();
    }
}
