// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.nvme.NvmeCompletion;
import dev.spdkio.nvme.NvmeNamespace;
import dev.spdkio.nvme.NvmeOperation;
import dev.spdkio.nvme.NvmeQueuePair;
import dev.spdkio.nvme.NvmeStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a number of writes and reads under way on a queue pair until it is told to stop. Each must end once, on the
 * thread, and outside of every submit call.
 *
 * <p>Thread rule: any thread; it works on that of the queue pair.
 */
final class NvmeLoad implements NvmeCompletion, AutoCloseable {
    private static final class Place {
        final DmaBuf buf;
        final long lba;
        int turn;
        boolean underWay;

        Place(DmaBuf buf, long lba) {
            this.buf = buf;
            this.lba = lba;
        }
    }

    private final NvmeQueuePair pair;
    private final NvmeNamespace ns;
    private final int blocks;
    private final List<Place> places = new ArrayList<>();
    private final List<String> broken = new ArrayList<>();
    private final CompletableFuture<Void> stopped;
    private final AtomicLong done = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private volatile @Nullable NvmeStatus lastFailure;
    private long goal;
    private @Nullable CompletableFuture<Void> atGoal;
    private boolean submitting;
    private int underWay;
    private volatile boolean stopping;

    /** @param lba where its places begin, one after the other */
    NvmeLoad(NvmeBed bed, NvmeQueuePair pair, NvmeNamespace ns, int depth, int bytes, long lba) {
        this.pair = pair;
        this.ns = ns;
        this.blocks = bytes / ns.blockSize();
        this.stopped = pair.thread().runtime().newFuture();
        for (int i = 0; i < depth; i++) {
            places.add(new Place(bed.filled(bytes, i + 1), lba + (long) i * blocks));
        }
    }

    void start() {
        pair.thread().send(() -> places.forEach(this::submit));
    }

    private void submit(Place p) {
        if (stopping) {
            end();
            return;
        }
        p.underWay = true;
        underWay++;
        submitting = true;
        try {
            NvmeOperation op = p.turn++ % 2 == 0 ? NvmeOperation.WRITE : NvmeOperation.READ;
            pair.submit(op, ns, p.buf, p.lba, blocks, 0, this, p);
        } catch (RuntimeException e) {
            p.underWay = false;
            underWay--;
            broken.add("a submit threw " + e);
            stopping = true;
            end();
        } finally {
            submitting = false;
        }
    }

    @Override
    public void completed(NvmeStatus status, long result, @Nullable Object userData) {
        if (!(userData instanceof Place p)
                || !p.underWay
                || submitting
                || !pair.thread().isCurrent()) {
            broken.add("an end that should not be: " + status + " of " + userData);
            return;
        }
        p.underWay = false;
        underWay--;
        if (status.isSuccess()) {
            if (done.incrementAndGet() == goal && atGoal != null) {
                atGoal.complete(null);
            }
        } else {
            failed.incrementAndGet();
            lastFailure = status;
        }
        submit(p);
    }

    private void end() {
        if (underWay == 0) {
            stopped.complete(null);
        }
    }

    /** How many were done so far. */
    long done() {
        return done.get();
    }

    /** How many failed so far. */
    long failed() {
        return failed.get();
    }

    @Nullable
    NvmeStatus lastFailure() {
        return lastFailure;
    }

    /** Waits until that many more were done. */
    void awaitMore(long count) throws Exception {
        CompletableFuture<Void> reached = new CompletableFuture<>();
        pair.thread().send(() -> {
            goal = done() + count;
            atGoal = reached;
        });
        try {
            NvmeBed.await(reached);
        } catch (TimeoutException e) {
            throw new AssertionError(
                    "only " + done() + " requests were done, " + failed() + " failed: " + lastFailure, e);
        }
    }

    /** Submits no more. */
    void stop() {
        stopping = true;
    }

    /** Submits no more, waits for the ends, and says what was wrong. */
    @Override
    public void close() throws Exception {
        stop();
        pair.thread().send(() -> {
            if (underWay == 0) {
                end();
            }
        });
        NvmeBed.await(stopped);
        places.forEach(p -> p.buf.close());
        assertThat(broken).isEmpty();
    }
}
