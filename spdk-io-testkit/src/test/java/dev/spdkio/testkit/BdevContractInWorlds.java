// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkRuntime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract on simulated reactors, a new seed for each test, and on two real ones. */
@ParameterizedClass(name = "{0}")
@EnumSource
abstract class BdevContractInWorlds extends BdevContract {
    enum Kind {
        SIMULATED_ONE_REACTOR,
        SIMULATED_TWO_REACTORS,
        SIMULATED_THREE_REACTORS,
        REAL
    }

    @Parameter
    Kind kind;

    @BeforeEach
    void open(@Seed long seed) throws Exception {
        use(TestWorld.of(
                switch (kind) {
                    case SIMULATED_ONE_REACTOR -> SimulatedRuntime.create(1, seed);
                    case SIMULATED_TWO_REACTORS -> SimulatedRuntime.create(2, seed);
                    case SIMULATED_THREE_REACTORS -> SimulatedRuntime.create(3, seed);
                    case REAL -> real();
                }));
    }

    private static SpdkRuntime real() {
        int[] two = Cores.available().stream().limit(2).toArray();
        return SpdkRuntime.builder().name("bdevs").cpus(CpuSet.of(two)).start();
    }
}
