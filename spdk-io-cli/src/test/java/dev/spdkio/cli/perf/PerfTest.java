// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.cli.Cli;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Short runs of the whole command. */
class PerfTest {

    @TempDir
    private Path folder;

    private Cli perf(String... args) {
        List<String> words = new ArrayList<>(List.of("perf", "-t", "0.1", "--warmup", "0.02", "-q", "8"));
        words.addAll(List.of("--json", json().toString()));
        words.addAll(List.of(args));
        return Cli.run(words.toArray(String[]::new));
    }

    private Path json() {
        return folder.resolve("figures.json");
    }

    private JsonNode figures() throws IOException {
        return JsonMapper.shared().readTree(Files.readString(json()));
    }

    @Test
    void writesEveryFigure() throws IOException {
        Cli cli = perf("--malloc", "16M", "-w", "randrw", "-M", "70");
        assertThat(cli.exitCode()).as(cli.err()).isZero();
        assertThat(cli.err()).isEmpty();
        assertThat(cli.out()).contains("Malloc0 on core ", "randrw, depth 8, I/O size 4K", "IOPS", "p99.9", "ns/IO ");

        JsonNode o = figures();
        assertThat(o.get("engine").asString()).isEqualTo("java");
        assertThat(o.get("bdev").asString()).isEqualTo("Malloc0");
        assertThat(o.get("workload").asString()).isEqualTo("randrw");
        assertThat(o.get("style").asString()).isEqualTo("callback");
        assertThat(o.get("read_percent").asInt()).isEqualTo(70);
        assertThat(o.get("qd").asInt()).isEqualTo(8);
        assertThat(o.get("io_size").asInt()).isEqualTo(4096);
        assertThat(o.get("cores").asInt()).isEqualTo(1);
        assertThat(o.get("stopped_by").asString()).isEqualTo("time");
        double seconds = o.get("seconds").asDouble();
        long ios = o.get("ios").asLong();
        double iops = o.get("iops").asDouble();
        assertThat(seconds).isBetween(0.1, 30.0);
        assertThat(ios).isPositive();
        assertThat(iops).isBetween(0.999 * ios / seconds, 1.001 * ios / seconds);
        assertThat(o.get("ns_per_io").asDouble() * iops).isBetween(0.999e9, 1.001e9);
        assertThat(o.get("mib_per_s").asDouble() * 256).isBetween(iops * 0.999, iops * 1.001);
        assertThat(o.get("failed").asLong()).isZero();
        assertThat(o.get("miscompares").asLong()).isZero();
        assertThat(o.get("heap_bytes_per_io").asDouble()).isNotNegative();
        assertThat(o.get("cpu_seconds").asDouble()).isPositive();
        JsonNode latency = o.get("latency_us");
        assertThat(latency.propertyNames()).containsExactly("min", "mean", "p50", "p99", "p999", "max");
        assertThat(latency.get("min").asDouble())
                .isLessThanOrEqualTo(latency.get("p50").asDouble());
        assertThat(latency.get("p50").asDouble())
                .isLessThanOrEqualTo(latency.get("p99").asDouble());
        assertThat(latency.get("p99").asDouble())
                .isLessThanOrEqualTo(latency.get("p999").asDouble());
        assertThat(latency.get("p999").asDouble())
                .isLessThanOrEqualTo(latency.get("max").asDouble());
        assertThat(o.get("jobs").size()).isOne();
    }

    @ParameterizedTest
    @EnumSource(Workload.class)
    void everyWorkloadRuns(Workload workload) throws IOException {
        Cli cli = perf("--malloc", "4M", "-w", workload.toString());
        assertThat(cli.exitCode()).as(cli.err()).isZero();
        assertThat(figures().get("ios").asLong()).isPositive();
        assertThat(figures().get("miscompares").asLong()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"callback", "future", "task"})
    void everyStyleRuns(String style) throws IOException {
        Cli cli = perf("--null", "1G", "--style", style, "-w", "rw");
        assertThat(cli.exitCode()).as(cli.err()).isZero();
        assertThat(figures().get("ios").asLong()).isPositive();
        assertThat(figures().get("style").asString()).isEqualTo(style);
    }

    @Test
    void severalDevicesEachHaveAJob() throws IOException {
        Path config = folder.resolve("c.json");
        Files.writeString(config, """
                {"subsystems": [{"subsystem": "bdev", "config": [
                  {"method": "bdev_null_create", "params": {"name": "N1", "num_blocks": 1000, "block_size": 4096}},
                  {"method": "bdev_null_create", "params": {"name": "N2", "num_blocks": 1000, "block_size": 512}},
                  {"method": "bdev_null_create", "params": {"name": "N3", "num_blocks": 1000, "block_size": 512}}]}]}
                """);
        assertThat(perf("-c", config.toString(), "--idle", "adaptive").exitCode())
                .isZero();
        assertThat(figures().get("bdev").asString()).isEqualTo("N1,N2,N3");
        assertThat(perf("-c", config.toString(), "-b", "N3", "-b", "N1").exitCode())
                .isZero();
        assertThat(figures().get("bdev").asString()).isEqualTo("N3,N1");
        assertThat(figures().get("jobs").size()).isEqualTo(2);
    }

    @Test
    void aDeviceThatForgetsIsFound() throws IOException {
        Cli cli = perf("--null", "16M", "-w", "verify");
        assertThat(cli.exitCode()).isOne();
        assertThat(cli.errorLine()).startsWith("spdkio perf: bdev Null0: miscompare: block ");
        assertThat(figures().get("miscompares").asLong()).isPositive();
        assertThat(figures().get("stopped_by").asString()).isEqualTo("miscompare");
    }

    @Test
    void goesOnAfterAMiscompareIfAsked() throws IOException {
        Cli cli = perf("--null", "16M", "-w", "verify", "-f");
        assertThat(cli.exitCode()).isOne();
        assertThat(figures().get("stopped_by").asString()).isEqualTo("time");
        assertThat(figures().get("ios").asLong()).isPositive();
    }
}
