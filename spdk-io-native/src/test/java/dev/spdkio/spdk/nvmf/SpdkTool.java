// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.spdk.NativeApp;
import dev.spdkio.spdk.Spdk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One of SPDK's own programs in a process of its own: a host that knows nothing of us. */
final class SpdkTool implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;

    private final Process process;
    private final CompletableFuture<String> output;

    private SpdkTool(Process process) {
        this.process = process;
        this.output = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                    } catch (IOException e) {
                        return "no output: " + e;
                    }
                },
                command -> Thread.ofPlatform().daemon().start(command));
    }

    /** Starts a program; the test is skipped where it was not built. */
    static SpdkTool start(String name, String... arguments) throws IOException {
        Path lib = Spdk.libraryDirectory();
        Path program = lib.resolveSibling("bin").resolve(name);
        assumeTrue(Files.isExecutable(program), () -> "no " + program + ": build SPDK with its applications");
        List<String> command = new ArrayList<>(NativeApp.NO_CORE_FILE);
        command.addAll(List.of(program.toString(), "--no-huge"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        Path tree = lib.resolve("../..").normalize();
        builder.environment()
                .merge(
                        "LD_LIBRARY_PATH",
                        String.join(
                                ":",
                                lib.toString(),
                                tree.resolve("dpdk/build/lib").toString(),
                                tree.resolve("isa-l/.libs").toString(),
                                tree.resolve("isa-l-crypto/.libs").toString()),
                        (old, ours) -> ours + ":" + old);
        return new SpdkTool(builder.start());
    }

    /** Waits for its end, which must be a good one, and returns what it printed. */
    String succeeds() throws Exception {
        String text = ends();
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }

    /** Waits for its end. */
    String ends() throws Exception {
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .as("%s ends", process.info())
                .isTrue();
        return output.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
