// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.error.ErrorBdev;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A device as its clients see it, with what it may hold. */
final class Disk {
    final String name;
    final SimDevice device;
    final Traits traits;

    /** What the simulated device is registered as. */
    final Bdev media;

    /** What clients open: that, or what stands on it. */
    final Bdev bdev;

    /** The devices between them into which errors are injected. */
    final List<Bdev> errors;

    final History history;

    /** How many copies read a block now: nobody begins to write it. */
    private int[] sources;

    int grown;

    /** Completes when it is gone, once somebody removes it. */
    @Nullable
    CompletableFuture<Void> gone;

    /** Resets under way, and when the last one ended. */
    int resets;

    private long lastReset = -1;

    Disk(SimDevice device, Bdev media, Bdev bdev, List<Bdev> errors) {
        this.errors = errors;
        this.name = bdev.name();
        this.media = media;
        this.device = device;
        this.traits = device.traits;
        this.bdev = bdev;
        this.history = new History(traits.blocks());
        this.sources = new int[traits.blocks()];
    }

    boolean isRemoved() {
        return gone != null;
    }

    void grow(int blocks) {
        device.grow(blocks);
        history.resize(blocks);
        sources = java.util.Arrays.copyOf(sources, blocks);
        grown++;
    }

    /** As many as there are on all layers. */
    int blocks() {
        return (int) Math.min(history.blockCount(), bdev.blockCount());
    }

    /** Whether a request may fail for no other reason. */
    boolean mayFail() {
        return traits.mayFail() || !errors.isEmpty();
    }

    /** Nothing stays pending between it and its storage. */
    void resumePending() {
        for (Bdev bdev : errors) {
            var _ = ErrorBdev.resumePending(bdev);
        }
    }

    boolean isSource(int block, int count) {
        for (int i = block; i < block + count; i++) {
            if (sources[i] > 0) {
                return true;
            }
        }
        return false;
    }

    void markSource(int block, int count, int change) {
        for (int i = block; i < block + count; i++) {
            sources[i] += change;
        }
    }

    void resetEnded(long now) {
        resets--;
        lastReset = now;
    }

    /** Whether a request that began then may have been given back for a reset. */
    boolean wasReset(long since) {
        return resets > 0 || lastReset > since;
    }

    @Override
    public String toString() {
        return name;
    }
}
