// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.export;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A device without data that answers as a test says: with a status, later, or with no room. */
final class AnsweringDevice implements BdevOps<SpdkThread> {
    final ConcurrentLinkedQueue<SpdkThread> channels = new ConcurrentLinkedQueue<>();
    final ConcurrentLinkedQueue<IoType> seen = new ConcurrentLinkedQueue<>();
    final AtomicInteger noRoom = new AtomicInteger();
    final AtomicInteger held = new AtomicInteger();
    volatile IoStatus answer = IoStatus.SUCCESS;
    volatile boolean holds;
    volatile boolean throwing;

    /** By thread, touched on that thread alone. */
    private final Map<SpdkThread, List<BdevIo>> waiting = new java.util.concurrent.ConcurrentHashMap<>();

    @Override
    public void submit(SpdkThread thread, BdevIo io) {
        thread.checkCurrent("submitting");
        if (throwing) {
            throw new IllegalStateException("this device always throws");
        }
        seen.add(io.type());
        if (holds && io.type() != IoType.RESET) {
            waiting.computeIfAbsent(thread, _ -> new ArrayList<>()).add(io);
            held.incrementAndGet();
        } else if (noRoom.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
            io.complete(IoStatus.NOMEM);
        } else {
            io.complete(answer);
        }
    }

    /** Ends what is held. */
    void letGo() {
        holds = false;
        waiting.forEach((thread, ios) -> thread.send(() -> {
            List<BdevIo> all = List.copyOf(ios);
            ios.clear();
            held.addAndGet(-all.size());
            all.forEach(io -> io.complete(answer));
        }));
    }

    @Override
    public void abort(SpdkThread thread, BdevIo target, BdevIo abort) {
        if (waiting.getOrDefault(thread, List.of()).remove(target)) {
            held.decrementAndGet();
            target.complete(IoStatus.ABORTED);
            abort.complete(IoStatus.SUCCESS);
        } else {
            abort.complete(IoStatus.FAILED);
        }
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, UNMAP, FLUSH, RESET, ABORT -> true;
            default -> false;
        };
    }

    @Override
    public SpdkThread openChannel(SpdkThread thread) {
        channels.add(thread);
        return thread;
    }

    @Override
    public void closeChannel(SpdkThread thread) {
        channels.remove(thread);
    }

    @Override
    public CompletionStage<Void> destruct() {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        out.put("answers", "as \"told\"");
        out.put("list", List.of(1, 2));
    }
}
