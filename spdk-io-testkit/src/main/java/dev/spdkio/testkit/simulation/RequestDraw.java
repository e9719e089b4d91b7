// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.IoType;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The drawing of a request: which type, which blocks, which memory and contents. */
final class RequestDraw {
    private static final IoType[] RARE = {
        IoType.WRITE_ZEROES,
        IoType.UNMAP,
        IoType.FLUSH,
        IoType.COMPARE,
        IoType.COMPARE_AND_WRITE,
        IoType.COMPARE_AND_WRITE,
        IoType.COPY,
        // Futures of what follows have values.
        IoType.ZCOPY,
        IoType.SEEK_DATA,
        IoType.SEEK_HOLE,
        IoType.NVME_IO
    };

    private static final int FUTURES = 7;
    private static final int HOT = 4;

    final World world;
    final int id;
    final IoType type;
    final int block;
    final int count;
    final int source;
    final boolean flag;
    final @Nullable Object key;
    final @Nullable Memory memory;
    final @Nullable Memory second;
    final long[] expected;

    /** False if there is no memory for it, or nothing that could be done now. */
    final boolean isGood;

    RequestDraw(World world, Client client, boolean forFuture, RandomGenerator r) {
        this.world = world;
        this.id = world.nextRequest() | (forFuture ? Content.UNORDERED : 0);
        Disk disk = client.disk;
        IoType wanted = r.nextInt(10) < 7
                ? r.nextBoolean() ? IoType.READ : IoType.WRITE
                : RARE[r.nextInt(forFuture ? FUTURES : RARE.length)];
        boolean possible = disk.supports(wanted) && (client.mayWrite() || !wanted.modifies());
        int unit = disk.writeUnit();
        int blocks = disk.blocks() / unit;
        int most = Math.min(
                World.MOST_BLOCKS / unit, wanted == IoType.COMPARE_AND_WRITE ? disk.bdev.acwu() / unit : blocks);
        count = unit * (1 + r.nextInt(r.nextBoolean() ? 1 : most));
        int places = blocks - count / unit + 1;
        // Many want the same blocks, and many copies overlap their source.
        block = unit * r.nextInt(r.nextInt(3) == 0 ? Math.min(places, HOT) : places);
        int near = block / unit + r.nextInt(HOT) - HOT / 2;
        source = unit * (r.nextBoolean() ? Math.clamp(near, 0, places - 1) : r.nextInt(places));
        boolean free = disk.mayChange(block, count) && (wanted != IoType.COPY || disk.mayCopy(source, count));
        type = possible && (free || !wanted.modifies()) ? wanted : IoType.READ;
        flag = r.nextBoolean();
        key = r.nextInt(4) == 0 ? client : null;
        int bytes = count * disk.blockSize();
        boolean hasMemory = type == IoType.READ
                || type == IoType.WRITE
                || type == IoType.COMPARE
                || type == IoType.COMPARE_AND_WRITE;
        memory = hasMemory ? Memory.take(world.pool, bytes, r) : null;
        boolean hasSecond = type == IoType.COMPARE_AND_WRITE && memory != null;
        second = hasSecond ? Memory.take(world.pool, bytes, r) : null;
        isGood = hasMemory == (memory != null) && hasSecond == (second != null);
        expected = new long[type == IoType.COMPARE || type == IoType.COMPARE_AND_WRITE ? count : 0];
        if (isGood) {
            fill(disk.history, disk.blockSize(), r);
        } else {
            Memory.close(memory);
        }
    }

    private RequestDraw(World world, int block, int count, Memory memory) {
        this.world = world;
        this.id = world.nextRequest();
        this.type = IoType.READ;
        this.block = block;
        this.count = count;
        this.source = 0;
        this.flag = false;
        this.key = null;
        this.memory = memory;
        this.second = null;
        this.expected = new long[0];
        this.isGood = true;
    }

    /** A read of what comes from a block on. */
    static RequestDraw read(World world, Client client, int block) {
        int count = Math.min(World.MOST_BLOCKS, client.disk.blocks() - block);
        Memory memory = Memory.take(world.pool, count * client.disk.blockSize(), new java.util.SplittableRandom(block));
        if (memory == null) {
            throw new IllegalStateException("the pool is exhausted at the end: " + world.pool);
        }
        return new RequestDraw(world, block, count, memory);
    }

    private void fill(History history, int blockSize, RandomGenerator r) {
        long[] own = new long[count];
        for (int i = 0; i < count; i++) {
            own[i] = Content.of(id, i);
        }
        for (int i = 0; i < expected.length; i++) {
            expected[i] = history.some(block + i);
        }
        if (expected.length > 0 && r.nextInt(4) == 0) {
            int i = r.nextInt(count);
            expected[i] = own[i];
        }
        if (second != null) {
            second.fill(world.scratch, blockSize, own);
        }
        if (memory != null) {
            if (type == IoType.READ) {
                Arrays.fill(own, Content.POISON);
            }
            memory.fill(world.scratch, blockSize, expected.length > 0 ? expected : own);
        }
    }
}
