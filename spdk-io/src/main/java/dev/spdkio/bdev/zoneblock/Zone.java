// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.zoneblock;

import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.ZoneAction;
import dev.spdkio.bdev.ZoneInfo;
import dev.spdkio.bdev.ZoneInfo.State;

/**
 * The state of one zone: what may be done with it now. What goes wrong has the status that an NVMe device with zones
 * gives.
 *
 * <p>Thread rule: any thread.
 */
final class Zone {
    static final IoStatus BOUNDARY = IoStatus.nvme(0, 1, 0xB8);
    static final IoStatus FULL = IoStatus.nvme(0, 1, 0xB9);
    static final IoStatus INVALID_WRITE = IoStatus.nvme(0, 1, 0xBC);
    static final IoStatus INVALID_TRANSITION = IoStatus.nvme(0, 1, 0xBF);

    /** A write that begins at the write pointer, wherever that is. */
    static final long AT_POINTER = -1;

    private static final long IS_FULL = -1;
    private static final long IS_ELSEWHERE = -2;
    private static final long IS_TOO_LONG = -3;

    private final long first;
    private final long capacity;
    private State state = State.FULL;
    private long pointer;

    /** While the device below forgets what was in it, nothing is written. */
    private boolean resetting;

    Zone(long first, long capacity) {
        this.first = first;
        this.capacity = capacity;
        this.pointer = first + capacity;
    }

    synchronized ZoneInfo info() {
        return new ZoneInfo(first, pointer, capacity, state, ZoneInfo.Type.SEQUENTIAL_REQUIRED);
    }

    /** Whether blocks from that one on can be read: what was not written reads as what the device below has. */
    boolean holds(long block, long count) {
        return block + count <= first + capacity;
    }

    /**
     * Moves the write pointer past a write that is to be done now.
     *
     * @param block where it is to begin, which must be at the pointer; or {@link #AT_POINTER}
     * @return the block where it begins; negative if it must not be done, for {@link #refusal}
     */
    synchronized long reserve(long block, long count) {
        if (state == State.FULL) {
            return IS_FULL;
        }
        long at = pointer;
        if (resetting || (block != AT_POINTER && block != at)) {
            return IS_ELSEWHERE;
        }
        if (count > first + capacity - at) {
            return IS_TOO_LONG;
        }
        pointer = at + count;
        state = pointer == first + capacity ? State.FULL : State.IMPLICIT_OPEN;
        return at;
    }

    /** What is told of a write for which {@link #reserve} gave that. */
    static IoStatus refusal(long reserved) {
        return reserved == IS_FULL ? FULL : reserved == IS_ELSEWHERE ? INVALID_WRITE : BOUNDARY;
    }

    /** Opens, closes or finishes it. */
    synchronized IoStatus change(ZoneAction action) {
        if (resetting) {
            return INVALID_TRANSITION;
        }
        switch (action) {
            case OPEN -> {
                if (state == State.FULL) {
                    return INVALID_TRANSITION;
                }
                state = State.IMPLICIT_OPEN;
            }
            case CLOSE -> {
                if (state != State.IMPLICIT_OPEN && state != State.CLOSED) {
                    return INVALID_TRANSITION;
                }
                state = State.CLOSED;
            }
            case FINISH -> {
                pointer = first + capacity;
                state = State.FULL;
            }
            case RESET, OFFLINE -> {
                return INVALID_TRANSITION;
            }
        }
        return IoStatus.SUCCESS;
    }

    /** Begins a reset: whether there is something to forget. */
    synchronized boolean beginReset() {
        if (state == State.EMPTY || resetting) {
            return false;
        }
        resetting = true;
        return true;
    }

    synchronized boolean isEmpty() {
        return state == State.EMPTY;
    }

    /** Ends it: it is empty if the device below has forgotten what was in it. */
    synchronized void endReset(boolean done) {
        resetting = false;
        if (done) {
            state = State.EMPTY;
            pointer = first;
        }
    }
}
