// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

class NativeStructTest {
    private static final AbiTable ABI = AbiTable.parse(
            "v99.05",
            List.of(
                    "sizeof spdk_x 40",
                    "offset spdk_x.flag 0 1",
                    "offset spdk_x.port 1 2",
                    "offset spdk_x.count 4 4",
                    "offset spdk_x.pointer 11 8",
                    "offset spdk_x.text 20 16"));

    @Test
    void readsAndWritesFieldsInTheirSize() {
        try (Arena arena = Arena.ofConfined()) {
            NativeStruct x = NativeStruct.allocate(ABI, "spdk_x", arena);
            assertThat(x.size()).isEqualTo(40);
            x.set("flag", true).set("port", 0xffff).set("count", -1).set("pointer", Long.MIN_VALUE + 5);
            assertThat(x.get("flag")).isEqualTo(1);
            assertThat(x.get("port")).isEqualTo(0xffff);
            assertThat(x.get("count")).isEqualTo(0xffff_ffffL);
            assertThat(x.get("pointer")).isEqualTo(Long.MIN_VALUE + 5);
            assertThat(x.bytes("text").byteSize()).isEqualTo(16);
            assertThat(x.has("gone")).isFalse();
            assertThat(x.setIfPresent("gone", 7)).isSameAs(x);
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        try (Arena arena = Arena.ofConfined()) {
            NativeStruct x = NativeStruct.allocate(ABI, "spdk_x", arena);
            assertThatThrownBy(() -> x.set("port", 0x1_0000))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("65536 does not fit in the 2 bytes of spdk_x.port");
            assertThatThrownBy(() -> x.set("text", 1)).hasMessage("spdk_x.text of 16 bytes is no number");
            assertThatThrownBy(() -> x.set("gone", 1)).isInstanceOf(IllegalStateException.class);
            assertThat(x.get("port")).isZero();
        }
    }
}
