// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.Reactor;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The SpdkThreads over which the I/O of a file system is spread, each with its channel.
 *
 * <p>Thread rule: any thread; futures complete on the lane's.
 */
final class Lanes {
    private final List<BlobChannel> channels;

    private Lanes(List<BlobChannel> channels) {
        this.channels = channels;
    }

    /** Opens {@code count} lanes, or one a reactor. Any thread. */
    static CompletableFuture<Lanes> open(Blobstore store, int count) {
        SpdkRuntime rt = store.thread().runtime();
        List<Reactor> reactors = rt.reactors();
        List<SpdkThread> threads = new ArrayList<>();
        List<CompletableFuture<BlobChannel>> opened = new ArrayList<>();
        for (int i = 0; i < (count == 0 ? reactors.size() : count); i++) {
            SpdkThread t = rt.createThread(
                    "blobfs-" + store.bdevName() + "-lane" + i,
                    CpuSet.singleton(reactors.get(i % reactors.size()).core()));
            threads.add(t);
            opened.add(t.call(store::openChannel));
        }
        return CompletableFuture.allOf(opened.toArray(CompletableFuture[]::new)).handle((_, failure) -> {
            if (failure != null) {
                for (SpdkThread t : threads) {
                    var _ = t.exit(); // the unload closes what was opened
                }
                throw new CompletionException(Failures.cause(failure));
            }
            return new Lanes(opened.stream().map(CompletableFuture::join).toList());
        });
    }

    /** The lane of the calling thread. */
    private BlobChannel channel() {
        return channels.get((int) (Thread.currentThread().threadId() % channels.size()));
    }

    /** Reads or writes io units from {@code first} on, with the part of {@code buf} that begins at {@code from}. */
    CompletableFuture<Void> transfer(IoType type, Blob blob, DmaBuf buf, long from, long first, long count) {
        int unit = blob.store().ioUnitSize();
        DmaBuf part = buf.slice(from, count * unit);
        CompletableFuture<Void> end;
        try {
            end = type == IoType.READ
                    ? channel().readAsync(blob, part, first, count)
                    : channel().writeAsync(blob, part, first, count);
        } catch (RuntimeException refused) {
            part.close();
            return CompletableFuture.failedFuture(refused);
        }
        return end.whenComplete((_, _) -> part.close());
    }

    /** Has io units read as zeroes. */
    CompletableFuture<Void> zero(Blob blob, long first, long count) {
        try {
            return channel().writeZeroesAsync(blob, first, count);
        } catch (RuntimeException refused) {
            return CompletableFuture.failedFuture(refused);
        }
    }

    /** Closes the channels, and ends the threads. */
    CompletableFuture<Void> close() {
        channels.forEach(BlobChannel::close);
        return CompletableFuture.allOf(channels.stream()
                .map(c -> c.closed().thenCompose(_ -> c.thread().exit()))
                .toArray(CompletableFuture[]::new));
    }
}
