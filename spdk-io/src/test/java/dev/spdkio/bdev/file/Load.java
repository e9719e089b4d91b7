// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.memory.DmaBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Keeps so many reads in flight on a channel until so many have ended; checks the thread of each completion. */
public final class Load implements IoCompletion {
    public final List<Object> failures = new ArrayList<>();

    private final BdevChannel channel;
    private final int blockSize;
    private final CompletableFuture<Load> done;
    private final int total;
    private int begun;
    private int ended;

    private Load(BdevChannel channel, int total, int blockSize, CompletableFuture<Load> done) {
        this.channel = channel;
        this.total = total;
        this.blockSize = blockSize;
        this.done = done;
    }

    public static CompletableFuture<Load> start(
            FileWorld world, BdevChannel channel, int depth, int total, int blockSize) throws Exception {
        CompletableFuture<Load> done = world.runtime.newFuture();
        Load load = new Load(channel, total, blockSize, done);
        world.on(channel.thread(), () -> {
            for (int i = 0; i < depth; i++) {
                load.next(world.pool.allocate(blockSize));
            }
            return true;
        });
        return done;
    }

    private void next(DmaBuf buf) {
        long blocks = channel.bdev().blockCount();
        long block = (begun++ * 7919L) % blocks;
        channel.submitRead(buf, block * blockSize, this, buf);
    }

    @Override
    public void completed(IoStatus status, @Nullable Object userData) {
        if (!status.isSuccess()) {
            failures.add(status);
        }
        if (!channel.thread().isCurrent()) {
            failures.add(Thread.currentThread());
        }
        ended++;
        DmaBuf buf = (DmaBuf) java.util.Objects.requireNonNull(userData);
        if (begun < total) {
            next(buf);
        } else {
            buf.close();
            if (ended == total) {
                done.complete(this);
            }
        }
    }
}
