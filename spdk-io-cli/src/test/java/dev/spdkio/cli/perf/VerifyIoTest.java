// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The verify workload on a device that does one write wrong, in a simulation. */
class VerifyIoTest {
    private static final int BLOCK = 512;
    private static final int IO = 4096;
    private static final int PLACES = 16;

    private final CompletableFuture<StopReason> stop = new CompletableFuture<>();

    /** Passes long enough for each place to be written some times, and returns the figures. */
    private JobResult run(FaultyBdev.Fault fault, long faultyWrite, boolean continueOnError) throws Exception {
        try (SimulatedRuntime runtime = SimulatedRuntime.create(1, 1);
                DmaPool pool =
                        DmaPool.builder().name("test").limitBytes(64 << 20).build()) {
            SpdkThread thread = runtime.createThread("verify");
            BdevManager bdevs = BdevManager.create(runtime, thread, pool, BdevOptions.DEFAULT);
            bdevs.register(
                    BdevSpec.builder("Faulty", BLOCK, PLACES * IO / BLOCK).build(),
                    new FaultyBdev(PLACES * IO, fault, faultyWrite));
            JobSpec spec = new JobSpec(
                    "Faulty",
                    0,
                    BLOCK,
                    0,
                    PLACES,
                    IO / BLOCK,
                    4,
                    Workload.VERIFY,
                    50,
                    1000,
                    IoStyle.CALLBACK,
                    false,
                    continueOnError);
            Job job = new Job(spec, thread, stop);
            runtime.await(thread.call(() -> {
                job.open(bdevs, pool);
                job.start();
                job.beginMeasuring();
                return true;
            }));
            for (int pass = 0; pass < 200; pass++) {
                runtime.poll(thread);
            }
            runtime.await(thread.call(() -> {
                job.endMeasuring();
                job.drain();
                return true;
            }));
            runtime.await(job.done());
            runtime.await(bdevs.closeAsync());
            return job.result();
        }
    }

    @Test
    void aGoodDeviceIsFoundGood() throws Exception {
        JobResult result = run(FaultyBdev.Fault.NONE, 0, false);
        assertThat(result.miscompares()).isZero();
        assertThat(result.failed()).isZero();
        assertThat(result.firstFailure()).isNull();
        assertThat(result.ios()).isGreaterThan(10 * PLACES);
        assertThat(stop).isNotDone();
    }

    @ParameterizedTest
    @EnumSource(names = {"LOST", "TORN", "MISPLACED", "DOUBLED", "FLIPPED"})
    void everyFaultIsFound(FaultyBdev.Fault fault) throws Exception {
        JobResult result = run(fault, PLACES + 5, false);
        assertThat(result.miscompares()).isPositive();
        assertThat(result.firstFailure()).startsWith("bdev Faulty: miscompare: block ");
        assertThat(stop.join()).isEqualTo(StopReason.MISCOMPARE);
    }

    @Test
    void theRunGoesOnIfAsked() throws Exception {
        JobResult result = run(FaultyBdev.Fault.FLIPPED, PLACES + 5, true);
        assertThat(result.miscompares())
                .as("read back, and before the next write")
                .isEqualTo(2);
        assertThat(result.ios()).isGreaterThan(10 * PLACES);
        assertThat(stop).isNotDone();
    }

    @Test
    void theFirstWriteOfAPlaceIsCheckedToo() throws Exception {
        assertThat(run(FaultyBdev.Fault.LOST, 0, false).miscompares()).isPositive();
    }

    @Test
    void aFailedWriteIsAFailureAndNoMiscompare() throws Exception {
        JobResult result = run(FaultyBdev.Fault.FAILED, PLACES + 5, false);
        assertThat(result.failed()).isOne();
        assertThat(result.miscompares()).isZero();
        assertThat(result.firstFailure()).startsWith("bdev Faulty: write at block ");
        assertThat(stop.join()).isEqualTo(StopReason.FAILURE);

        JobResult goesOn = run(FaultyBdev.Fault.FAILED, PLACES + 5, true);
        assertThat(goesOn.failed()).isOne();
        assertThat(goesOn.miscompares()).isZero();
    }
}
