// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.IdlePolicy;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** An application with two SPDK threads and a manager, on real or simulated reactors; the devices are always real. */
public final class FileWorld implements AutoCloseable {
    /** What the reactors are. */
    public enum Kind {
        REAL,
        BUSY,
        SIMULATED
    }

    public final SpdkRuntime runtime;
    public final SpdkThread app;
    public final SpdkThread other;
    public final DmaPool pool;
    public final BdevManager bdevs;
    private final List<BdevDesc> open = new ArrayList<>();

    public FileWorld(Kind kind) {
        runtime = switch (kind) {
            case REAL, BUSY -> {
                CpuSet cores = Cores.available();
                int[] two = cores.stream().limit(2).toArray();
                yield SpdkRuntime.builder()
                        .name("files")
                        .cpus(CpuSet.of(two))
                        .idlePolicy(kind == Kind.BUSY ? IdlePolicy.BUSY : IdlePolicy.ADAPTIVE)
                        .start();
            }
            case SIMULATED -> SimulatedRuntime.create(2, 42);
        };
        app = runtime.createThread("app");
        other = runtime.createThread("other");
        pool = DmaPool.builder().name("files").limitBytes(256 << 20).build();
        bdevs = BdevManager.create(runtime, app, pool, BdevOptions.DEFAULT);
    }

    public <T> T await(CompletableFuture<T> future) throws Exception {
        return runtime instanceof SimulatedRuntime simulated
                ? simulated.await(future)
                : future.get(60, TimeUnit.SECONDS);
    }

    public <T> T on(SpdkThread thread, Callable<T> body) throws Exception {
        return await(thread.call(body));
    }

    /** Begins asynchronous operations on a thread and waits for their end. */
    public void io(SpdkThread thread, Callable<CompletableFuture<?>> begin) throws Exception {
        CompletableFuture<?> ends = on(thread, begin);
        await(ends.thenApply(value -> value));
    }

    public BdevDesc open(SpdkThread thread, Bdev bdev, OpenMode mode) throws Exception {
        BdevDesc desc = on(thread, () -> bdevs.open(bdev.name(), mode, BdevEventListener.NONE));
        open.add(desc);
        return desc;
    }

    public BdevChannel channel(SpdkThread thread, Bdev bdev) throws Exception {
        BdevDesc desc = open(thread, bdev, OpenMode.READ_WRITE);
        return on(thread, desc::openChannel);
    }

    /** A buffer of recognisable bytes. */
    public DmaBuf pattern(int length, int seed) {
        DmaBuf buf = pool.allocate(length);
        buf.copyFrom(bytes(length, seed));
        return buf;
    }

    public static byte[] bytes(int length, int seed) {
        byte[] bytes = new byte[length];
        new java.util.Random(seed).nextBytes(bytes);
        return bytes;
    }

    public static byte[] bytes(DmaBuf buf) {
        byte[] bytes = new byte[(int) buf.size()];
        buf.copyTo(bytes);
        return bytes;
    }

    @Override
    public void close() {
        try {
            for (BdevDesc desc : open) {
                desc.close();
                await(desc.closed());
            }
            await(bdevs.closeAsync());
        } catch (Exception e) {
            throw new AssertionError("the world does not end", e);
        } finally {
            runtime.close();
        }
    }
}
