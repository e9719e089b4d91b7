// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.crypto;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-XTS over whole blocks of a device, by the JDK's AES in ECB mode. A batch of blocks goes through each of three
 * steps at once, so that the JDK's intrinsics see long arrays: the tweaks; masks that are what the tweaks become from
 * one 16 bytes to the next, added to the data; the data, to which the masks are added again.
 *
 * <p>The tweak of a block is 8 zeroes and the number of the block, little endian, as SPDK's software makes it. Nothing
 * is allocated after the constructor.
 *
 * <p>Thread rule: owned by one thread.
 */
final class AesXts {
    /** What AES works on. */
    static final int UNIT = 16;

    /** Bytes of a batch, if a block is not larger. */
    private static final int BATCH = 4096;

    /** What is added when a tweak is doubled and overflows: x^7 + x^2 + x + 1. */
    private static final long FEEDBACK = 0x87;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final int blockSize;
    private final int batchBlocks;
    private final Cipher encryption;
    private final Cipher decryption;
    private final Cipher tweaking;
    private final byte[] numbers;
    private final byte[] tweaks;
    private final byte[] masks;
    private final byte[] input;
    private final byte[] output;

    AesXts(CryptoKey key, int blockSize) {
        this.blockSize = blockSize;
        this.batchBlocks = Math.max(1, BATCH / blockSize);
        byte[] data = key.key();
        byte[] tweak = key.key2();
        try {
            this.encryption = cipher(Cipher.ENCRYPT_MODE, data);
            this.decryption = cipher(Cipher.DECRYPT_MODE, data);
            this.tweaking = cipher(Cipher.ENCRYPT_MODE, tweak);
        } finally {
            Arrays.fill(data, (byte) 0);
            Arrays.fill(tweak, (byte) 0);
        }
        this.numbers = new byte[batchBlocks * UNIT];
        this.tweaks = new byte[batchBlocks * UNIT];
        this.masks = new byte[batchBlocks * blockSize];
        this.input = new byte[batchBlocks * blockSize];
        this.output = new byte[batchBlocks * blockSize];
    }

    /** Has the JVM look for the cipher, which takes long once. */
    static void findCipher() {
        var _ = cipher(Cipher.ENCRYPT_MODE, new byte[UNIT]);
    }

    private static Cipher cipher(int mode, byte[] key) {
        try {
            Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
            cipher.init(mode, new SecretKeySpec(key, "AES"));
            return cipher;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no AES/ECB/NoPadding: add a security provider that does", e);
        }
    }

    /** Most blocks of one call. */
    int batchBlocks() {
        return batchBlocks;
    }

    /** Where the data is put; overwritten by the call. */
    byte[] input() {
        return input;
    }

    /** Where the result is. */
    byte[] output() {
        return output;
    }

    /** Encrypts the first {@code count} blocks of {@link #input}, of which the first is block {@code first}. */
    void encrypt(long first, int count) {
        run(encryption, first, count);
    }

    /** The opposite. */
    void decrypt(long first, int count) {
        run(decryption, first, count);
    }

    private void run(Cipher cipher, long first, int count) {
        if (count < 1 || count > batchBlocks) {
            throw new IllegalArgumentException(count + " blocks; a batch has 1 to " + batchBlocks);
        }
        for (int i = 0; i < count; i++) {
            LONG.set(numbers, i * UNIT + Long.BYTES, first + i);
        }
        update(tweaking, numbers, count * UNIT, tweaks);
        for (int i = 0; i < count; i++) {
            mask(i);
        }
        int length = count * blockSize;
        update(cipher, input, length, output);
        for (int at = 0; at < length; at += Long.BYTES) {
            LONG.set(output, at, (long) LONG.get(output, at) ^ (long) LONG.get(masks, at));
        }
    }

    /** Makes the masks of a block from its tweak, and adds them to it. */
    private void mask(int block) {
        long low = (long) LONG.get(tweaks, block * UNIT);
        long high = (long) LONG.get(tweaks, block * UNIT + Long.BYTES);
        int end = (block + 1) * blockSize;
        for (int at = block * blockSize; at < end; at += UNIT) {
            LONG.set(masks, at, low);
            LONG.set(masks, at + Long.BYTES, high);
            LONG.set(input, at, (long) LONG.get(input, at) ^ low);
            LONG.set(input, at + Long.BYTES, (long) LONG.get(input, at + Long.BYTES) ^ high);
            long feedback = (high >> 63) & FEEDBACK;
            high = high << 1 | low >>> 63;
            low = low << 1 ^ feedback;
        }
    }

    private static void update(Cipher cipher, byte[] from, int length, byte[] to) {
        try {
            int done = cipher.update(from, 0, length, to, 0);
            if (done != length) {
                throw new IllegalStateException(cipher.getProvider() + " gave " + done + " of " + length + " bytes");
            }
        } catch (ShortBufferException e) {
            throw new IllegalStateException("a batch of " + length + " bytes does not fit", e);
        }
    }

    /** Overwrites what it has seen of the data. */
    void clear() {
        Arrays.fill(input, (byte) 0);
        Arrays.fill(output, (byte) 0);
        Arrays.fill(masks, (byte) 0);
        Arrays.fill(tweaks, (byte) 0);
    }
}
