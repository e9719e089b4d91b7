// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;

/** A simulated application with one manager, two threads and a fake device. */
final class BdevWorld implements AutoCloseable {
    static final int BLOCK = 512;

    final SimulatedRuntime rt;
    final SpdkThread app;
    final SpdkThread other;
    final DmaPool pool;
    final BdevManager bdevs;

    /** The ends of I/O, in order. */
    final List<String> ends = new ArrayList<>();

    private final List<FakeDevice> devices = new ArrayList<>();
    private final List<BdevDesc> opened = new ArrayList<>();

    /** Writes the status and the user data down. */
    final IoCompletion note = (status, data) -> ends.add(data + " " + status);

    BdevWorld() {
        this(1, BdevOptions.DEFAULT);
    }

    BdevWorld(long seed, BdevOptions options) {
        this(seed, options, 64 << 20);
    }

    BdevWorld(long seed, BdevOptions options, long poolBytes) {
        rt = SimulatedRuntime.create(2, seed);
        app = rt.createThread("app");
        other = rt.createThread("other");
        pool = DmaPool.builder().name("test").limitBytes(poolBytes).build();
        bdevs = BdevManager.create(rt, app, pool, options);
    }

    <T> T on(SpdkThread thread, Callable<T> body) {
        return rt.call(thread, body);
    }

    void run(SpdkThread thread, ThrowingRunnable body) {
        rt.call(thread, () -> {
            body.run();
            return true;
        });
    }

    interface ThrowingRunnable {
        void run() throws Exception;
    }

    /** Registers a fake device called {@code D} with 128 blocks. */
    FakeDevice device(UnaryOperator<BdevSpec.Builder> spec) {
        FakeDevice device = new FakeDevice(BLOCK, 128);
        register(device, spec);
        return device;
    }

    Bdev register(FakeDevice device, UnaryOperator<BdevSpec.Builder> spec) {
        devices.add(device);
        try {
            return bdevs.register(
                    spec.apply(BdevSpec.builder("D", device.blockSize, device.bytes.length / device.blockSize))
                            .build(),
                    device);
        } catch (dev.spdkio.error.SpdkException e) {
            throw new AssertionError(e);
        }
    }

    BdevDesc open(SpdkThread thread, OpenMode mode) {
        BdevDesc desc = on(thread, () -> bdevs.open("D", mode, BdevEventListener.NONE));
        opened.add(desc);
        return desc;
    }

    BdevChannel channel(SpdkThread thread) {
        BdevDesc desc = open(thread, OpenMode.READ_WRITE);
        return on(thread, desc::openChannel);
    }

    DmaBuf buf(int blocks) {
        return pool.allocate((long) blocks * BLOCK);
    }

    DmaBuf buf(int blocks, int value) {
        DmaBuf b = buf(blocks);
        b.fill((byte) value);
        return b;
    }

    @Override
    public void close() {
        opened.forEach(BdevDesc::close);
        finishHeldIo();
        rt.close();
    }

    /** Ends what the test left at devices, so that threads can exit. */
    private void finishHeldIo() {
        for (FakeDevice d : devices) {
            d.mode = FakeDevice.Mode.INLINE;
            d.capacity = Integer.MAX_VALUE;
            while (!d.held.isEmpty()) {
                SpdkThread thread = d.held.peek().thread();
                run(thread, () -> d.finishOldest(IoStatus.SUCCESS));
            }
        }
        rt.runFor(java.time.Duration.ofMillis(20));
    }
}
