// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.IdlePolicy;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanTest {

    static PerfOptions options(Workload workload, int queueDepth, int ioSize, String cores) {
        return new PerfOptions(
                null,
                null,
                List.of(),
                queueDepth,
                ioSize,
                workload,
                50,
                IoStyle.CALLBACK,
                CpuSet.parse(cores),
                IdlePolicy.BUSY,
                Duration.ZERO,
                Duration.ofSeconds(1),
                false);
    }

    @Test
    void oneCoreGetsWholeDevice() {
        List<JobSpec> jobs = Plan.divide(options(Workload.RANDREAD, 8, 4096, "[0]"), "Null0", 512, 1000, false);
        assertThat(jobs).hasSize(1);
        assertThat(jobs.getFirst().firstBlock()).isZero();
        assertThat(jobs.getFirst().slots()).isEqualTo(125);
        assertThat(jobs.getFirst().blocksPerIo()).isEqualTo(8);
        assertThat(jobs.getFirst().ioSize()).isEqualTo(4096);
    }

    @Test
    void coresShareTheDeviceWithoutOverlap() {
        List<JobSpec> jobs = Plan.divide(options(Workload.VERIFY, 8, 4096, "[0,2,5]"), "M", 512, 1003, false);
        assertThat(jobs).extracting(JobSpec::core).containsExactly(0, 2, 5);
        assertThat(jobs).extracting(JobSpec::slots).containsOnly(41L);
        assertThat(jobs).extracting(JobSpec::firstBlock).containsExactly(0L, 328L, 656L);
    }

    @Test
    void everyIoOfVerifyNeedsAPlaceOfItsOwn() {
        PerfOptions verify = options(Workload.VERIFY, 64, 4096, "[0-1]");
        assertThatThrownBy(() -> Plan.divide(verify, "M", 512, 1000, false))
                .isInstanceOf(UnfitException.class)
                .hasMessage("bdev M is too small: a part for each of 2 cores holds 62 I/Os of 4096 bytes, and 64 are"
                        + " needed; lower -q, -o or the number of cores");
        assertThat(Plan.divide(options(Workload.RANDREAD, 64, 4096, "[0-1]"), "M", 512, 1000, false))
                .hasSize(2);
        assertThatThrownBy(() -> Plan.divide(options(Workload.READ, 1, 1 << 20, "[0]"), "M", 512, 1000, false))
                .hasMessageContaining("holds 0 I/Os");
    }
}
