// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PkgConfigTest {

    @TempDir
    private Path folder;

    @Test
    void readsWhatIsRequiredAndWhereTheLibrariesAre() {
        PkgConfig file = PkgConfig.parse(
                List.of(
                        "prefix=/opt/spdk",
                        "libdir = ${prefix}/lib",
                        "Name: spdk_bdev",
                        "Version: 20.0",
                        "Requires: spdk_log  spdk_util >= 1.0, spdk_thread",
                        "Requires.private: hidden",
                        "Libs: -L${libdir} -L${pcfiledir}/.. -Wl,--as-needed -pthread -lspdk_bdev -lrt",
                        "Libs.private: -L/opt/isa-l/.libs -lisal",
                        "Cflags: -I/somewhere"),
                Path.of("/opt/spdk/lib/pkgconfig"));
        assertThat(file)
                .isEqualTo(new PkgConfig(
                        List.of("spdk_log", "spdk_util", "spdk_thread"),
                        List.of(
                                Path.of("/opt/spdk/lib"),
                                Path.of("/opt/spdk/lib/pkgconfig/.."),
                                Path.of("/opt/isa-l/.libs")),
                        List.of("spdk_bdev", "rt", "isal")));
    }

    @Test
    void anEmptyFileSaysNothing() {
        assertThat(PkgConfig.parse(List.of("", "Requires:", "Libs: "), folder))
                .isEqualTo(new PkgConfig(List.of(), List.of(), List.of()));
    }

    @Test
    void theFirstFolderWins() throws IOException {
        Path first = Files.createDirectory(folder.resolve("first"));
        Path second = Files.createDirectory(folder.resolve("second"));
        Files.writeString(second.resolve("a.pc"), "Libs: -lsecond\n");
        assertThat(PkgConfig.find("a", List.of(first, second)).libraries()).containsExactly("second");
        Files.writeString(first.resolve("a.pc"), "Libs: -lfirst\n");
        assertThat(PkgConfig.find("a", List.of(first, second)).libraries()).containsExactly("first");
        assertThat(PkgConfig.find("b", List.of(first, second))).isNull();
    }
}
