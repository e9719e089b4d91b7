// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntPredicate;

/**
 * A device with a volatile cache that remembers what was written in which order, so that every state that a loss of
 * power can leave behind can be made afterwards: what was flushed is there; of what was written since, any part.
 *
 * <p>Thread rule: its I/O comes from one SpdkThread; the rest is for the test, while no I/O is under way.
 */
public final class PowerCutBdev implements BdevOps<PowerCutBdev> {
    /** Bytes of a block. */
    public static final int BLOCK_BYTES = 512;

    private final byte[] content;
    private byte[] before;
    private final List<Event> events = new ArrayList<>();
    private volatile boolean failing;
    private volatile boolean lying;
    private int goodWrites;
    private int badWrites;
    private int badReads;
    private int badReadsEnd;

    /** Something that happened. */
    public static final class Event {
        private final int offset;
        private final byte[] data;

        private Event(int offset, byte[] data) {
            this.offset = offset;
            this.data = data;
        }

        /** Whether everything before is durable. */
        public boolean isFlush() {
            return offset < 0;
        }

        /** Bytes that were written. */
        public int length() {
            return data.length;
        }
    }

    private PowerCutBdev(int bytes) {
        this.content = new byte[bytes];
        this.before = new byte[bytes];
    }

    /** Makes one that reads as zeroes. Register it with {@link #register}. */
    public static PowerCutBdev ofBytes(int bytes) {
        return new PowerCutBdev(bytes);
    }

    /** Registers it. App thread. */
    public Bdev register(BdevManager bdevs, String name) throws SpdkException {
        return bdevs.register(
                BdevSpec.builder(name, BLOCK_BYTES, content.length / BLOCK_BYTES)
                        .productName("Power cut disk")
                        .writeCache(true)
                        .build(),
                this);
    }

    /** What it holds now. */
    public byte[] content() {
        return content.clone();
    }

    /** Forgets what happened, and holds {@code image}, durably. */
    public void reset(byte[] image) {
        System.arraycopy(image, 0, content, 0, content.length);
        before = image.clone();
        events.clear();
    }

    /** Forgets what happened: what it holds is durable. */
    public void mark() {
        reset(content);
    }

    /** From now on writes of every kind fail, or do so no more. Any thread. */
    public void failWrites(boolean value) {
        failing = value;
    }

    /** After {@code first} more writes of every kind so many fail. Its I/O's thread, or while there is none. */
    public void failWrites(int first, int count) {
        goodWrites = first;
        badWrites = count;
    }

    /** From now on reads of any of these bytes fail. Its I/O's thread, or while there is none. */
    public void failReads(int offset, int length) {
        badReads = offset;
        badReadsEnd = offset + length;
    }

    /** How many of the writes that are to fail have not come yet. */
    public int failuresToCome() {
        return badWrites;
    }

    /** From now on flushes do nothing: what stands on them must be found out by its tests. Any thread. */
    public void ignoreFlushes() {
        lying = true;
    }

    /** What happened since, in order. */
    public List<Event> events() {
        return List.copyOf(events);
    }

    /** How much happened since. */
    public int eventCount() {
        return events.size();
    }

    /** What power cuts at one point can leave behind. */
    public static final class Cut {
        private final byte[] durable;
        private final List<Event> pieces = new ArrayList<>();

        private Cut(byte[] durable) {
            this.durable = durable;
        }

        /** Pieces of which any may be there or not: those of the cache, each written as a whole. */
        public int pieces() {
            return pieces.size();
        }

        /** What is there if those pieces are, and no others. Of one place the last piece counts. */
        public byte[] image(IntPredicate there) {
            byte[] image = durable.clone();
            for (int i = 0; i < pieces.size(); i++) {
                if (there.test(i)) {
                    Event e = pieces.get(i);
                    System.arraycopy(e.data, 0, image, e.offset, e.data.length);
                }
            }
            return image;
        }
    }

    /**
     * The power is cut when the first {@code count} events have happened.
     *
     * @param atomic bytes that the device writes as a whole, at multiples of that
     */
    public Cut cut(int count, int atomic) {
        return cut(before, events, count, atomic);
    }

    private static Cut cut(byte[] start, List<Event> events, int count, int atomic) {
        byte[] durable = start.clone();
        int flushed = 0;
        for (int i = 0; i < count; i++) {
            if (events.get(i).isFlush()) {
                for (; flushed < i; flushed++) {
                    Event e = events.get(flushed);
                    if (!e.isFlush()) {
                        System.arraycopy(e.data, 0, durable, e.offset, e.data.length);
                    }
                }
            }
        }
        Cut cut = new Cut(durable);
        for (Event e : events.subList(flushed, count)) {
            if (!e.isFlush()) {
                split(cut, e, atomic);
            }
        }
        return cut;
    }

    /** Pieces that change nothing are no choice. */
    private static void split(Cut cut, Event e, int atomic) {
        for (int at = e.offset; at < e.offset + e.data.length; ) {
            int end = Math.min(e.offset + e.data.length, at / atomic * atomic + atomic);
            byte[] data = Arrays.copyOfRange(e.data, at - e.offset, end - e.offset);
            boolean changes = !Arrays.equals(data, 0, data.length, cut.durable, at, end);
            for (Event earlier : cut.pieces) {
                changes |= earlier.offset < end && at < earlier.offset + earlier.data.length;
            }
            if (changes) {
                cut.pieces.add(new Event(at, data));
            }
            at = end;
        }
    }

    // ---- the device -------------------------------------------------------------------------------------------------

    @Override
    public void submit(PowerCutBdev channel, BdevIo io) {
        int at = (int) io.offsetBytes();
        if (io.type() != IoType.READ && (failing || isNextToFail())) {
            io.complete(IoStatus.FAILED);
            return;
        }
        if (io.type() == IoType.READ && at < badReadsEnd && at + io.lengthBytes() > badReads) {
            io.complete(IoStatus.FAILED);
            return;
        }
        switch (io.type()) {
            case READ -> {
                for (int i = 0; i < io.segmentCount(); i++) {
                    MemorySegment s = io.segment(i);
                    MemorySegment.copy(content, at, s, ValueLayout.JAVA_BYTE, 0, (int) s.byteSize());
                    at += (int) s.byteSize();
                }
            }
            case WRITE -> {
                for (int i = 0; i < io.segmentCount(); i++) {
                    byte[] data = io.segment(i).toArray(ValueLayout.JAVA_BYTE);
                    write(at, data);
                    at += data.length;
                }
            }
            case WRITE_ZEROES, UNMAP -> write(at, new byte[(int) io.lengthBytes()]);
            case FLUSH -> {
                if (!lying) {
                    events.add(new Event(-1, new byte[0]));
                }
            }
            default -> {} // reset
        }
        io.complete(IoStatus.SUCCESS);
    }

    private boolean isNextToFail() {
        if (badWrites == 0 || goodWrites-- > 0) {
            return false;
        }
        goodWrites = 0;
        badWrites--;
        return true;
    }

    private void write(int at, byte[] data) {
        System.arraycopy(data, 0, content, at, data.length);
        events.add(new Event(at, data));
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, UNMAP, FLUSH, RESET, WRITE_ZEROES -> true;
            default -> false;
        };
    }

    @Override
    public PowerCutBdev openChannel(SpdkThread thread) {
        return this;
    }

    @Override
    public void closeChannel(PowerCutBdev channel) {}

    @Override
    public CompletionStage<Void> destruct() {
        return CompletableFuture.completedFuture(null);
    }
}
