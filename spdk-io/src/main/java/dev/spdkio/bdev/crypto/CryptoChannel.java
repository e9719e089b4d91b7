// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.crypto;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A {@link CryptoBdev} on one thread. What is written is encrypted into memory of our own, since the caller's is the
 * caller's; what is read is decrypted where it is.
 *
 * <p>Thread rule: owned by its thread.
 */
final class CryptoChannel {
    private final BdevChannel base;
    private final DmaPool pool;
    private final int alignment;
    private final int blockSize;
    private final AesXts xts;
    private final IoCompletion read = this::read;
    private final IoCompletion written = this::written;

    /** Where in the memory of an I/O we are: the piece, and the byte of it. */
    private int piece;

    private long at;

    CryptoChannel(BdevChannel base, DmaPool pool, CryptoKey key) {
        this.base = base;
        this.pool = pool;
        this.alignment = base.bdev().requiredAlignment();
        this.blockSize = base.bdev().blockSize();
        this.xts = new AesXts(key, blockSize);
    }

    void submit(BdevIo io) {
        switch (io.type()) {
            case READ -> base.submitChild(io, io.type(), 0, io.offsetBlocks(), io.blockCount(), read, io);
            case WRITE -> write(io);
            default -> base.forward(io);
        }
    }

    private void write(BdevIo io) {
        DmaBuf secret = pool.tryAllocate(io.lengthBytes(), alignment);
        if (secret == null) {
            io.complete(IoStatus.NOMEM);
            return;
        }
        try {
            encrypt(io, secret);
            base.submitWriteBlocks(secret, io.offsetBlocks(), io.blockCount(), written, io);
        } catch (RuntimeException e) {
            secret.close();
            throw e;
        }
        io.setDriverRef(secret);
    }

    private void encrypt(BdevIo io, DmaBuf secret) {
        MemorySegment out = secret.segment();
        rewind();
        long done = 0;
        for (long left = io.blockCount(); left > 0; ) {
            int count = (int) Math.min(left, xts.batchBlocks());
            int bytes = count * blockSize;
            gather(io, xts.input(), bytes);
            xts.encrypt(io.offsetBlocks() + done, count);
            MemorySegment.copy(xts.output(), 0, out, ValueLayout.JAVA_BYTE, done * blockSize, bytes);
            done += count;
            left -= count;
        }
    }

    private void written(IoStatus status, @Nullable Object userData) {
        BdevIo io = (BdevIo) Objects.requireNonNull(userData);
        ((DmaBuf) Objects.requireNonNull(io.driverRef())).close();
        io.setDriverRef(null);
        io.complete(status);
    }

    private void read(IoStatus status, @Nullable Object userData) {
        BdevIo io = (BdevIo) Objects.requireNonNull(userData);
        if (status.isSuccess()) {
            decrypt(io);
        }
        io.complete(status);
    }

    private void decrypt(BdevIo io) {
        rewind();
        long done = 0;
        for (long left = io.blockCount(); left > 0; ) {
            int count = (int) Math.min(left, xts.batchBlocks());
            int bytes = count * blockSize;
            int fromPiece = piece;
            long from = at;
            gather(io, xts.input(), bytes);
            xts.decrypt(io.offsetBlocks() + done, count);
            piece = fromPiece;
            at = from;
            scatter(xts.output(), bytes, io);
            done += count;
            left -= count;
        }
    }

    // ---- the memory of an I/O --------------------------------------------------------------------------------------

    private void rewind() {
        piece = 0;
        at = 0;
    }

    private void gather(BdevIo io, byte[] to, int bytes) {
        for (int done = 0; done < bytes; ) {
            int n = (int) Math.min(bytes - done, io.length(piece) - at);
            MemorySegment.copy(io.memory(piece), ValueLayout.JAVA_BYTE, io.memoryOffset(piece) + at, to, done, n);
            done += n;
            advance(io, n);
        }
    }

    private void scatter(byte[] from, int bytes, BdevIo io) {
        for (int done = 0; done < bytes; ) {
            int n = (int) Math.min(bytes - done, io.length(piece) - at);
            MemorySegment.copy(from, done, io.memory(piece), ValueLayout.JAVA_BYTE, io.memoryOffset(piece) + at, n);
            done += n;
            advance(io, n);
        }
    }

    private void advance(BdevIo io, int bytes) {
        at += bytes;
        if (at == io.length(piece)) {
            piece++;
            at = 0;
        }
    }

    void abort(BdevIo target, BdevIo abort) {
        base.forwardAbort(target, abort);
    }

    void close() {
        xts.clear();
        base.close();
    }
}
