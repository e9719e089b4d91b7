// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.Engine;
import dev.spdkio.EnvOptions;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.nvmf.NvmfSubsystem;
import dev.spdkio.nvmf.NvmfSubsystemOptions;
import dev.spdkio.nvmf.NvmfTarget;
import dev.spdkio.nvmf.NvmfTargetOptions;
import dev.spdkio.nvmf.NvmfTransportOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;

/** A disk for hosts elsewhere, over NVMe/TCP: {@code examples/run ServeNvmf PORT SECONDS}. Needs real SPDK. */
public final class ServeNvmf {
    private ServeNvmf() {}

    /** Runs it; without arguments on a free port, and not for long. */
    public static void main(String[] args) throws IOException, InterruptedException {
        int port = args.length > 0 ? Integer.parseInt(args[0]) : freePort();
        int seconds = args.length > 1 ? Integer.parseInt(args[1]) : 0;
        try (SpdkApp app = SpdkApp.builder()
                .engine(Engine.SPDK)
                .env(EnvOptions.DEFAULT.withoutHugepages().withoutPci())
                .memorySize(128 << 20)
                .start()) {
            MallocBdev.create(app.bdevs(), new MallocBdevOptions("Disk0", 4096, 16384));
            serve(app, port);
            Thread.sleep(Duration.ofSeconds(seconds));
        } catch (SpdkException e) {
            System.out.println(e.getMessage());
        }
        System.out.println("the target has ended");
    }

    private static void serve(SpdkApp app, int port) {
        // docs: nvmf-serve
        NvmfTarget target = NvmfTarget.create(app, NvmfTargetOptions.DEFAULT).join();
        target.addTransport(NvmfTransportOptions.tcp()).join();
        NvmfSubsystem disks = target.addSubsystem(
                        NvmfSubsystemOptions.of("nqn.2025-01.com.example:disks").withAllowAnyHost(true))
                .join();
        disks.addNamespace("Disk0").join();
        disks.addListener(TransportId.tcp("127.0.0.1", port, "")).join();
        disks.start().join();
        // docs: end
        System.out.println("nvme connect -t tcp -a 127.0.0.1 -s " + port + " -n " + disks.nqn());
        // docs: nvmf-remove
        disks.removeNamespace(1).join(); // waits for what hosts have under way on it; they are told
        disks.addNamespace("Disk0").join();
        // docs: end
        System.out.println("hosts: " + target.stats().join().currentAdminQpairs());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
