// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What is read from where in the answers to Identify. */
class IdentifyTest {
    private final ByteBuffer bytes = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);

    private void text(int at, int length, String text) {
        bytes.put(at, String.format("%-" + length + "s", text).getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void readsAController() {
        bytes.putShort(0, (short) 0x8086).putShort(2, (short) 0x1AF4);
        text(4, 20, "S123");
        text(24, 40, "A model");
        text(64, 8, "1.0");
        bytes.put(77, (byte) 5).putShort(78, (short) 7).putInt(80, 0x20000).put(111, (byte) 1);
        bytes.putInt(516, 32).putShort(520, (short) 0b1101).put(525, (byte) 1).putShort(526, (short) 7);
        bytes.put(768, "nqn.a".getBytes(StandardCharsets.US_ASCII));
        ControllerData d = ControllerData.of(MemorySegment.ofBuffer(bytes));
        assertThat(d.vendorId()).isEqualTo(0x8086);
        assertThat(d.subsystemVendorId()).isEqualTo(0x1AF4);
        assertThat(d.serialNumber()).isEqualTo("S123");
        assertThat(d).hasToString("A model S123 (firmware 1.0)");
        assertThat(d.maxDataTransferSizeShift()).isEqualTo(5);
        assertThat(d.controllerId()).isEqualTo(7);
        assertThat(d.version()).isEqualTo(0x20000);
        assertThat(d.controllerType()).isEqualTo(1);
        assertThat(d.namespaceCount()).isEqualTo(32);
        assertThat(d.supports(NvmeOperation.COMPARE)).isTrue();
        assertThat(d.supports(NvmeOperation.DEALLOCATE)).isTrue();
        assertThat(d.supports(NvmeOperation.WRITE_ZEROES)).isTrue();
        assertThat(d.hasVolatileWriteCache()).isTrue();
        assertThat(d.atomicWriteUnit()).isEqualTo(8);
        assertThat(d.subsystemNqn()).isEqualTo("nqn.a");
        assertThat(d.bytes(4, 4)).asString(StandardCharsets.US_ASCII).isEqualTo("S123");
    }

    @Test
    void readsANamespace() {
        bytes.putLong(0, 1000).putLong(8, 900).putLong(16, 800);
        bytes.put(24, (byte) 2).put(25, (byte) 1).put(26, (byte) 0x11).putShort(34, (short) 3);
        bytes.put(29, (byte) 1).put(30, (byte) 1).putInt(92, 9);
        bytes.putInt(128, 9 << 16).putInt(132, 12 << 16 | 8);
        bytes.put(104, (byte) 0xAB);
        NamespaceData d = NamespaceData.of(MemorySegment.ofBuffer(bytes));
        assertThat(d.sizeBlocks()).isEqualTo(1000);
        assertThat(d.capacityBlocks()).isEqualTo(900);
        assertThat(d.utilisationBlocks()).isEqualTo(800);
        assertThat(d.lbaFormats())
                .containsExactly(new NamespaceData.LbaFormat(512, 0, 0), new NamespaceData.LbaFormat(4096, 8, 0));
        assertThat(d.lbaFormat().dataBytes()).isEqualTo(4096);
        assertThat(d.hasExtendedLba()).isTrue();
        assertThat(d.atomicWriteUnit()).isEqualTo(4);
        assertThat(d.protectionType()).isEqualTo(1);
        assertThat(d.isShared()).isTrue();
        assertThat(d.anaGroup()).isEqualTo(9);
        assertThat(d.nguid()).startsWith("ab00");
    }

    @Test
    void readsADiscoveryLog() {
        ByteBuffer log = ByteBuffer.allocate(3 * 1024).order(ByteOrder.LITTLE_ENDIAN);
        log.put(1024, (byte) 3).put(1025, (byte) 1).put(1026, (byte) 2).putShort(1030, (short) 0xFFFF);
        log.put(1024 + 32, "4420  ".getBytes(StandardCharsets.US_ASCII));
        log.put(1024 + 256, "nqn.b".getBytes(StandardCharsets.US_ASCII));
        log.put(1024 + 512, "10.0.0.1".getBytes(StandardCharsets.US_ASCII));
        log.put(2048, (byte) 99); // a transport that is not known
        assertThat(DiscoveryEntry.readAll(MemorySegment.ofBuffer(log), 2))
                .containsExactly(new DiscoveryEntry(
                        TransportId.tcp("10.0.0.1", 4420, "nqn.b"), DiscoveryEntry.NVM, 0, 0xFFFF, 0));
    }

    @Test
    void refusesWhatIsTooShort() {
        assertThatThrownBy(() -> ControllerData.of(MemorySegment.ofArray(new byte[100])))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
