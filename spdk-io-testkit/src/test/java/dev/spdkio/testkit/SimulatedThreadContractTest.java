// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.runtime.SimulatedRuntime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract on the simulated runtime, a new seed for each test. */
@Seeded
@ParameterizedClass(name = "reactors: {0}")
@ValueSource(ints = {1, 2, 3, 4, 5})
class SimulatedThreadContractTest extends ThreadContract {
    @Parameter
    int reactors;

    @BeforeEach
    void open(@Seed long seed) {
        use(TestWorld.of(SimulatedRuntime.create(reactors, seed)));
    }
}
