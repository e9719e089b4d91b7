// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.spdk.Spdk;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store outlives applications and processes, those too that die. */
class BlobRestartTest {
    @TempDir
    Path folder;

    @Test
    void outlivesApplicationsAndProcesses() throws Exception {
        assumeTrue(
                Spdk.isAvailable(),
                () -> Spdk.unavailabilityCause().orElseThrow().getMessage());
        Path file = folder.resolve("store");
        try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
            f.setLength(64 << 20);
        }
        Path children = Files.createDirectory(folder.resolve("children"));
        String first = ChildJvm.run(children, BlobRestart.class, "write", file.toString())
                .output();
        assertThat(first)
                .contains("> written 0x100000000", "> found [0x100000000] with 2 clusters", "> read 17, expected 17")
                .contains("> dies");
        String second = ChildJvm.run(children, BlobRestart.class, "read", file.toString())
                .output();
        assertThat(second)
                .contains("> found [0x100000000] with 3 clusters", "> read 17, expected 17", "> read 18, expected 18")
                .contains("> done");
    }
}
