// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AesXtsTest {
    private static final HexFormat HEX = HexFormat.of();

    private static CryptoKey key(String key, String key2) {
        return new CryptoKey("test", HEX.parseHex(key), HEX.parseHex(key2));
    }

    private static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** What XTS is by its definition, one unit after the other. */
    private static byte[] reference(byte[] key, byte[] key2, long block, byte[] data, boolean encrypt)
            throws Exception {
        Cipher tweak = Cipher.getInstance("AES/ECB/NoPadding");
        tweak.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key2, "AES"));
        Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
        cipher.init(encrypt ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"));
        byte[] t = new byte[16];
        for (int i = 0; i < 8; i++) {
            t[8 + i] = (byte) (block >>> (8 * i));
        }
        t = tweak.doFinal(t);
        byte[] out = new byte[data.length];
        for (int at = 0; at < data.length; at += 16) {
            byte[] unit = Arrays.copyOfRange(data, at, at + 16);
            for (int i = 0; i < 16; i++) {
                unit[i] ^= t[i];
            }
            unit = cipher.doFinal(unit);
            for (int i = 0; i < 16; i++) {
                out[at + i] = (byte) (unit[i] ^ t[i]);
            }
            int carry = 0;
            for (int i = 0; i < 16; i++) {
                int next = (t[i] & 0x80) >>> 7;
                t[i] = (byte) ((t[i] << 1) | carry);
                carry = next;
            }
            if (carry != 0) {
                t[0] ^= (byte) 0x87;
            }
        }
        return out;
    }

    @ParameterizedTest(name = "keys of {0} bytes")
    @ValueSource(ints = {16, 32})
    @DisplayName("every block of a batch is what the definition of XTS makes of it, and comes back")
    void followsTheDefinition(int keyBytes) throws Exception {
        byte[] key = random(keyBytes, 1);
        byte[] key2 = random(keyBytes, 2);
        for (int blockSize : new int[] {512, 1024, 4096, 8192}) {
            AesXts xts = new AesXts(new CryptoKey("test", key, key2), blockSize);
            for (long first : new long[] {0, 1, 255, 0x3333333333L, Long.MAX_VALUE - 8}) {
                int count = xts.batchBlocks();
                byte[] plain = random(count * blockSize, first);
                System.arraycopy(plain, 0, xts.input(), 0, plain.length);
                xts.encrypt(first, count);
                byte[] secret = Arrays.copyOf(xts.output(), plain.length);
                for (int i = 0; i < count; i++) {
                    byte[] block = Arrays.copyOfRange(plain, i * blockSize, (i + 1) * blockSize);
                    assertThat(Arrays.copyOfRange(secret, i * blockSize, (i + 1) * blockSize))
                            .as("block %d of %d bytes", first + i, blockSize)
                            .isEqualTo(reference(key, key2, first + i, block, true));
                }
                System.arraycopy(secret, 0, xts.input(), 0, plain.length);
                xts.decrypt(first, count);
                assertThat(Arrays.copyOf(xts.output(), plain.length)).isEqualTo(plain);
            }
        }
    }

    @Test
    @DisplayName("a batch has at least one block, and not more than fit")
    void batchesAreBounded() {
        AesXts xts = new AesXts(key("11".repeat(16), "22".repeat(16)), 512);
        assertThatThrownBy(() -> xts.encrypt(0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> xts.encrypt(0, 9)).isInstanceOf(IllegalArgumentException.class);
    }
}
