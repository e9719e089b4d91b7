// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcClient;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.spdk.Spdk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** SPDK's own programs in a process of their own, configured by a file. */
final class SpdkProgram implements AutoCloseable {
    /** The path of a library with SPDK's crypto device, for an SPDK that was built without. */
    static final String CRYPTO = "spdkio.test.crypto";

    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Process process;
    private final RpcClient rpc;

    private SpdkProgram(Process process, RpcClient rpc) {
        this.process = process;
        this.rpc = rpc;
    }

    /** Whether SPDK has its crypto device. */
    static boolean hasCrypto() {
        return Spdk.isAvailable()
                && (System.getProperty(CRYPTO) != null
                        || Files.exists(Spdk.libraryDirectory().resolve("libspdk_bdev_crypto.so")));
    }

    private static Process start(Path log, String name, List<String> arguments) throws IOException {
        assumeTrue(
                Spdk.isAvailable(),
                () -> Spdk.unavailabilityCause().orElseThrow().getMessage());
        Path lib = Spdk.libraryDirectory();
        Path program = lib.resolveSibling("bin").resolve(name);
        assumeTrue(Files.isExecutable(program), () -> "no " + program + ": build SPDK with its applications");
        List<String> command = new ArrayList<>(
                List.of(program.toString(), "--no-huge", "-s", "512", "-m", "0x1", "--disable-cpumask-locks"));
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        Path tree = lib.resolve("../..").normalize();
        String libraries = String.join(
                ":",
                lib.toString(),
                tree.resolve("dpdk/build/lib").toString(),
                tree.resolve("isa-l/.libs").toString(),
                tree.resolve("isa-l-crypto/.libs").toString());
        builder.environment().merge("LD_LIBRARY_PATH", libraries, (old, ours) -> ours + ":" + old);
        @Nullable String crypto = System.getProperty(CRYPTO);
        if (crypto != null) {
            builder.environment().put("LD_PRELOAD", crypto);
        }
        return builder.start();
    }

    /** Starts a target with that configuration. */
    static SpdkProgram serve(Path dir, Path config) throws Exception {
        NativeApp.assumeSince("v25.05", "takes no UUID for an aio device, and the configuration has one");
        Path socket = dir.resolve("spdk.sock");
        Path log = dir.resolve("spdk.log");
        Process process = start(log, "nvmf_tgt", List.of("-r", socket.toString(), "--json", config.toString()));
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            if (!process.isAlive() || System.nanoTime() - end > 0) {
                process.destroyForcibly();
                throw new IOException("nvmf_tgt does not start:\n" + Files.readString(log));
            }
            try {
                RpcClient rpc = RpcClient.connect(socket);
                rpc.call("framework_wait_init");
                return new SpdkProgram(process, rpc);
            } catch (SpdkException e) {
                LockSupport.parkNanos(20_000_000);
            }
        }
    }

    /** Runs SPDK's dd, which must succeed. */
    static void copies(Path config, String from, String to) throws Exception {
        Path log = config.resolveSibling("dd.log");
        Process dd = start(log, "spdk_dd", List.of("--json", config.toString(), from, to));
        try {
            assertThat(dd.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            assertThat(dd.exitValue()).as(Files.readString(log)).isZero();
        } finally {
            dd.destroyForcibly();
        }
    }

    RpcClient rpc() {
        return rpc;
    }

    /** Has it end as it does for SIGTERM: all that it has is unloaded. */
    void stop() throws Exception {
        rpc.close();
        process.destroy();
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @Override
    public void close() {
        rpc.close();
        process.destroyForcibly().onExit().join();
    }
}
