// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.raid.RaidSuperblock.BaseState;
import dev.spdkio.error.SpdkException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class RaidSuperblockTest {
    private static final UUID ID = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");

    private static RaidSuperblock some(int bases) {
        RaidSuperblock sb = RaidSuperblock.create(ID, "Räid", RaidLevel.RAID5F, 512, 8, 8000, bases);
        for (int i = 0; i < bases; i++) {
            sb.setBase(i, new UUID(i, i + 1), 2048, 4000);
        }
        sb.setSequence(5);
        return sb;
    }

    @Test
    void saysAgainWhatWasPutIn() throws SpdkException {
        RaidSuperblock sb = some(3);
        sb.setState(1, BaseState.FAILED);
        sb.setCleanSequence(5);
        RaidSuperblock again = RaidSuperblock.parse(sb.encode());
        assertThat(again.uuid()).isEqualTo(ID);
        assertThat(again.name()).isEqualTo("Räid");
        assertThat(again.level()).isEqualTo(RaidLevel.RAID5F);
        assertThat(again.blockSize()).isEqualTo(512);
        assertThat(again.stripBlocks()).isEqualTo(8);
        assertThat(again.raidBlocks()).isEqualTo(8000);
        assertThat(again.bases()).isEqualTo(3);
        assertThat(again.sequence()).isEqualTo(5);
        assertThat(again.isClean()).isTrue();
        assertThat(again.state(0)).isEqualTo(BaseState.CONFIGURED);
        assertThat(again.state(1)).isEqualTo(BaseState.FAILED);
        assertThat(again.slotOf(new UUID(2, 3))).isEqualTo(2);
        assertThat(again.slotOf(ID)).isEqualTo(-1);
        assertThat(again.dataOffset(2)).isEqualTo(2048);
        assertThat(again.dataBlocks(2)).isEqualTo(4000);
        again.setSequence(6);
        assertThat(again.isClean()).as("somebody else has used it").isFalse();
    }

    @Test
    void hasSpdksLayout() {
        byte[] bytes = some(3).encode();
        assertThat(bytes).hasSize(256 + 3 * 64);
        HexFormat hex = HexFormat.of();
        assertThat(new String(bytes, 0, 8, StandardCharsets.US_ASCII)).isEqualTo("SPDKRAID");
        assertThat(hex.formatHex(bytes, 8, 16)).isEqualTo("01000000" + "c0010000");
        assertThat(hex.formatHex(bytes, 24, 40)).isEqualTo("00112233445566778899aabbccddeeff");
        assertThat(hex.formatHex(bytes, 104, 137))
                .isEqualTo("401f000000000000" + "00020000" + "5f000000" + "08000000" + "00000000" + "0500000000000000"
                        + "03");
        assertThat(bytes[255]).isEqualTo((byte) 3);
        assertThat(hex.formatHex(bytes, 256 + 64 + 16, 256 + 64 + 41))
                .isEqualTo("0008000000000000" + "a00f000000000000" + "01000000" + "00000000" + "01");
    }

    @Test
    void keepsWhatItDoesNotKnow() throws SpdkException {
        byte[] bytes = some(3).encode();
        bytes[200] = 77; // reserved
        RaidSuperblock.parse(reseal(bytes)).encode();
        assertThat(RaidSuperblock.parse(reseal(bytes)).encode()[200]).isEqualTo((byte) 77);
    }

    /** Gives changed bytes the right checksum, as an attacker would. */
    private static byte[] reseal(byte[] bytes) {
        byte[] head = bytes.clone();
        ByteBuffer fields = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
        int length = fields.getInt(12);
        CRC32C crc = new CRC32C();
        fields.putInt(16, 0);
        crc.update(new byte[] {-1, -1, -1, -1});
        crc.update(head, 0, length >= 256 && length <= head.length ? length : head.length);
        fields.putInt(16, ~(int) crc.getValue());
        return head;
    }

    private static void refused(int at, int value, String why) {
        byte[] bytes = some(3).encode();
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
        assertThatThrownBy(() -> RaidSuperblock.parse(reseal(bytes)))
                .isInstanceOf(SpdkException.class)
                .hasMessageContaining(why);
    }

    @Test
    void refusesWhatMakesNoSense() {
        refused(8, 2, "version is 2");
        refused(12, 20_000, "length is 20000");
        refused(12, -1, "length is 4294967295");
        refused(12, 16_576, "ends after");
        refused(12, 256, "do not fit");
        refused(104, 0, "0 blocks");
        refused(112, 0, "block size is 0");
        refused(112, 520, "block size is 520");
        refused(116, 4, "level is 4");
        refused(120, 0, "strips have 0");
        refused(120, 3, "strips have 3");
        refused(120, 1 << 30, "strips have");
        refused(40, 0, "no text");
        refused(40, 0xffffff, "no text");
        refused(136, 0, "0 bases");
        refused(136, 2, "2 bases");
        refused(136, 200, "3 of 200 bases");
        refused(252, 0, "0 of 3 bases");
        refused(256 + 32, 9, "state 9");
        refused(256 + 40, 1, "slot 1");
        refused(256 + 40, 200, "slot 200");
        refused(256 + 20, -1, "blocks from block");
        refused(256 + 16, 0, "where the superblock is");
        byte[] bytes = some(3).encode();
        bytes[100]++;
        assertThatThrownBy(() -> RaidSuperblock.parse(bytes)).hasMessageContaining("checksum");
    }

    @Test
    void survivesAnyBytes() {
        Random random = new Random(1);
        byte[] good = some(4).encode();
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = Arrays.copyOf(good, 256 + random.nextInt(512));
            for (int n = random.nextInt(6); n >= 0; n--) {
                bytes[8 + random.nextInt(bytes.length - 8)] = (byte) random.nextInt();
            }
            try {
                RaidSuperblock sb = RaidSuperblock.parse(reseal(bytes));
                assertThat(sb.bases()).isBetween(1, 255);
                sb.slotOf(ID);
                assertThat(sb.name()).isNotBlank();
            } catch (SpdkException refused) {
                assertThat(refused).hasMessageContaining("superblock");
            }
        }
    }
}
