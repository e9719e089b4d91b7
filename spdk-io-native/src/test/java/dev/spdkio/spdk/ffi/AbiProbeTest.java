// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.spdk.Spdk;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed table is what the probe makes of the headers beside the installed libraries. */
class AbiProbeTest {

    @TempDir
    private Path folder;

    @Test
    void theProbeMakesTheCommittedTable() throws Exception {
        assumeTrue(
                Spdk.isAvailable(),
                () -> Spdk.unavailabilityCause().orElseThrow().getMessage());
        FakeSpdk.assumeCompiler();
        Path tree = Spdk.libraryDirectory().resolve("../..").normalize();
        assumeTrue(Files.exists(tree.resolve("lib/bdev/Makefile")), tree + " is no source tree of SPDK");
        File made = folder.resolve("table").toFile();
        File log = folder.resolve("log").toFile();
        Process probe = new ProcessBuilder("../tools/abi-probe/probe", tree.toString())
                .redirectOutput(made)
                .redirectError(log)
                .start();
        assertThat(probe.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(probe.exitValue()).as(Files.readString(log.toPath())).isZero();
        String table = "/dev/spdkio/spdk/abi/" + Spdk.version() + ".abi";
        assertThat(made)
                .hasSameTextualContentAs(
                        new File(AbiTables.class.getResource(table).toURI()));
    }
}
