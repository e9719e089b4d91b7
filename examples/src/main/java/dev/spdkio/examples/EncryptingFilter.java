// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.concurrent.CompletionStage;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A device that stores what it is given encrypted on another: each block by AES-CBC, with an initialisation vector that
 * is the encrypted number of the block (ESSIV).
 */
public final class EncryptingFilter implements BdevOps<EncryptingFilter.Lane> {
    private final BdevManager bdevs;
    private final BaseBdev base;
    private final SecretKeySpec key;
    private final SecretKeySpec ivKey;

    private EncryptingFilter(BdevManager bdevs, BaseBdev base, byte[] key) throws GeneralSecurityException {
        this.bdevs = bdevs;
        this.base = base;
        this.key = new SecretKeySpec(key, "AES");
        this.ivKey = new SecretKeySpec(MessageDigest.getInstance("SHA-256").digest(key), "AES");
    }

    /** On the app thread. The key has 16 or 32 bytes. */
    static Bdev create(BdevManager bdevs, String name, String baseName, byte[] key)
            throws SpdkException, GeneralSecurityException {
        BaseBdev base =
                BaseBdev.open(bdevs, baseName, Claim.exclusiveWrite("encrypting filter"), BaseBdev.Listener.FOLLOW);
        try {
            EncryptingFilter filter = new EncryptingFilter(bdevs, base, key);
            return base.carries(bdevs.register(
                    base.spec(name).productName("Encrypting filter").build(), filter));
        } catch (SpdkException | GeneralSecurityException | RuntimeException e) {
            base.close();
            throw e;
        }
    }

    /** The device below and the ciphers on one thread: ciphers are not for several. */
    public final class Lane {
        private final BdevChannel channel = base.openChannel();
        private final Cipher block = cipher("AES/CBC/NoPadding");
        private final Cipher iv = cipher("AES/ECB/NoPadding");
        private final byte[] number = new byte[16];

        private static Cipher cipher(String transformation) {
            try {
                return Cipher.getInstance(transformation);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e); // every JDK has these
            }
        }

        /** Turns the blocks of {@code buf} around in place. */
        void crypt(int mode, long firstBlock, DmaBuf buf) throws GeneralSecurityException {
            iv.init(Cipher.ENCRYPT_MODE, ivKey);
            byte[] one = new byte[base.bdev().blockSize()];
            ByteBuffer bytes = buf.buffer();
            for (long n = firstBlock; bytes.hasRemaining(); n++) {
                ByteBuffer.wrap(number).putLong(0, n);
                block.init(mode, key, new IvParameterSpec(iv.doFinal(number)));
                bytes.mark().get(one).reset();
                bytes.put(block.doFinal(one));
            }
        }
    }

    @Override
    public void submit(Lane lane, BdevIo io) {
        switch (io.type()) {
            case READ, WRITE -> {
                DmaBuf buf = bdevs.pool().tryAllocate(io.lengthBytes());
                if (buf == null) {
                    io.complete(IoStatus.NOMEM); // the hub asks again when there may be memory
                } else {
                    transfer(lane, io, buf);
                }
            }
            default -> lane.channel.forward(io);
        }
    }

    private static void transfer(Lane lane, BdevIo io, DmaBuf buf) {
        if (io.type() == IoType.READ) {
            lane.channel.submitReadBlocks(
                    buf, io.offsetBlocks(), io.blockCount(), (status, _) -> end(lane, io, buf, status), null);
            return;
        }
        try {
            copy(io, buf, true);
            lane.crypt(Cipher.ENCRYPT_MODE, io.offsetBlocks(), buf);
        } catch (GeneralSecurityException | RuntimeException e) {
            end(lane, io, buf, IoStatus.FAILED);
            return;
        }
        lane.channel.submitWriteBlocks(
                buf, io.offsetBlocks(), io.blockCount(), (status, _) -> end(lane, io, buf, status), null);
    }

    private static void end(Lane lane, BdevIo io, DmaBuf buf, IoStatus status) {
        IoStatus result = status;
        try (buf) {
            if (io.type() == IoType.READ && status.isSuccess()) {
                lane.crypt(Cipher.DECRYPT_MODE, io.offsetBlocks(), buf);
                copy(io, buf, false);
            }
        } catch (GeneralSecurityException | RuntimeException e) {
            result = IoStatus.FAILED;
        }
        io.complete(result);
    }

    private static void copy(BdevIo io, DmaBuf buf, boolean in) {
        long at = 0;
        for (int i = 0; i < io.segmentCount(); at += io.length(i++)) {
            if (in) {
                MemorySegment.copy(io.memory(i), io.memoryOffset(i), buf.segment(), at, io.length(i));
            } else {
                MemorySegment.copy(buf.segment(), at, io.memory(i), io.memoryOffset(i), io.length(i));
            }
        }
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, FLUSH, RESET -> base.supports(type);
            default -> false; // zeroes are written encrypted, by the hub
        };
    }

    @Override
    public Lane openChannel(SpdkThread thread) {
        return new Lane();
    }

    @Override
    public void closeChannel(Lane lane) {
        lane.channel.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        return base.closeAsync();
    }

    /** Runs it. */
    public static void main(String[] args) throws Exception {
        try (SpdkApp app = SpdkApp.builder().start()) {
            Bdev below = RamDisk.create(app.bdevs(), "Ram0", 512, 2048);
            app.call(() -> create(
                            app.bdevs(), "Secret0", "Ram0", "0123456789abcdef".getBytes(StandardCharsets.US_ASCII)))
                    .join();
            try (BlockDevice device = BlockDevice.open(app.bdevs(), "Secret0", OpenMode.READ_WRITE);
                    BlockDevice raw = BlockDevice.open(app.bdevs(), below.name(), OpenMode.READ_ONLY)) {
                device.write(ByteBuffer.allocate(512).putInt(0, 42), 0);
                ByteBuffer clear = ByteBuffer.allocate(512);
                ByteBuffer stored = ByteBuffer.allocate(512);
                device.read(clear, 0);
                raw.read(stored, 0);
                System.out.println("read back " + clear.getInt(0) + ", stored as it is: " + (stored.getInt(0) == 42));
            }
        }
    }
}
