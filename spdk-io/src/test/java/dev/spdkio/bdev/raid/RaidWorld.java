// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/** A simulated application with arrays on {@link RaidDisk}s. */
final class RaidWorld implements AutoCloseable {
    static final int BLOCK = 512;

    final SimulatedRuntime rt;
    final SpdkThread app;
    final SpdkThread other;
    final DmaPool pool;
    final BdevManager bdevs;
    final RaidArrays arrays;
    final Map<String, RaidDisk> disks = new LinkedHashMap<>();
    private final List<BdevDesc> opened = new ArrayList<>();

    RaidWorld(long seed) {
        rt = SimulatedRuntime.create(2, seed);
        app = rt.createThread("app");
        other = rt.createThread("other");
        pool = DmaPool.builder().name("raid").limitBytes(256 << 20).build();
        bdevs = BdevManager.create(rt, app, pool, BdevOptions.DEFAULT);
        arrays = new RaidArrays(bdevs);
        arrays.setOptions(new RaidOptions(16, 0));
    }

    <T> T on(SpdkThread thread, Callable<T> body) {
        return rt.call(thread, body);
    }

    void run(SpdkThread thread, Runnable body) {
        rt.call(thread, () -> {
            body.run();
            return true;
        });
    }

    /** Calls on the app thread, and waits for what that promises. */
    <T> T await(Callable<CompletableFuture<T>> call) {
        return rt.await(on(app, call));
    }

    void awaitUntil(String what, BooleanSupplier condition) {
        for (int i = 0; !on(app, condition::getAsBoolean); i++) {
            if (i == 20_000) {
                throw new AssertionError("not in time: " + what);
            }
            rt.runFor(Duration.ofNanos(200_000));
        }
    }

    void settle() {
        rt.runFor(Duration.ofMillis(5));
    }

    RaidDisk disk(String name, int blocks) {
        return disk(new RaidDisk(name, BLOCK, blocks));
    }

    RaidDisk disk(RaidDisk disk) {
        try {
            bdevs.register(
                    BdevSpec.builder(disk.name, disk.blockSize, disk.content.length / disk.blockSize)
                            .uuid(disk.uuid)
                            .writeCache(true)
                            .metadata(disk.metadata)
                            .build(),
                    disk);
        } catch (SpdkException e) {
            throw new AssertionError(e);
        }
        disks.put(disk.name, disk);
        return disk;
    }

    void unplug(String disk) {
        await(() -> bdevs.unregister(disk));
        disks.remove(disk);
    }

    /** Makes an array of all disks. */
    RaidBdev create(RaidLevel level, boolean superblock) {
        return await(() -> arrays.create(new RaidBdevOptions(
                "R", level, level == RaidLevel.RAID1 ? 0 : 4, List.copyOf(disks.keySet()), null, superblock)));
    }

    RaidBdev array() {
        return on(app, () -> arrays.list().getFirst());
    }

    void examine(RaidDisk disk) {
        await(() -> arrays.examine(Objects.requireNonNull(bdevs.lookup(disk.name))));
    }

    void awaitSynced() {
        RaidBdev array = array();
        awaitUntil("synced", () -> array.sync().info() == null);
    }

    Bdev bdev() {
        return Objects.requireNonNull(bdevs.lookup("R"));
    }

    BdevChannel channel(SpdkThread thread) {
        return on(thread, () -> {
            BdevDesc desc = bdevs.open("R", OpenMode.READ_WRITE, (_, d) -> d.close());
            opened.add(desc);
            return desc.openChannel();
        });
    }

    void closeChannels() {
        opened.forEach(BdevDesc::close);
        opened.forEach(desc -> rt.await(desc.closed()));
        opened.clear();
    }

    void write(BdevChannel channel, long block, byte[] data) {
        try (DmaBuf buf = pool.allocate(data.length)) {
            buf.copyFrom(data);
            rt.await(channel.writeBlocksAsync(buf, block, data.length / BLOCK));
        }
    }

    byte[] read(BdevChannel channel, long block, int count) {
        try (DmaBuf buf = pool.allocate((long) count * BLOCK)) {
            rt.await(channel.readBlocksAsync(buf, block, count));
            byte[] data = new byte[count * BLOCK];
            buf.copyTo(data);
            return data;
        }
    }

    BdevDesc open(BdevEventListener listener) {
        return on(app, () -> bdevs.open("R", OpenMode.READ_WRITE, listener));
    }

    @Override
    public void close() {
        disks.values().forEach(disk -> {
            disk.fails = _ -> false;
            disk.release(this);
        });
        closeChannels();
        rt.await(bdevs.closeAsync());
        settle();
        try {
            org.assertj.core.api.Assertions.assertThat(pool.stats().usedBytes())
                    .as("memory not given back")
                    .isZero();
        } finally {
            rt.close();
        }
    }
}
