// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * The device of a store as its metadata thread sees it, in bytes.
 *
 * <p>Thread rule: the metadata thread, where all futures complete.
 */
class StoreDevice {
    private final BdevDesc desc;
    private final BdevChannel channel;
    private final DmaPool pool;
    private final boolean cached;

    StoreDevice(BdevDesc desc) {
        this.desc = desc;
        this.channel = desc.openChannel();
        this.pool = desc.bdev().manager().pool();
        this.cached = bdev().writeCache() && bdev().supports(IoType.FLUSH);
    }

    BdevDesc desc() {
        return desc;
    }

    Bdev bdev() {
        return desc.bdev();
    }

    CompletableFuture<Void> read(DmaBuf buf, long offset) {
        return channel.readAsync(buf, offset);
    }

    CompletableFuture<Void> write(DmaBuf buf, long offset) {
        return channel.writeAsync(buf, offset);
    }

    CompletableFuture<Void> zero(long offset, long length) {
        return channel.writeZeroesAsync(offset, length);
    }

    /** Makes of space that nobody has what is wished. */
    CompletableFuture<Void> clear(ClearMethod method, long offset, long length) {
        return switch (method) {
            case NONE -> Steps.done();
            case WRITE_ZEROES -> zero(offset, length);
            case DEFAULT, UNMAP -> bdev().supports(IoType.UNMAP) ? channel.unmapAsync(offset, length) : Steps.done();
        };
    }

    /** What was written before is durable before what is written after: a flush, if the device has a volatile cache. */
    CompletableFuture<Void> barrier() {
        return cached ? channel.flushAsync(0, bdev().sizeBytes()) : Steps.done();
    }

    /** Does something with memory for a while. */
    <T> CompletableFuture<T> with(long bytes, Function<DmaBuf, CompletableFuture<T>> body) {
        DmaBuf buf = pool.allocate(bytes);
        CompletableFuture<T> end;
        try {
            end = body.apply(buf);
        } catch (RuntimeException e) {
            buf.close();
            throw e;
        }
        return end.whenComplete((_, _) -> buf.close());
    }

    /** Lets go of the device. */
    CompletableFuture<Void> close() {
        desc.close();
        return desc.closed();
    }
}
