// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.error.ErrorBdev;
import dev.spdkio.bdev.raid.RaidLevel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A device as its clients see it, with what it may hold. */
final class Disk {
    /** What the devices below are called after. */
    final String label;

    final String name;

    /** What keeps the bytes: one, or those of an array. */
    final List<SimDevice> devices;

    /** What the simulated devices are registered as. */
    final List<Bdev> media;

    /** What clients open: the one of them, or what stands on them. */
    final Bdev bdev;

    /** The devices between them into which errors are injected. */
    final List<Bdev> errors = new ArrayList<>();

    /** Whether what is zero below is not zero here. */
    boolean encrypts;

    /** The array that it is; null if it is none. */
    @Nullable
    Array array;

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

    Disk(String label, List<SimDevice> devices, List<Bdev> media, Bdev bdev) {
        this.label = label;
        this.name = bdev.name();
        this.devices = devices;
        this.media = media;
        this.bdev = bdev;
        this.history = new History((int) bdev.blockCount());
        this.sources = new int[(int) bdev.blockCount()];
    }

    boolean isRemoved() {
        return gone != null;
    }

    // ---- what it is like -------------------------------------------------------------------------------------------

    int blockSize() {
        return bdev.blockSize();
    }

    /** As many are written at once. */
    int writeUnit() {
        return bdev.splitOnWriteUnit() ? bdev.writeUnitSize() : 1;
    }

    /** Whether clients may do that: what it then holds must be known. */
    boolean supports(IoType type) {
        return bdev.supports(type) && !(encrypts && type == IoType.UNMAP);
    }

    private boolean any(Predicate<Traits> what) {
        return devices.stream().anyMatch(d -> what.test(d.traits));
    }

    boolean mayThrow() {
        return any(t -> t.exception() > 0);
    }

    /** Whether a request may fail for no other reason. */
    boolean mayFail() {
        return array == null ? any(Traits::mayFail) || !errors.isEmpty() : array.mayFail();
    }

    /** Whether that is how it may fail. */
    boolean mayFailBy(IoStatus.Kind kind) {
        if (array != null) {
            return array.mayFail() || isRemoved();
        }
        return kind == IoStatus.Kind.FAILED ? mayThrow() || !errors.isEmpty() : any(t -> t.failure() > 0);
    }

    /**
     * What a write that was given back leaves. Members of an array may differ until it has made them match; what one of
     * raid5f that is missing had is made of the others, and then is nothing that was written.
     */
    History.Doubt doubt() {
        if (array == null || !array.level().isRedundant()) {
            return History.Doubt.NONE;
        }
        return array.level() == RaidLevel.RAID5F ? History.Doubt.ANYTHING : History.Doubt.EITHER;
    }

    /** Whether a part of a write that has not ended was given back for a reset, and left what nobody has written. */
    boolean mayBeTorn(int block) {
        return doubt() == History.Doubt.ANYTHING && history.isChanging(block, this::wasReset);
    }

    /**
     * Whether somebody may begin to change those blocks. Members of an array may get what is written at once in
     * different orders, and then differ for good: that is left to its users.
     */
    boolean mayChange(int block, int count) {
        boolean mirrors = array != null && array.level().isRedundant();
        return !isSource(block, count) && (!mirrors || history.isQuiet(block, count));
    }

    /** Whether what those blocks hold may be copied, because it is known. */
    boolean mayCopy(int block, int count) {
        for (int i = block; i < block + count; i++) {
            if (history.isInDoubt(i)) {
                return false;
            }
        }
        return history.isQuiet(block, count);
    }

    /** Whether it can get more blocks. */
    boolean canGrow() {
        return array == null
                && !encrypts
                && bdev.blockCount() == media.getFirst().blockCount();
    }

    // ---- what becomes of it ----------------------------------------------------------------------------------------

    void grow(int blocks) {
        devices.getFirst().grow(blocks);
        history.resize(blocks);
        sources = Arrays.copyOf(sources, blocks);
        grown++;
    }

    /** As many as there are on all layers. */
    int blocks() {
        return (int) Math.min(history.blockCount(), bdev.blockCount());
    }

    /** Nothing stays pending between it and its storage. */
    void resumePending() {
        for (Bdev error : errors) {
            var _ = ErrorBdev.resumePending(error);
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
