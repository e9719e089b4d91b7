// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.error.SpdkException;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.rpc.RpcClient;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.spdk.Spdk;
import dev.spdkio.testkit.NvmeTestTarget;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** SPDK's own NVMe-oF target in another process: a file as namespace 1, over TCP. */
final class NvmfTarget implements NvmeTestTarget {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final String NQN = "nqn.2016-06.io.spdk:test";
    private static final String ADDRESS = "127.0.0.1";

    private final Path program;
    private final Path folder;
    private final int port;
    private Process process;
    private RpcClient rpc;

    private NvmfTarget(Path program, Path folder, int port) {
        this.program = program;
        this.folder = folder;
        this.port = port;
    }

    /** Starts one, or skips the test where there is none. */
    static NvmfTarget start() throws Exception {
        assumeTrue(
                Spdk.isAvailable(),
                () -> Spdk.unavailabilityCause().orElseThrow().getMessage());
        Path program = Spdk.libraryDirectory()
                .resolveSibling("bin")
                .resolve("nvmf_tgt")
                .toAbsolutePath();
        assumeTrue(Files.isExecutable(program), () -> "SPDK's target is not there: " + program);
        Path folder = Files.createTempDirectory("nvmf");
        try (RandomAccessFile f = new RandomAccessFile(folder.resolve("disk").toFile(), "rw")) {
            f.setLength(64 << 20);
        }
        int port;
        try (ServerSocket s = new ServerSocket(0, 1, InetAddress.getByName(ADDRESS))) {
            port = s.getLocalPort();
        }
        NvmfTarget t = new NvmfTarget(program, folder, port);
        t.restart();
        return t;
    }

    @Override
    public TransportId transportId() {
        return TransportId.tcp(ADDRESS, port, NQN);
    }

    @Override
    public void restart() throws Exception {
        Path socket = folder.resolve("rpc.sock");
        Files.deleteIfExists(socket);
        List<String> command = new ArrayList<>(NativeApp.NO_CORE_FILE);
        command.addAll(List.of(
                program.toString(),
                "--no-huge",
                "-s",
                "512",
                "-m",
                "0x1",
                "-u",
                "--disable-cpumask-locks",
                "-r",
                socket.toString()));
        ProcessBuilder b = new ProcessBuilder(command);
        Path home = program.getParent().getParent().getParent();
        b.environment()
                .merge(
                        "LD_LIBRARY_PATH",
                        String.join(
                                ":",
                                Stream.of("build/lib", "dpdk/build/lib", "isa-l/.libs", "isa-l-crypto/.libs")
                                        .map(l -> home.resolve(l).toString())
                                        .toList()),
                        (old, ours) -> ours + ":" + old);
        b.directory(folder.toFile());
        b.redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile());
        process = b.start();
        rpc = connect(socket);
        rpc.call("nvmf_create_transport", Map.of("trtype", "TCP"));
        rpc.call(
                "bdev_aio_create",
                Map.of("name", "Disk", "filename", folder.resolve("disk").toString(), "block_size", 512));
        rpc.call("bdev_malloc_create", Map.of("name", "Second", "num_blocks", 8192, "block_size", 512));
        rpc.call(
                "nvmf_create_subsystem",
                Map.of("nqn", NQN, "allow_any_host", true, "serial_number", "SPDKIO0001", "model_number", "test disk"));
        rpc.call("nvmf_subsystem_add_ns", Map.of("nqn", NQN, "namespace", Map.of("bdev_name", "Disk", "nsid", 1)));
        Map<String, String> listener =
                Map.of("trtype", "TCP", "adrfam", "IPv4", "traddr", ADDRESS, "trsvcid", "" + port);
        rpc.call("nvmf_subsystem_add_listener", Map.of("nqn", NQN, "listen_address", listener));
    }

    private RpcClient connect(Path socket) throws Exception {
        long end = System.nanoTime() + START_TIMEOUT.toNanos();
        while (true) {
            if (!process.isAlive() || System.nanoTime() - end > 0) {
                throw new IOException("nvmf_tgt does not start:\n" + Files.readString(folder.resolve("log")));
            }
            try {
                RpcClient client = RpcClient.connect(socket);
                client.call("framework_wait_init");
                return client;
            } catch (SpdkException e) {
                LockSupport.parkNanos(10_000_000);
            }
        }
    }

    @Override
    public void kill() throws Exception {
        rpc.close();
        process.destroyForcibly();
        process.waitFor(START_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    }

    @Override
    public void suspend() throws Exception {
        signal("-STOP");
    }

    @Override
    public void resume() throws Exception {
        signal("-CONT");
    }

    private void signal(String name) throws Exception {
        new ProcessBuilder("kill", name, "" + process.pid()).start().waitFor();
    }

    @Override
    public void addNamespace() throws Exception {
        rpc.call("nvmf_subsystem_add_ns", Map.of("nqn", NQN, "namespace", Map.of("bdev_name", "Second", "nsid", 2)));
    }

    @Override
    public void removeNamespace() throws Exception {
        rpc.call("nvmf_subsystem_remove_ns", Map.of("nqn", NQN, "nsid", 2));
    }

    @Override
    public void close() throws Exception {
        kill();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path f : files.toList()) {
                Files.delete(f);
            }
        }
        Files.delete(folder);
    }
}
