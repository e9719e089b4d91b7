// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Why requests of a channel are refused, in words.
 *
 * <p>Thread rule: any thread.
 */
final class RequestChecks {
    private final BdevDesc desc;
    private final Bdev bdev;
    private final SpdkThread thread;
    private final SplitRules rules;

    RequestChecks(BdevDesc desc, SpdkThread thread, SplitRules rules) {
        this.desc = desc;
        this.bdev = desc.bdev();
        this.thread = thread;
        this.rules = rules;
    }

    /** The block at a byte offset. */
    long block(IoType type, long offset) {
        return toBlocks(type, "offset", offset);
    }

    /** The blocks of so many bytes. */
    long blocks(IoType type, long length) {
        return toBlocks(type, "length", length);
    }

    private long toBlocks(IoType type, String what, long bytes) {
        if (bytes < 0 || bytes % bdev.blockSize != 0) {
            throw new IllegalArgumentException(type.jsonName() + " on bdev " + bdev.name() + ": " + what + " " + bytes
                    + " is not a multiple of the block size " + bdev.blockSize + ": round it"
                    + (bytes > 0 ? " to " + bytes / bdev.blockSize * bdev.blockSize + " or the block after it" : ""));
        }
        return bytes / bdev.blockSize;
    }

    void checkThread(IoType type) {
        if (!thread.isCurrent()) {
            thread.checkCurrent(type.jsonName() + " on bdev " + bdev.name()
                    + " by submit (use the Async method, or a channel of this thread) on a channel that");
        }
    }

    /** What is wrong with a request that is not admitted. */
    RuntimeException refusal(IoType type, boolean open, long block, long count) {
        String what = type.jsonName() + " on bdev " + bdev.name();
        checkThread(type);
        if (!open) {
            return new IllegalStateException(what + ": its channel on SpdkThread " + thread.name()
                    + " is closed: open another from the descriptor");
        }
        RuntimeException notPossible = notPossible(type);
        if (notPossible != null) {
            return notPossible;
        }
        return badRange(type, block, count);
    }

    private RuntimeException badRange(IoType type, long block, long count) {
        return new IllegalArgumentException(type.jsonName() + " on bdev " + bdev.name() + ": " + count
                + " blocks at block " + block + " are not within its " + bdev.blockCount() + " blocks of "
                + bdev.blockSize + " bytes");
    }

    void range(IoType type, long block, long count) {
        if (block < 0 || count < 0 || block > bdev.blockCount() - count) {
            throw badRange(type, block, count);
        }
    }

    private @Nullable RuntimeException notPossible(IoType type) {
        if (!bdev.supports(type)) {
            return new UnsupportedOperationException("bdev " + bdev.name() + " (" + bdev.productName()
                    + ") does not support " + type.jsonName() + ": ask Bdev.supports first");
        }
        if (type.modifies() && desc.mode() == OpenMode.READ_ONLY) {
            return new IllegalStateException(type.jsonName() + " on bdev " + bdev.name()
                    + ": the descriptor is open READ_ONLY; open it READ_WRITE");
        }
        return null;
    }

    /** Memory that does not fit a read or write. */
    RuntimeException badMemory(IoType type, long bytes, long count) {
        atLeastOne(type, count);
        return new IllegalArgumentException(type.jsonName() + " on bdev " + bdev.name() + ": " + count + " blocks of "
                + bdev.blockSize + " bytes need " + count * bdev.blockSize + " bytes, the buffer has " + bytes);
    }

    void atLeastOne(IoType type, long count) {
        if (count == 0) {
            throw new IllegalArgumentException(
                    type.jsonName() + " on bdev " + bdev.name() + " of 0 blocks: give at least one");
        }
    }

    void compareAndWrite(IoVec write, long count) {
        String what = IoType.COMPARE_AND_WRITE.jsonName() + " on bdev " + bdev.name();
        if (write.totalBytes() != count * bdev.blockSize) {
            throw new IllegalArgumentException(what + ": " + count * bdev.blockSize + " bytes to compare and "
                    + write.totalBytes() + " to write: give as many of both");
        }
        if (count > bdev.acwu()) {
            throw new IllegalArgumentException(what + ": " + count + " blocks are more than the " + bdev.acwu()
                    + " that it can compare and write at once: ask Bdev.acwu");
        }
    }

    /** A zone is named by its first block. */
    void zone(IoType type, long block) {
        long size = Objects.requireNonNull(bdev.zones()).zoneBlocks();
        if (block % size != 0) {
            throw new IllegalArgumentException(type.jsonName() + " on bdev " + bdev.name()
                    + ": no zone begins at block " + block + ", its zone begins at " + (block - block % size));
        }
    }

    /** An append cannot go in parts, nor through a bounce buffer. */
    void zoneAppend(IoVec memory, long count) {
        String what = IoType.ZONE_APPEND.jsonName() + " on bdev " + bdev.name();
        long most = Objects.requireNonNull(bdev.zones()).maxAppendBlocks();
        if (most != 0 && count > most) {
            throw new IllegalArgumentException(what + ": " + count + " blocks are more than the " + most
                    + " that it can append at once: ask ZoneSpec.maxAppendBlocks");
        }
        if (!rules.fits(count, memory)) {
            throw new IllegalArgumentException(what + ": " + memory.count() + " pieces of memory with " + count
                    + " blocks cannot be appended at once: give pieces at multiples of " + rules.alignment
                    + " bytes, within maxRwBlocks, maxSegments and maxSegmentSize of the bdev");
        }
    }

    RuntimeException brokenWriteUnit(IoType type, long block, long count) {
        return new IllegalArgumentException(type.jsonName() + " on bdev " + bdev.name() + ": " + count
                + " blocks at block " + block + " are not whole write units of " + rules.writeUnit()
                + " blocks: begin and end at a multiple of it");
    }

    /** Checks for a caller on any thread what does not need the channel's. */
    void check(IoType type, boolean open, @Nullable Long memoryBytes, long block, long count) {
        String what = type.jsonName() + " on bdev " + bdev.name();
        if (!open) {
            throw new IllegalStateException(what + ": its channel on SpdkThread " + thread.name()
                    + " is closed: open another from the descriptor");
        }
        RuntimeException notPossible = notPossible(type);
        if (notPossible != null) {
            throw notPossible;
        }
        range(type, block, count);
        if (memoryBytes != null && (count == 0 || count * bdev.blockSize > memoryBytes)) {
            throw badMemory(type, memoryBytes, count);
        }
        if (type.storesData() && !rules.isWholeUnits(block, count)) {
            throw brokenWriteUnit(type, block, count);
        }
    }
}
