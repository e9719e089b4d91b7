// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request that a device cannot take as it is: it goes in parts, through bounce buffers, or as writes of zeroes.
 *
 * <p>At most {@link #MAX_PARTS} parts are in flight at once. The first failure ends the making of parts and is what the
 * caller sees, once all parts that had begun have ended. The caller's memory stays in flight until then.
 *
 * <p>Pooled by {@link HubThread}. Thread rule: owned by its thread.
 */
final class SplitIo extends Composite {
    /** Parts in flight of one request; SPDK's number. */
    static final int MAX_PARTS = 8;

    private final OnePart[] parts = new OnePart[MAX_PARTS];
    private final SpdkThread thread;

    @SuppressWarnings("NullAway.Init")
    private DeviceChannel channel;

    @SuppressWarnings("NullAway.Init")
    private SplitRules rules;

    private IoType type = IoType.READ;

    /** The caller's memory, none for the types that have none. */
    private @Nullable DmaBuf[] bufs = new @Nullable DmaBuf[1];

    private long[] bases = new long[1];
    private long[] lengths = new long[1];
    private int bufCount;

    /** Whether write zeroes is emulated, and what is then written, again and again. */
    private boolean emulated;

    private @Nullable DmaBuf zeroes;

    private long nextBlock;
    private long remaining;

    /** Where the next part's memory begins. */
    private int cursorBuf;

    private long cursorOffset;

    private int outstanding;

    SplitIo(HubThread hub) {
        super(hub);
        this.thread = hub.thread;
        for (int i = 0; i < MAX_PARTS; i++) {
            parts[i] = new OnePart();
        }
    }

    // ---- the request -----------------------------------------------------------------------------------------------

    void request(
            BdevChannel requester, IoType what, long block, long count, IoCompletion whenDone, @Nullable Object data) {
        asked(requester, what, block, count, whenDone, data);
        channel = requester.device();
        rules = requester.rules();
        type = what;
        nextBlock = block;
        remaining = count;
        bufCount = 0;
        cursorBuf = 0;
        cursorOffset = 0;
        outstanding = 0;
        waitingForBounce = false;
        emulated = false;
        status = IoStatus.SUCCESS;
    }

    void addMemory(DmaBuf buf, long base, long length) {
        if (bufCount == bufs.length) {
            bufs = Arrays.copyOf(bufs, bufCount * 2);
            bases = Arrays.copyOf(bases, bufCount * 2);
            lengths = Arrays.copyOf(lengths, bufCount * 2);
        }
        bufs[bufCount] = buf;
        bases[bufCount] = base;
        lengths[bufCount++] = length;
    }

    /** Marks the caller's memory as in flight. Throws, with nothing marked, if a buffer is closed. */
    void pinAll() {
        for (int i = 0; i < bufCount; i++) {
            try {
                buf(i).pin(thread);
            } catch (RuntimeException e) {
                while (--i >= 0) {
                    buf(i).unpin(thread);
                }
                throw e;
            }
        }
    }

    /** The request is to be made from writes of zeroes. */
    void emulate() {
        type = IoType.WRITE;
        emulated = true;
    }

    // ---- going on --------------------------------------------------------------------------------------------------

    @Override
    void advance() {
        while (remaining > 0 && outstanding < MAX_PARTS && status == IoStatus.SUCCESS) {
            if (!sendPart()) {
                waitingForBounce = true;
                return;
            }
        }
    }

    /** False if it has begun to wait for memory. */
    private boolean sendPart() {
        if (type == IoType.UNMAP || type == IoType.WRITE_ZEROES) {
            OnePart part = freePart();
            long most = type == IoType.UNMAP ? rules.maxUnmapBlocks : rules.maxWriteZeroesBlocks;
            send(part, begin(part, Math.min(remaining, most)));
            return true;
        }
        long count = rules.mostBlocks(type, nextBlock, remaining);
        if (emulated) {
            return sendZeroes(count);
        }
        long direct = directBlocks(count);
        return direct > 0 ? sendDirect(direct) : sendBounced(Math.min(count, rules.bounceBlocks(type)));
    }

    private boolean sendZeroes(long count) {
        DmaBuf zero = zeroes;
        if (zero == null) {
            zero = hub.manager.tryZeroes(rules.leastZeroBytes());
            if (zero == null) {
                hub.bounceWait.awaitRoom(this, hub.manager.zeroBytes(rules.leastZeroBytes()));
                return false;
            }
            zeroes = zero;
        }
        OnePart part = freePart();
        BdevIo io = begin(part, rules.wholeUnits(type, Math.min(count, rules.mostZeroBlocks(zero.size()))));
        io.memory(zero, 0, io.blockCount * rules.blockSize, false);
        send(part, io);
        return true;
    }

    /** How many of {@code count} blocks the device can take straight from the caller's memory; 0 if none. */
    private long directBlocks(long count) {
        long wanted = count * rules.blockSize;
        long found = 0;
        int at = cursorBuf;
        long offset = cursorOffset;
        for (int n = 0; found < wanted && n < rules.maxSegments; n++) {
            long piece = Math.min(Math.min(lengths[at] - offset, rules.maxSegmentSize), wanted - found);
            if (!rules.isAligned(buf(at).address() + bases[at] + offset)
                    || (found + piece < wanted && !rules.isAligned(piece))) {
                return 0;
            }
            found += piece;
            offset += piece;
            if (offset == lengths[at]) {
                at++;
                offset = 0;
            }
        }
        return rules.wholeUnits(type, found / rules.blockSize);
    }

    private boolean sendDirect(long count) {
        OnePart part = freePart();
        BdevIo io = begin(part, count);
        long left = count * rules.blockSize;
        while (left > 0) {
            long piece = Math.min(Math.min(lengths[cursorBuf] - cursorOffset, rules.maxSegmentSize), left);
            io.addMemory(buf(cursorBuf), bases[cursorBuf] + cursorOffset, piece);
            left -= piece;
            skip(piece);
        }
        send(part, io);
        return true;
    }

    private boolean sendBounced(long count) {
        long bytes = count * rules.blockSize;
        DmaBuf bounce = hub.bounceWait.tryAllocate(bytes, rules.alignment, this);
        if (bounce == null) {
            hub.bounceWait.await(this, bytes, rules.alignment);
            return false;
        }
        OnePart part = freePart();
        part.bounce = bounce;
        part.buf = cursorBuf;
        part.offset = cursorOffset;
        part.bytes = bytes;
        if (type == IoType.WRITE) {
            copy(part, true);
        }
        BdevIo io = begin(part, count);
        io.memory(bounce, 0, bytes, false);
        skipAll(bytes);
        send(part, io);
        return true;
    }

    private BdevIo begin(OnePart part, long count) {
        BdevIo io = hub.takeForPart(owner);
        io.request(channel, null, type, nextBlock, count, part, null);
        io.partDescHandle = owner.descHandle;
        nextBlock += count;
        remaining -= count;
        return io;
    }

    private void send(OnePart part, BdevIo io) {
        part.busy = true;
        outstanding++;
        channel.dispatch(io);
    }

    private OnePart freePart() {
        for (OnePart p : parts) {
            if (!p.busy) {
                return p;
            }
        }
        throw new IllegalStateException("all parts of " + this + " are in flight");
    }

    private void skip(long bytes) {
        cursorOffset += bytes;
        if (cursorOffset == lengths[cursorBuf]) {
            cursorBuf++;
            cursorOffset = 0;
        }
    }

    private void skipAll(long bytes) {
        for (long left = bytes; left > 0; ) {
            long piece = Math.min(left, lengths[cursorBuf] - cursorOffset);
            left -= piece;
            skip(piece);
        }
    }

    private void copy(OnePart part, boolean toBounce) {
        DmaBuf bounce = part.bounce;
        if (bounce == null) {
            return;
        }
        int at = part.buf;
        long offset = part.offset;
        for (long done = 0; done < part.bytes; ) {
            long piece = Math.min(lengths[at] - offset, part.bytes - done);
            MemorySegment caller = buf(at).segment();
            if (toBounce) {
                MemorySegment.copy(caller, bases[at] + offset, bounce.segment(), done, piece);
            } else {
                MemorySegment.copy(bounce.segment(), done, caller, bases[at] + offset, piece);
            }
            done += piece;
            at++;
            offset = 0;
        }
    }

    private DmaBuf buf(int i) {
        DmaBuf b = bufs[i];
        if (b == null) {
            throw new IllegalStateException("piece " + i + " of " + bufCount + " has no memory");
        }
        return b;
    }

    // ---- ends ------------------------------------------------------------------------------------------------------

    private void partEnded(OnePart part, IoStatus partStatus) {
        outstanding--;
        if (partStatus != IoStatus.SUCCESS) {
            fail(partStatus);
        }
        DmaBuf bounce = part.bounce;
        if (bounce != null) {
            if (partStatus == IoStatus.SUCCESS && type == IoType.READ) {
                copy(part, false);
            }
            part.bounce = null;
            bounce.close();
        }
        part.busy = false;
        if (!waitingForBounce) {
            advance();
        }
        finishIfDone();
        if (bounce != null) {
            hub.bounceWait.resume();
        }
    }

    @Override
    void finishIfDone() {
        if (outstanding == 0 && !waitingForBounce) {
            finish();
        }
    }

    private void finish() {
        IoCompletion c = completion;
        Object data = userData;
        IoStatus result = status;
        BdevChannel requester = owner;
        for (int i = 0; i < bufCount; i++) {
            buf(i).unpin(thread);
            bufs[i] = null;
        }
        completion = null;
        userData = null;
        zeroes = null;
        hub.release(this);
        hub.tell(requester, Objects.requireNonNull(c), result, data);
    }

    @Override
    public String toString() {
        return type.jsonName() + " in parts, " + remaining + " blocks to go at block " + nextBlock;
    }

    private final class OnePart implements Part {
        boolean busy;

        @Nullable
        DmaBuf bounce;

        int buf;
        long offset;
        long bytes;

        @Override
        public Composite whole() {
            return SplitIo.this;
        }

        @Override
        public void completed(IoStatus partStatus, @Nullable Object ignored) {
            partEnded(this, partStatus);
        }
    }
}
