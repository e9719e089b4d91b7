// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.spdk.SpdkUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AbiTableTest {

    @Test
    void answersWhatTheTableSays() {
        AbiTable table = AbiTable.parse(
                "v99.05",
                List.of(
                        "# a comment",
                        "",
                        "release v99.05",
                        "lib spdk_bdev libspdk_bdev.so.20.0",
                        "sizeof spdk_x 48",
                        "offset spdk_x.u.bdev.iovs 16 8",
                        "bits spdk_x.flag 40 0x4",
                        "value SPDK_ERROR -8"));
        assertThat(table.release()).isEqualTo("v99.05");
        assertThat(table.sonames()).isEqualTo(Map.of("spdk_bdev", "libspdk_bdev.so.20.0"));
        assertThat(table.sizeOf("spdk_x")).isEqualTo(48);
        assertThat(table.offset("spdk_x", "u.bdev.iovs")).isEqualTo(16);
        assertThat(table.size("spdk_x", "u.bdev.iovs")).isEqualTo(8);
        assertThat(table.bitsOffset("spdk_x", "flag")).isEqualTo(40);
        assertThat(table.mask("spdk_x", "flag")).isEqualTo(4);
        assertThat(table.value("SPDK_ERROR")).isEqualTo(-8);
        assertThat(table.hasStruct("spdk_x")).isTrue();
        assertThat(table.hasField("spdk_x", "flag")).isTrue();
        assertThat(table.hasField("spdk_x", "other")).isFalse();
        assertThat(table.hasValue("SPDK_OTHER")).isFalse();
        assertThatThrownBy(() -> table.offset("spdk_x", "other"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("SPDK v99.05 has no field spdk_x.other, or tools/abi-probe/abi.list does not ask for it");
    }

    @Test
    void aLineThatIsNoRowIsNamed() {
        assertThatThrownBy(() -> AbiTable.parse("v99.05", List.of("release v99.05", "sizeof spdk_x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("ABI table of v99.05, line 2: 'sizeof spdk_x' is no row");
        assertThatThrownBy(() -> AbiTable.parse("v99.05", List.of("release v98.01")))
                .hasMessageContaining("'release v98.01'");
    }

    static Stream<String> releases() {
        return AbiTables.RELEASES.stream();
    }

    @ParameterizedTest
    @MethodSource("releases")
    void everyReleaseHasWhatTheEngineNeeds(String release) {
        AbiTable table = AbiTables.of(release);
        assertThat(table.sonames()).containsKeys("spdk_thread", "spdk_bdev", "spdk_env_dpdk", "spdk_nvmf");
        assertThat(table.value("SPDK_IO_CHANNEL_STRUCT_SIZE")).isEqualTo(96);
        assertThat(table.sizeOf("spdk_nvme_cmd")).isEqualTo(64);
        assertThat(table.sizeOf("spdk_nvme_cpl")).isEqualTo(16);
        assertThat(table.mask("spdk_nvme_cmd", "opc")).isEqualTo(0xff);
        assertThat(table.offset("spdk_bdev", "name")).isEqualTo(8);
        assertThat(table.offset("spdk_bdev_io", "driver_ctx")).isEqualTo(table.sizeOf("spdk_bdev_io"));
        for (String type : List.of("READ", "WRITE", "UNMAP", "FLUSH", "RESET", "WRITE_ZEROES")) {
            assertThat(table.hasValue("SPDK_BDEV_IO_TYPE_" + type)).as(type).isTrue();
        }
    }

    @Test
    void everyTableIsListed() throws Exception {
        Path folder = Path.of(AbiTables.class
                        .getResource("/dev/spdkio/spdk/abi/v26.05.abi")
                        .toURI())
                .getParent();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(
                            AbiTables.RELEASES.stream().map(r -> r + ".abi").toList());
        }
    }

    @ParameterizedTest
    @MethodSource("releases")
    void sonamesTellTheRelease(String release) {
        Map<String, String> sonames = new HashMap<>(AbiTables.of(release).sonames());
        sonames.put("spdk_something_else", "libspdk_something_else.so.1.0");
        assertThat(AbiTables.ofSonames(sonames).release()).isEqualTo(release);
        // A maintenance release that only added something.
        sonames.put("spdk_nvme", sonames.get("spdk_nvme").replaceAll("0$", "1"));
        assertThat(AbiTables.ofSonames(sonames).release()).isEqualTo(release);
    }

    @Test
    void anUnknownReleaseIsRefusedWithWhatDiffers() {
        Map<String, String> sonames = new HashMap<>(AbiTables.of("v26.05").sonames());
        sonames.put("spdk_bdev", "libspdk_bdev.so.21.0");
        assertThatThrownBy(() -> AbiTables.ofSonames(sonames))
                .isInstanceOf(SpdkUnavailableException.class)
                .hasMessageContainingAll(
                        "known are v26.05, v25.05, v24.05",
                        "tools/abi-probe/probe",
                        "not v26.05: libspdk_bdev.so.21.0 is not libspdk_bdev.so.20.0\n",
                        "not v24.05: libspdk_accel.so.18.0 is not libspdk_accel.so.15.0, libspdk_bdev.so.21.0 is not");
        assertThatThrownBy(() -> AbiTables.ofSonames(Map.of()))
                .hasMessageContaining("not v26.05: none of its libraries is there");
        assertThatThrownBy(() -> AbiTables.ofSonames(Map.of("spdk_bdev", "libspdk_bdev.so.20")))
                .isInstanceOf(SpdkUnavailableException.class);
        assertThat(AbiTables.ofVersion("v25.05").release()).isEqualTo("v25.05");
        assertThatThrownBy(() -> AbiTables.ofVersion("v23.01")).hasMessageContaining("SPDK v23.01 is unknown");
    }
}
