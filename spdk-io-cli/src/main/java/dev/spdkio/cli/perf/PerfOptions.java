// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.cli.BdevConfig;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.IdlePolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run shall do, checked as far as it can be without the devices.
 *
 * @param config configuration file that makes the devices, or null
 * @param device the device to make where there is no configuration file
 * @param bdevs names of the devices to use; all if empty
 * @param queueDepth I/Os in flight of each job
 * @param ioSize bytes of an I/O
 * @param workload what they do
 * @param readPercent of a mixed workload
 * @param style how they are submitted
 * @param cores one reactor for each
 * @param idlePolicy of the reactors
 * @param warmup time before measuring
 * @param time of measuring
 * @param continueOnError whether a failed I/O does not end the run
 */
record PerfOptions(
        @Nullable Path config,
        @Nullable BdevConfig device,
        List<String> bdevs,
        int queueDepth,
        int ioSize,
        Workload workload,
        int readPercent,
        IoStyle style,
        CpuSet cores,
        IdlePolicy idlePolicy,
        Duration warmup,
        Duration time,
        boolean continueOnError) {}
