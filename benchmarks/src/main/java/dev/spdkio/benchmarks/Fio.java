// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The same reads by fio, through io_uring from one thread. */
final class Fio {
    private static final double PERCENT = 100;

    private Fio() {}

    static Result measure(Path file, int depth, int core, Times times) throws IOException, InterruptedException {
        if (!Programs.isInstalled("fio")) {
            return Result.none("fio is not installed");
        }
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < times.runs(); i++) {
            samples.add(run(file, depth, core, times));
        }
        return Result.of(samples);
    }

    private static Sample run(Path file, int depth, int core, Times times) throws IOException, InterruptedException {
        String json = Programs.output(List.of(
                "fio",
                "--name=read",
                "--filename=" + file,
                "--readonly",
                "--rw=randread",
                "--norandommap",
                "--bs=" + Measuring.IO_SIZE,
                "--direct=1",
                "--ioengine=io_uring",
                "--iodepth=" + depth,
                "--thread",
                "--cpus_allowed=" + core,
                "--gtod_reduce=1",
                "--time_based",
                "--runtime=" + times.program().toMillis() + "ms",
                "--output-format=json"));
        // Warnings come before the object.
        JsonNode job = JsonMapper.shared()
                .readTree(json.substring(json.indexOf('{')))
                .path("jobs")
                .path(0);
        double nanos = 1e9 / job.path("read").path("iops").asDouble();
        double cpuShare = (job.path("usr_cpu").asDouble() + job.path("sys_cpu").asDouble()) / PERCENT;
        return new Sample(nanos, cpuShare * nanos, Double.NaN, false);
    }
}
