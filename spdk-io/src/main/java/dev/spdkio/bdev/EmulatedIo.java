// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A compare, compare and write, or copy that the device cannot do at once: made from reads and writes, or from smaller
 * copies, one after the other, through a bounce buffer that it has from its beginning to its end.
 *
 * <p>A compare and write locks its range first, so that nobody else's I/O comes between. A copy to a range that
 * overlaps its source goes the way round that keeps the source until it was read.
 *
 * <p>Thread rule: owned by its thread.
 */
final class EmulatedIo extends Composite implements Composite.Part {
    private final Command<?> command;
    private final DeviceChannel device;
    private final SplitRules rules;
    private final boolean copiesNatively;
    private final boolean backwards;
    private final long most;

    private @Nullable DmaBuf chunk;
    private BdevLocks.@Nullable Hold hold;

    /** Blocks that are done, of them all or of the ones to write. */
    private long done;

    private long piece;

    /** Of a copy: whether the chunk has been read. Of a compare and write: whether all was found equal. */
    private boolean writing;

    private boolean busy;

    EmulatedIo(BdevChannel channel, Command<?> command, IoCompletion completion, @Nullable Object userData) {
        super(channel.device().hub);
        asked(channel, command.type(), command.block(), command.count(), completion, userData);
        this.command = command;
        this.device = channel.device();
        this.rules = channel.rules();
        this.copiesNatively = command.type() == IoType.COPY && !channel.bdev().emulates(IoType.COPY);
        this.backwards = command.type() == IoType.COPY && command.block() > command.sourceBlock();
        this.most = Math.min(command.count(), copiesNatively ? rules.maxCopyBlocks : rules.bounceBlocks(IoType.WRITE));
    }

    @Override
    public Composite whole() {
        return this;
    }

    // ---- going on --------------------------------------------------------------------------------------------------

    @Override
    void advance() {
        if (busy || status != IoStatus.SUCCESS || isOver()) {
            return;
        }
        if (chunk == null && !copiesNatively) {
            chunk = hub.bounceWait.tryAllocate(most * rules.blockSize, rules.alignment, this);
            if (chunk == null) {
                waitingForBounce = true;
                hub.bounceWait.await(this, most * rules.blockSize, rules.alignment);
                return;
            }
        }
        busy = true;
        if (command.type() == IoType.COMPARE_AND_WRITE && hold == null) {
            device.bdev.locks.lock(this, hub.thread, command.block(), command.count(), this::locked);
        } else {
            sendPiece();
        }
    }

    private void locked(BdevLocks.Hold granted) {
        hold = granted;
        busy = false;
        advance();
        finishIfDone();
    }

    private boolean isOver() {
        return done == command.count();
    }

    private void sendPiece() {
        piece = Math.min(command.count() - done, most);
        if (command.type() != IoType.COPY) {
            if (writing) {
                command.writeData().copyTo(done * rules.blockSize, memory().segment(), 0, piece * rules.blockSize);
            }
            transfer(writing ? IoType.WRITE : IoType.READ, command.block() + done);
            return;
        }
        long at = backwards ? command.count() - done - piece : done;
        if (copiesNatively) {
            BdevIo io = hub.takeForPart(owner);
            io.request(device, null, IoType.COPY, command.block() + at, piece, this, null);
            io.partDescHandle = owner.descHandle;
            io.details = Command.copy(0, command.sourceBlock() + at, piece).details();
            device.dispatch(io);
        } else {
            transfer(writing ? IoType.WRITE : IoType.READ, (writing ? command.block() : command.sourceBlock()) + at);
        }
    }

    private void transfer(IoType type, long block) {
        SplitIo part = hub.takeSplitForPart();
        part.request(owner, type, block, piece, this, null);
        part.addMemory(memory(), 0, piece * rules.blockSize);
        part.pinAll();
        owner.inFlight++;
        part.advance();
    }

    private DmaBuf memory() {
        return Objects.requireNonNull(chunk, "the bounce buffer");
    }

    // ---- ends ------------------------------------------------------------------------------------------------------

    @Override
    public void completed(IoStatus partStatus, @Nullable Object ignored) {
        busy = false;
        if (partStatus == IoStatus.SUCCESS) {
            pieceDone();
        } else {
            fail(partStatus);
        }
        advance();
        finishIfDone();
    }

    private void pieceDone() {
        switch (command.type()) {
            case COPY -> {
                writing = !writing && !copiesNatively;
                done += writing ? 0 : piece;
            }
            case COMPARE -> compare();
            default -> {
                if (writing) {
                    done += piece;
                } else if (compare() && isOver()) {
                    writing = true;
                    done = 0;
                }
            }
        }
    }

    private boolean compare() {
        IoVec expected = Objects.requireNonNull(command.memory());
        if (!holds(expected, done * rules.blockSize, memory().segment(), piece * rules.blockSize)) {
            fail(IoStatus.MISCOMPARE);
            return false;
        }
        done += piece;
        return true;
    }

    /** Whether {@code expected} has, from a byte on, what is at the beginning of {@code found}. */
    private static boolean holds(IoVec expected, long from, MemorySegment found, long bytes) {
        long begin = 0;
        for (int i = 0; i < expected.count(); i++) {
            long end = begin + expected.length(i);
            long first = Math.max(begin, from);
            long last = Math.min(end, from + bytes);
            if (first < last
                    && MemorySegment.mismatch(
                                    expected.segment(i), first - begin, last - begin, found, first - from, last - from)
                            != -1) {
                return false;
            }
            begin = end;
        }
        return true;
    }

    @Override
    void finishIfDone() {
        if (busy || waitingForBounce || (status == IoStatus.SUCCESS && !isOver())) {
            return;
        }
        busy = true;
        BdevLocks.Hold held = hold;
        if (held != null) {
            device.bdev.locks.unlock(held, this::finish);
        } else {
            finish();
        }
    }

    private void finish() {
        DmaBuf bounce = chunk;
        if (bounce != null) {
            bounce.close();
        }
        hub.untrack(this);
        hub.tell(owner, Objects.requireNonNull(completion), status, userData);
        hub.bounceWait.resume();
    }
}
