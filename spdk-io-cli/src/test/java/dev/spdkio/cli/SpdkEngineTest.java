// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.spdk.Spdk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Commands on real SPDK, with a configuration of Java's devices and SPDK's on top of them. */
@Timeout(120)
class SpdkEngineTest {
    private static final String CONFIG = """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "java_bdev_malloc_create",
                "params": {"name": "Java0", "num_blocks": 4096, "block_size": 4096}},
              {"method": "java_bdev_malloc_create",
                "params": {"name": "Java1", "num_blocks": 4096, "block_size": 4096}},
              {"method": "java_bdev_malloc_create",
                "params": {"name": "Java2", "num_blocks": 4096, "block_size": 4096}},
              {"method": "java_bdev_export", "params": {"name": "Java0"}},
              {"method": "java_bdev_export", "params": {"name": "Java1"}},
              {"method": "java_bdev_export", "params": {"name": "Java2"}},
              {"method": "bdev_passthru_create", "params": {"base_bdev_name": "Java0", "name": "OnJava0"}},
              {"method": "bdev_raid_create",
                "params": {"name": "Mirror", "raid_level": "raid1", "base_bdevs": ["Java1", "Java2"]}}
            ]}]}
            """;

    @TempDir
    private Path folder;

    @BeforeEach
    void needsSpdk() {
        assumeTrue(
                Spdk.isAvailable(),
                () -> "no real SPDK: "
                        + Spdk.unavailabilityCause().map(Throwable::getMessage).orElse(""));
    }

    private Path config(String text) throws IOException {
        return Files.writeString(folder.resolve("config.json"), text);
    }

    private Path socket() {
        return folder.resolve("s.sock");
    }

    private static List<String> engine(String command, String... more) {
        List<String> args = new ArrayList<>(List.of(command, "--engine", "spdk", "--no-huge", "--no-pci"));
        args.addAll(List.of(more));
        return args;
    }

    private CompletableFuture<Cli> serve(Path config) throws InterruptedException {
        List<String> args = engine("serve", "--mem-size", "128M", "-r", socket().toString(), "-c", config.toString());
        CompletableFuture<Cli> running =
                CompletableFuture.supplyAsync(() -> Cli.run(args.toArray(String[]::new)), Thread::startVirtualThread);
        while (!running.isDone() && rpc("framework_wait_init").exitCode() != 0) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return running;
    }

    private Cli rpc(String... more) {
        List<String> args = new ArrayList<>(List.of("rpc", "-s", socket().toString()));
        args.addAll(List.of(more));
        return Cli.run(args.toArray(String[]::new));
    }

    private void stop(CompletableFuture<Cli> serve) throws Exception {
        assertThat(rpc("spdk_kill_instance", "sig_name=SIGTERM").exitCode()).isZero();
        Cli ended = serve.get();
        assertThat(ended.exitCode()).as(ended.err()).isZero();
    }

    private static List<String> names(String bdevs) {
        List<String> names = new ArrayList<>();
        for (JsonNode bdev : JsonMapper.shared().readTree(bdevs)) {
            names.add(bdev.get("name").stringValue());
        }
        return names;
    }

    /** SPDK's own client. */
    private String rpcPy(String method) throws Exception {
        Path script = Path.of(String.valueOf(System.getenv("SPDK_HOME")), "scripts", "rpc.py");
        assumeTrue(Files.isExecutable(script), () -> "SPDK's client is not there: " + script);
        Process process = new ProcessBuilder(
                        "python3", script.toString(), "-t", "20", "-s", socket().toString(), method)
                .redirectErrorStream(true)
                .start();
        String out = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(out).isZero();
        return out;
    }

    @Test
    void devicesOfBothEnginesPassVerify() throws Exception {
        List<String> args =
                engine("perf", "-w", "verify", "-q", "8", "-t", "0.5", "--warmup", "0.1", "-b", "OnJava0", "-b");
        args.addAll(List.of("Mirror", "-c", config(CONFIG).toString()));
        Cli perf = Cli.run(args.toArray(String[]::new));
        assertThat(perf.exitCode()).as(perf.err()).isZero();
        assertThat(perf.out()).contains("OnJava0 on core", "Mirror on core", "failed 0   miscompares 0");
    }

    @Test
    void theSavedConfigurationMakesThemAgain() throws Exception {
        CompletableFuture<Cli> serve = serve(config(CONFIG));
        List<String> all = names(rpc("bdev_get_bdevs").out());
        assertThat(all).containsExactlyInAnyOrder("Java0", "Java1", "Java2", "OnJava0", "Mirror");
        String saved = rpc("save_config").out();
        stop(serve);

        serve = serve(config(saved));
        assertThat(names(rpc("bdev_get_bdevs").out())).containsExactlyInAnyOrderElementsOf(all);
        assertThat(rpc("java_bdev_get_bdevs", "name=Java0").out()).contains("Malloc disk");
        assertThat(rpc("java_bdev_unexport", "name=Java0")).isEqualTo(new Cli(0, "true\n", ""));
        assertThat(names(rpc("bdev_get_bdevs").out())).containsExactlyInAnyOrder("Java1", "Java2", "Mirror");
        assertThat(rpc("java_bdev_unexport", "name=Java0").errorLine()).contains("Java0 is not exported");
        assertThat(rpc("java_bdev_export", "name=Gone").errorLine()).contains("there is no bdev Gone");
        assertThat(rpc("java_bdev_malloc_delete", "name=Java0")).isEqualTo(new Cli(0, "true\n", ""));
        stop(serve);
    }

    @Test
    void spdksOwnClientSeesThem() throws Exception {
        CompletableFuture<Cli> serve = serve(config(CONFIG));
        try {
            assertThat(names(rpcPy("bdev_get_bdevs"))).contains("Java0", "OnJava0", "Mirror");
            assertThat(rpcPy("save_config")).contains("java_bdev_malloc_create", "java_bdev_export");
        } finally {
            stop(serve);
        }
    }

    @Test
    void aMistakeInAConfigurationIsNamed() throws Exception {
        Cli cli = serve(config(
                        CONFIG.replace("\"name\": \"Java1\", \"num_blocks\"", "\"name\": \"Java0\", \"num_blocks\"")))
                .get();
        assertThat(cli.exitCode()).isOne();
        assertThat(cli.err()).contains("the configuration failed");
    }
}
