// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.spdk.Spdk;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application starts and stops several times in a JVM, which keeps its signals and the cores of its threads. */
class RestartTest {
    @TempDir
    Path folder;

    @Test
    void leavesTheProcessAsItWas() throws Exception {
        assumeTrue(
                Spdk.isAvailable(),
                () -> Spdk.unavailabilityCause().orElseThrow().getMessage());
        ChildJvm.Result result = ChildJvm.run(folder, Restart.class);
        assertThat(result.exitCode()).as(result.output()).isZero();
        assertThat(result.output().lines().filter(l -> l.equals("> bdevs 1"))).hasSize(5);
        assertThat(result.output()).doesNotContain("> moved").contains("> signals unchanged", "> done");
    }
}
