// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.lifecycle;

import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.RuntimeLimits;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.testkit.TestWorld;
import dev.spdkio.testkit.ThreadContract;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;

/** The contract of threads where each has a thread of SPDK and is polled by both. */
class NativeThreadContractTest extends ThreadContract {
    @BeforeEach
    void open() throws Exception {
        // Its environment and its app thread serve the threads of all runtimes.
        NativeApp.get();
        SpdkRuntime runtime = SpdkRuntime.builder()
                .cpus(Cores.available())
                .limits(RuntimeLimits.DEFAULT.withExitTimeout(Duration.ofSeconds(2)))
                .start();
        use(TestWorld.of(runtime, () -> {
            NativeThread _ = NativeThread.enter();
        }));
    }
}
