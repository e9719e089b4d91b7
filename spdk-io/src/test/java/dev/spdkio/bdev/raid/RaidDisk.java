// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.MetadataSpec;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A disk with a volatile cache: what was not flushed may or may not be there after a power cut, sector by sector. It
 * fails what it is told to fail, and holds what it is told to hold.
 */
final class RaidDisk implements BdevOps<SpdkThread> {
    static final int SECTOR = 512;

    final String name;
    final UUID uuid;
    final int blockSize;

    /** What a reader sees. */
    final byte[] content;

    /** What the medium had at the last flush, and what was written to each sector since. */
    private final byte[] medium;

    private final Map<Integer, List<byte[]>> unflushed = new HashMap<>();

    @Nullable
    MetadataSpec metadata;

    /** I/O that ends badly. */
    Predicate<BdevIo> fails = _ -> false;

    /** I/O that does not end. What a write brings may be on the medium all the same. */
    Predicate<BdevIo> holds = _ -> false;

    boolean isSick;
    final ArrayDeque<BdevIo> held = new ArrayDeque<>();
    int writes;
    int reads;
    boolean unmaps = true;

    RaidDisk(String name, UUID uuid, int blockSize, byte[] content) {
        this.name = name;
        this.uuid = uuid;
        this.blockSize = blockSize;
        this.content = content;
        this.medium = content.clone();
    }

    RaidDisk(String name, int blockSize, int blocks) {
        this(
                name,
                UUID.nameUUIDFromBytes(name.getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                blockSize,
                new byte[blockSize * blocks]);
    }

    @Override
    public synchronized void submit(SpdkThread channel, BdevIo io) {
        if (fails.test(io)) {
            io.complete(IoStatus.FAILED);
            return;
        }
        switch (io.type()) {
            case READ -> read(io);
            case WRITE -> write(io);
            case UNMAP -> put(io.offsetBytes(), new byte[(int) io.lengthBytes()]);
            case FLUSH -> flush();
            case RESET -> abortHeld();
            default -> {}
        }
        if (holds.test(io)) {
            held.addLast(io);
        } else {
            io.complete(IoStatus.SUCCESS);
        }
    }

    private void abortHeld() {
        while (!held.isEmpty()) {
            BdevIo io = held.removeFirst();
            io.completeFromAnyThread(IoStatus.ABORTED);
        }
    }

    private void read(BdevIo io) {
        reads++;
        long at = io.offsetBytes();
        for (int i = 0; i < io.segmentCount(); i++) {
            MemorySegment.copy(MemorySegment.ofArray(content), at, io.memory(i), io.memoryOffset(i), io.length(i));
            at += io.length(i);
        }
    }

    private void write(BdevIo io) {
        writes++;
        byte[] bytes = new byte[(int) io.lengthBytes()];
        long at = 0;
        for (int i = 0; i < io.segmentCount(); i++) {
            MemorySegment.copy(io.memory(i), io.memoryOffset(i), MemorySegment.ofArray(bytes), at, io.length(i));
            at += io.length(i);
        }
        put(io.offsetBytes(), bytes);
    }

    private void put(long offset, byte[] bytes) {
        System.arraycopy(bytes, 0, content, (int) offset, bytes.length);
        for (int i = 0; i < bytes.length; i += SECTOR) {
            byte[] sector = java.util.Arrays.copyOfRange(bytes, i, i + SECTOR);
            unflushed
                    .computeIfAbsent((int) (offset + i) / SECTOR, _ -> new ArrayList<>())
                    .add(sector);
        }
    }

    private void flush() {
        System.arraycopy(content, 0, medium, 0, content.length);
        unflushed.clear();
    }

    /** The disk after a power cut: of each sector some version since the last flush. */
    RaidDisk afterPowerCut(RandomGenerator random) {
        byte[] left = medium.clone();
        unflushed.forEach((sector, versions) -> {
            int version = random.nextInt(versions.size() + 1) - 1;
            if (version >= 0) {
                System.arraycopy(versions.get(version), 0, left, sector * SECTOR, SECTOR);
            }
        });
        return new RaidDisk(name, uuid, blockSize, left);
    }

    /** The same disk in another world, all of its content on the medium. */
    RaidDisk moved() {
        return new RaidDisk(name, uuid, blockSize, content.clone());
    }

    /** Ends what is held, on its threads. */
    void release(RaidWorld world) {
        holds = _ -> false;
        while (!held.isEmpty()) {
            BdevIo io = held.removeFirst();
            world.run(io.thread(), () -> io.complete(IoStatus.SUCCESS));
        }
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, FLUSH, RESET -> true;
            case UNMAP -> unmaps;
            default -> false;
        };
    }

    @Override
    public SpdkThread openChannel(SpdkThread thread) {
        return thread;
    }

    @Override
    public void closeChannel(SpdkThread channel) {}

    @Override
    public CompletionStage<Void> destruct() {
        return CompletableFuture.completedFuture(null);
    }
}
