// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A disk that keeps its content when its device goes, and can be a device again; writes fail when it is told so. */
final class MemoryDisk implements BdevOps<MemoryDisk> {
    static final int BLOCK = 512;

    private final byte[] content;
    private volatile boolean failsWrites;

    MemoryDisk(long bytes) {
        this(new byte[Math.toIntExact(bytes)]);
    }

    private MemoryDisk(byte[] content) {
        this.content = content;
    }

    Bdev register(BdevManager bdevs, String name) throws SpdkException {
        return register(bdevs, name, UUID.randomUUID());
    }

    Bdev register(BdevManager bdevs, String name, UUID uuid) throws SpdkException {
        return bdevs.register(
                BdevSpec.builder(name, BLOCK, content.length / BLOCK).uuid(uuid).build(), this);
    }

    /** What a crash would leave. */
    MemoryDisk copy() {
        return new MemoryDisk(content.clone());
    }

    byte[] content() {
        return content;
    }

    void failWrites(boolean value) {
        failsWrites = value;
    }

    @Override
    public void submit(MemoryDisk channel, BdevIo io) {
        int at = Math.toIntExact(io.offsetBytes());
        if (failsWrites && io.type() != IoType.READ) {
            io.complete(IoStatus.FAILED);
            return;
        }
        MemorySegment disk = MemorySegment.ofArray(content);
        switch (io.type()) {
            case READ -> {
                for (int i = 0; i < io.segmentCount(); at += (int) io.length(i++)) {
                    MemorySegment.copy(disk, at, io.memory(i), io.memoryOffset(i), io.length(i));
                }
            }
            case WRITE -> {
                for (int i = 0; i < io.segmentCount(); at += (int) io.length(i++)) {
                    MemorySegment.copy(io.memory(i), io.memoryOffset(i), disk, at, io.length(i));
                }
            }
            default -> Arrays.fill(content, at, at + (int) io.lengthBytes(), (byte) 0);
        }
        io.complete(IoStatus.SUCCESS);
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, UNMAP, WRITE_ZEROES -> true;
            default -> false;
        };
    }

    @Override
    public MemoryDisk openChannel(SpdkThread thread) {
        return this;
    }

    @Override
    public void closeChannel(MemoryDisk channel) {}

    @Override
    public CompletionStage<Void> destruct() {
        return CompletableFuture.completedFuture(null);
    }
}
