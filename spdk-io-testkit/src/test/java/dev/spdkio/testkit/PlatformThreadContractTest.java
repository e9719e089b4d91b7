// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.IdlePolicy;
import dev.spdkio.runtime.RuntimeLimits;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.TaskScheduling;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

/** The contract on real reactors. */
@ParameterizedClass(name = "{0}, tasks by {1}")
@CsvSource({"ADAPTIVE, REACTOR", "ADAPTIVE, JDK", "BUSY, REACTOR", "BUSY, JDK"})
class PlatformThreadContractTest extends ThreadContract {
    @Parameter(0)
    IdlePolicy idlePolicy;

    @Parameter(1)
    TaskScheduling taskScheduling;

    @BeforeEach
    void open() {
        String cause = TaskScheduling.reactorUnavailabilityCause();
        assumeTrue(taskScheduling != TaskScheduling.REACTOR || cause == null, cause);
        use(TestWorld.of(SpdkRuntime.builder()
                .cpus(Cores.available())
                .idlePolicy(idlePolicy)
                .taskScheduling(taskScheduling)
                .limits(RuntimeLimits.DEFAULT.withExitTimeout(Duration.ofSeconds(2)))
                .start()));
    }
}
