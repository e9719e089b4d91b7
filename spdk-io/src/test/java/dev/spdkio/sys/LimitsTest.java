// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LimitsTest {
    private static final List<String> LINES = List.of(
            "Limit                     Soft Limit           Hard Limit           Units     ",
            "Max locked memory         8388608              unlimited            bytes     ",
            "Max open files            1024                 20000                files     ");

    @Test
    void parsesNumbersAndUnlimited() {
        Limits.Limit limit = Limits.parse(LINES, "RLIMIT_MEMLOCK", "bytes", "Max locked memory");
        assertThat(limit.soft()).isEqualTo(8_388_608);
        assertThat(limit.hard()).isEqualTo(Limits.UNLIMITED);
        assertThat(limit).hasToString("RLIMIT_MEMLOCK 8388608 bytes (hard limit unlimited)");
    }

    @Test
    void aMissingLineIsNoLimit() {
        assertThat(Limits.parse(LINES, "RLIMIT_AS", "bytes", "Max address space")
                        .soft())
                .isEqualTo(Limits.UNLIMITED);
    }

    @Test
    void readsTheLimitsOfThisProcess() {
        assumeTrue(Platform.isLinux(), "needs /proc");
        assertThat(Limits.openFiles().soft()).isBetween(1L, Limits.openFiles().hard());
        assertThat(Limits.memlock().name()).isEqualTo("RLIMIT_MEMLOCK");
    }

    @Test
    void hugepagesAreReadFromTheirFiles(@TempDir Path directory) throws Exception {
        Files.writeString(directory.resolve("nr_hugepages"), "10\n");
        Files.writeString(directory.resolve("free_hugepages"), "7\n");
        Files.writeString(directory.resolve("resv_hugepages"), "2\n");
        Files.writeString(directory.resolve("surplus_hugepages"), "1\n");
        Path transparent = Files.writeString(directory.resolve("enabled"), "always [madvise] never\n");
        Hugepages.Info info = Hugepages.info(directory, transparent);
        assertThat(info).isEqualTo(new Hugepages.Info(10, 7, 2, 1, "madvise"));
        assertThat(info.availableBytes()).isEqualTo(5 * NativeMemory.HUGE_PAGE_BYTES);
    }

    @Test
    void withoutFilesThereAreNoHugepages(@TempDir Path directory) {
        assertThat(Hugepages.info(directory, directory.resolve("enabled")))
                .isEqualTo(new Hugepages.Info(0, 0, 0, 0, "never"));
    }

    @Test
    void aHugetlbfsIsFoundAmongTheMounts(@TempDir Path directory) throws Exception {
        Path mounts = Files.writeString(directory.resolve("mounts"), "proc /proc proc rw 0 0\n");
        assertThat(Hugepages.isMounted(mounts)).isFalse();
        Files.writeString(mounts, "proc /proc proc rw 0 0\nnodev /mnt/huge hugetlbfs rw,pagesize=2M 0 0\n");
        assertThat(Hugepages.isMounted(mounts)).isTrue();
        assertThat(Hugepages.isMounted(directory.resolve("missing"))).isFalse();
    }
}
