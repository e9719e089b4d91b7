// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.aio.AioBdev;
import dev.spdkio.bdev.aio.AioBdevOptions;
import dev.spdkio.bdev.uring.UringBdev;
import dev.spdkio.bdev.uring.UringBdevOptions;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.IdlePolicy;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads of one file through the hub by one thread on one reactor, to compare with fio. A main program, no test.
 *
 * <p>Arguments: {@code uring|aio file depth blockSize rand|seq seconds [BUSY|ADAPTIVE]}. Prints, for each of three
 * rounds, I/Os a second, heap bytes an I/O that the reactor's thread allocated, and its CPU time an I/O.
 */
public final class FileBenchmark implements IoCompletion {
    private final BdevChannel channel;
    private final int blockSize;
    private final long blocks;
    private final boolean random;
    private long state = 88172645463325252L;
    private long next;
    private long ended;

    private FileBenchmark(BdevChannel channel, int blockSize, boolean random) {
        this.channel = channel;
        this.blockSize = blockSize;
        this.blocks = channel.bdev().sizeBytes() / blockSize;
        this.random = random;
    }

    private void submit(DmaBuf buf) {
        long block;
        if (random) {
            state ^= state << 13;
            state ^= state >>> 7;
            state ^= state << 17;
            block = (state >>> 1) % blocks;
        } else {
            block = next++ % blocks;
        }
        channel.submitRead(buf, block * blockSize, this, buf);
    }

    @Override
    public void completed(IoStatus status, @Nullable Object userData) {
        if (!status.isSuccess()) {
            throw new IllegalStateException(status.toString());
        }
        ended++;
        submit((DmaBuf) java.util.Objects.requireNonNull(userData));
    }

    private record Sample(long nanos, long ended, long heapBytes, long cpuNanos) {}

    private Sample sample() {
        return new Sample(System.nanoTime(), ended, Counters.allocatedBytes(), Counters.cpuNanos());
    }

    public static void main(String[] args) throws Exception {
        int depth = Integer.parseInt(args[2]);
        int blockSize = Integer.parseInt(args[3]);
        double seconds = Double.parseDouble(args[5]);
        IdlePolicy policy = args.length > 6 ? IdlePolicy.valueOf(args[6]) : IdlePolicy.BUSY;
        SpdkRuntime runtime =
                SpdkRuntime.builder().name("bench").idlePolicy(policy).start();
        SpdkThread thread = runtime.createThread("bench");
        DmaPool pool = DmaPool.builder().name("bench").limitBytes(512 << 20).build();
        BdevManager bdevs = BdevManager.create(runtime, thread, pool, BdevOptions.DEFAULT);
        Bdev bdev = args[0].equals("uring")
                ? UringBdev.create(bdevs, new UringBdevOptions("bench", args[1]).withBlockSize(512))
                : AioBdev.create(bdevs, new AioBdevOptions("bench", args[1]).withBlockSize(4096));
        FileBenchmark load = thread.<FileBenchmark>call(() -> {
                    BdevDesc desc = bdevs.open("bench", OpenMode.READ_ONLY, BdevEventListener.NONE);
                    FileBenchmark b = new FileBenchmark(desc.openChannel(), blockSize, args[4].equals("rand"));
                    for (int i = 0; i < depth; i++) {
                        b.submit(pool.allocate(blockSize));
                    }
                    return b;
                })
                .get();
        System.out.println(bdev);
        for (int round = 0; round < 3; round++) {
            Sample before = thread.<Sample>call(load::sample).get();
            TimeUnit.NANOSECONDS.sleep((long) (seconds * 1e9));
            Sample after = thread.<Sample>call(load::sample).get();
            long count = after.ended - before.ended;
            System.out.printf(
                    "%s %s depth %d, %d bytes, %s: %.0f IOPS, %.2f heap bytes/IO, %d ns CPU/IO%n",
                    args[0],
                    policy,
                    depth,
                    blockSize,
                    args[4],
                    count * 1e9 / (after.nanos - before.nanos),
                    (double) (after.heapBytes - before.heapBytes) / count,
                    (after.cpuNanos - before.cpuNanos) / count);
        }
        Runtime.getRuntime().halt(0);
    }
}
