// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A piece of aligned memory outside the heap that devices read and write: what {@code spdk_dma_malloc} returns, with
 * a size and an end of life that cannot be got wrong.
 *
 * <p>It is a <em>handle</em>. {@link #slice} and {@link #retain} make further handles on the same memory; each is
 * closed once by whoever has it, and the memory goes back to its {@link DmaPool} with the last one. A closed handle
 * refuses everything with an {@link IllegalStateException} that names it; closing it again does nothing. A segment or
 * a byte buffer that was taken from a handle must not be used after it is closed: the memory may already be somebody
 * else's. Only when the pool is closed does the JVM refuse that by itself.
 *
 * <p>While a device may touch the memory, the handle is <em>in flight</em> ({@link #pin}), and refuses to be closed;
 * the block device hub takes care of that for each I/O.
 *
 * <p>Thread rule: a handle may be passed from thread to thread, and {@link #close}, {@link #slice} and
 * {@link #retain} may be called on any. The memory itself is not guarded: two threads must not touch the same bytes
 * at once, as with any memory, nor share the one {@link #buffer()} of a handle.
 */
public final class DmaBuf implements AutoCloseable {
    /** How many handles may be open on one allocation; also how often threads other than its owner may pin a handle. */
    public static final int MAX_REFERENCES = (1 << 20) - 1;

    // The state of a handle in one word, so that one compare-and-set decides between competing threads:
    //   bit  0        closed
    //   bits 1..20    pins by threads that do not own the plain counter
    //   bits 21..40   the same of all slices and copies     (in the first handle, the root, alone)
    //   bits 41..60   open handles                          (in the root alone)
    private static final long CLOSED = 1;
    private static final int PIN_SHIFT = 1;
    private static final int DERIVED_PIN_SHIFT = 21;
    private static final int REFERENCE_SHIFT = 41;
    private static final long PIN = 1L << PIN_SHIFT;
    private static final long DERIVED_PIN = 1L << DERIVED_PIN_SHIFT;
    private static final long REFERENCE = 1L << REFERENCE_SHIFT;

    private static final VarHandle STATE;
    private static final VarHandle OWNER;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            STATE = lookup.findVarHandle(DmaBuf.class, "state", long.class);
            OWNER = lookup.findVarHandle(DmaBuf.class, "owner", ThreadMemory.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Block block;
    private final DmaBuf root;
    private final MemorySegment segment;
    private final long address;
    private final long size;
    private volatile long state;
    private @Nullable ByteBuffer byteView;

    // The biased counting of pins; the reasoning is at pin(). In the root for all its handles, but plainPins is each
    // one's own.
    private volatile @Nullable ThreadMemory owner;
    private int plainPins;
    private int derivedPlainPins;
    private boolean releaseAtUnpin;

    /** The link of {@link ThreadMemory}'s inbox. */
    @Nullable
    DmaBuf nextInInbox;

    /** The first handle of a block. */
    DmaBuf(Block block, MemorySegment segment) {
        this.block = block;
        this.root = this;
        this.segment = segment;
        this.address = segment.address();
        this.size = segment.byteSize();
        STATE.set(this, REFERENCE);
    }

    /** A further handle, whose reference is already counted. */
    private DmaBuf(DmaBuf root, MemorySegment segment) {
        this.block = root.block;
        this.root = root;
        this.segment = segment;
        this.address = segment.address();
        this.size = segment.byteSize();
    }

    // ---- what it is ------------------------------------------------------------------------------------------

    /** The size in bytes, as asked for. */
    public long size() {
        return size;
    }

    /** The address of the first byte, as devices use it. */
    public long address() {
        checkOpen();
        return address;
    }

    /** The pool that it came from, and goes back to. */
    public DmaPool pool() {
        return block.pool;
    }

    /** The memory, always the same object. It must not be used after {@link #close()}. */
    public MemorySegment segment() {
        checkOpen();
        return segment;
    }

    /**
     * The memory as a byte buffer: always the same object, but every call sets it back to position 0, limit
     * {@link #size()} and native byte order. It must not be used after {@link #close()}.
     *
     * @throws IllegalStateException if it is larger than a byte buffer can be; use {@link #segment()} or a slice then
     */
    public ByteBuffer buffer() {
        checkOpen();
        ByteBuffer b = byteView;
        if (b == null) {
            if (size > Integer.MAX_VALUE) {
                throw new IllegalStateException(
                        this + " is larger than a ByteBuffer can be: use segment(), or slices of at most 2 GiB");
            }
            b = root == this ? block.byteView() : segment.asByteBuffer();
            byteView = b;
        }
        return b.clear().order(ByteOrder.nativeOrder());
    }

    /** Whether this handle, or the whole pool, was closed. */
    public boolean isClosed() {
        return (state & CLOSED) != 0 || references(root.state) == 0;
    }

    /** How often it is in flight now. Exact for whoever knows that no other thread pins or unpins it meanwhile. */
    public int pins() {
        return ownPins(state) + plainPins;
    }

    // ---- further handles, and the end ------------------------------------------------------------------------

    /**
     * Makes a handle on a part of the memory. It has its own life: the memory stays until all handles are closed.
     *
     * @param offset the first byte
     * @param length the number of bytes, at least 1
     * @throws IndexOutOfBoundsException if that is not inside
     * @throws LimitExceededException if there are {@link #MAX_REFERENCES} handles already
     */
    public DmaBuf slice(long offset, long length) {
        checkOpen();
        checkRange(offset, length, "slice");
        if (length == 0) {
            throw new IllegalArgumentException("an empty slice of " + this);
        }
        root.addReference();
        return new DmaBuf(root, length == size ? segment : segment.asSlice(offset, length));
    }

    /**
     * Makes another handle on the same memory, for a part of the program that closes it on its own.
     *
     * @throws LimitExceededException if there are {@link #MAX_REFERENCES} handles already
     */
    public DmaBuf retain() {
        checkOpen();
        root.addReference();
        return new DmaBuf(root, segment);
    }

    private void addReference() {
        long s;
        do {
            s = state;
            if (references(s) == 0) {
                throw closed();
            }
            if (references(s) == MAX_REFERENCES) {
                throw new LimitExceededException(
                        "MAX_REFERENCES",
                        MAX_REFERENCES,
                        this + " has too many slices and copies: close those not needed");
            }
        } while (!STATE.compareAndSet(this, s, s + REFERENCE));
    }

    /**
     * Closes this handle; the last one of an allocation gives the memory back. Any thread; closing again does nothing.
     *
     * <p>The memory is free at once, unless another SPDK thread is the owner of its in-flight counter: then that thread
     * confirms first, in its next pass, that nothing is in flight.
     *
     * @throws IllegalStateException if it is in flight; the handle stays as it is
     */
    @Override
    public void close() {
        while (true) {
            long s = state;
            if ((s & CLOSED) != 0) {
                return;
            }
            int pins = ownPins(s) + plainPins;
            if (pins != 0) {
                throw inFlight(pins);
            }
            if (root != this) {
                if (STATE.compareAndSet(this, s, s | CLOSED)) {
                    root.dropReference();
                    return;
                }
            } else if (STATE.compareAndSet(this, s, (s | CLOSED) - REFERENCE)) {
                if (references(s) == 1) {
                    lastReferenceGone();
                }
                return;
            }
        }
    }

    private void dropReference() {
        long s;
        do {
            s = state;
            if (references(s) == 0) {
                return; // The pool was closed meanwhile.
            }
        } while (!STATE.compareAndSet(this, s, s - REFERENCE));
        if (references(s) == 1) {
            lastReferenceGone();
        }
    }

    /** Ends all handles at once, because the pool is closed. Only on the root. */
    void revoke() {
        long s;
        long ended;
        do {
            s = state;
            if (references(s) == 0) {
                return;
            }
            ended = (s | CLOSED) & (REFERENCE - 1);
        } while (!STATE.compareAndSet(this, s, ended));
        // Otherwise the last unpin does it.
        if (isUnpinned(ended)) {
            lastReferenceGone();
        }
    }

    /** The pins of all handles, as far as can be seen. Only on the root. */
    int allPins() {
        long s = state;
        return ownPins(s) + derivedPins(s) + plainPins + derivedPlainPins;
    }

    /** Whether some handle is open. Only on the root. */
    boolean isReferenced() {
        return references(state) != 0;
    }

    // ---- in flight -------------------------------------------------------------------------------------------
    //
    // A pin must cost next to nothing, since every I/O takes one. So the first SPDK thread that pins a handle of
    // a root becomes the owner (a compare-and-set, once), and counts in plain fields; all others count in the
    // state word.
    //
    // Other threads' pins are exact: one compare-and-set sees both the count and the closed bit.
    //
    // The owner's are not. It looks at the closed bit and then counts, with no fence, and a close() on another
    // thread may fall between the two: it sees no pin, closes, and then there is one. (A program in which that
    // can happen is wrong, since it does not know whether its I/O is refused; but it must not overwrite other
    // people's memory.) So close() may close, and refuses if it sees a pin, but it may not release. Only the
    // owner's thread does, in settle(). There the counters are exact, since it runs before or after a pin() as a
    // whole; and a pin() after it sees the closed bit, because the request to release came through the inbox
    // after that was set. If settle() finds a pin, the last unpin releases.
    //
    // Who becomes the owner and who closes last decide with full fences: pin() sets the owner, then reads the
    // closed bit; lastReferenceGone() comes after the closed bit is set, and reads the owner. At least one of
    // them sees the other.
    //
    // When the owner has exited, it counts no more, and its plain counters are visible to whoever finds its inbox
    // gone.

    /**
     * Marks this handle as in flight once more, so that it cannot be closed. Costs about a nanosecond on the first
     * thread that does it, some more on others.
     *
     * @param thread the SPDK thread as which the caller runs; the same one unpins
     * @throws IllegalStateException if the handle is closed
     */
    public void pin(SpdkThread thread) {
        DmaBuf r = root;
        ThreadMemory o = r.owner;
        if (o != null && o.thread == thread) {
            thread.checkCurrent("pinning a DmaBuf");
            checkOpen();
            plainPins++;
            if (r != this) {
                r.derivedPlainPins++;
            }
        } else {
            pinElsewhere(thread);
        }
    }

    private void pinElsewhere(SpdkThread thread) {
        thread.checkCurrent("pinning a DmaBuf");
        if (root.owner == null && OWNER.compareAndSet(root, null, ThreadMemory.of(thread))) {
            pin(thread);
            return;
        }
        long s;
        do {
            s = state;
            if ((s & CLOSED) != 0) {
                throw closed();
            }
            if (ownPins(s) == MAX_REFERENCES) {
                throw tooManyPins();
            }
        } while (!STATE.compareAndSet(this, s, s + PIN));
        if (root != this && !root.addDerivedPin()) {
            subtract(PIN);
            throw references(root.state) == 0 ? closed() : tooManyPins();
        }
    }

    private boolean addDerivedPin() {
        long s;
        do {
            s = state;
            if (references(s) == 0 || derivedPins(s) == MAX_REFERENCES) {
                return false;
            }
        } while (!STATE.compareAndSet(this, s, s + DERIVED_PIN));
        return true;
    }

    /**
     * Takes one {@link #pin} of the same thread back.
     *
     * @param thread the SPDK thread as which the caller runs
     * @throws IllegalStateException if that thread has not pinned it
     */
    public void unpin(SpdkThread thread) {
        DmaBuf r = root;
        ThreadMemory o = r.owner;
        if (o != null && o.thread == thread) {
            thread.checkCurrent("unpinning a DmaBuf");
            int left = plainPins - 1;
            if (left < 0) {
                throw notPinned(thread);
            }
            plainPins = left;
            if (r != this) {
                r.derivedPlainPins--;
            }
            if (r.releaseAtUnpin) {
                r.settle(null);
            }
        } else {
            unpinElsewhere(thread);
        }
    }

    private void unpinElsewhere(SpdkThread thread) {
        thread.checkCurrent("unpinning a DmaBuf");
        // The root first: as long as this handle counts a pin, it cannot be closed, so that a root without references
        // was revoked, and this is the one place that notices its last pin.
        if (ownPins(state) == 0 || (root != this && !root.subtract(DERIVED_PIN)) || !subtract(PIN)) {
            throw notPinned(thread);
        }
    }

    private boolean subtract(long pin) {
        long s;
        do {
            s = state;
            if ((pin == PIN ? ownPins(s) : derivedPins(s)) == 0) {
                return false;
            }
        } while (!STATE.compareAndSet(this, s, s - pin));
        if (root == this && references(s) == 0 && isUnpinned(s - pin)) {
            lastReferenceGone();
        }
        return true;
    }

    /** The memory can go back as soon as it is certain that nothing is in flight. Only on the root. */
    private void lastReferenceGone() {
        ThreadMemory o = owner;
        if (o == null) {
            release(ThreadMemory.current());
        } else if (o.isInOrderWithCaller()) {
            settle(ThreadMemory.current());
        } else {
            block.pool.lifecycle().settling(block.bytes());
            if (!o.post(this)) {
                settlePosted();
            }
        }
    }

    /** Releases what another thread has closed; it goes to the central store, where that one may look for it next. */
    void settlePosted() {
        settle(null);
        block.pool.lifecycle().settled(block.bytes());
    }

    /** On the owner's thread, or in order with it. Only on the root. */
    private void settle(@Nullable ThreadMemory cache) {
        releaseAtUnpin = plainPins + derivedPlainPins != 0;
        if (!releaseAtUnpin) {
            release(cache);
        }
    }

    private void release(@Nullable ThreadMemory cache) {
        try {
            block.pool.free(block, cache);
        } finally {
            // The pool tells forgotten buffers by their reachability, and this one is not forgotten.
            Reference.reachabilityFence(this);
        }
    }

    private static int ownPins(long state) {
        return (int) (state >>> PIN_SHIFT) & MAX_REFERENCES;
    }

    private static int derivedPins(long state) {
        return (int) (state >>> DERIVED_PIN_SHIFT) & MAX_REFERENCES;
    }

    private static boolean isUnpinned(long state) {
        return ownPins(state) == 0 && derivedPins(state) == 0;
    }

    private static int references(long state) {
        return (int) (state >>> REFERENCE_SHIFT);
    }

    // ---- contents --------------------------------------------------------------------------------------------

    /** Sets all bytes. */
    public void fill(byte value) {
        segment().fill(value);
    }

    /** Sets some bytes. */
    public void fill(long offset, long length, byte value) {
        checkOpen();
        checkRange(offset, length, "fill");
        segment.asSlice(offset, length).fill(value);
    }

    /** Copies a whole array to the beginning. */
    public void copyFrom(byte[] source) {
        copyFrom(0, source, 0, source.length);
    }

    /** Copies a part of an array to {@code offset}. */
    public void copyFrom(long offset, byte[] source, int sourceOffset, int length) {
        checkOpen();
        checkRange(offset, length, "copy");
        Objects.checkFromIndexSize(sourceOffset, length, source.length);
        MemorySegment.copy(source, sourceOffset, segment, ValueLayout.JAVA_BYTE, offset, length);
    }

    /** Copies a whole segment to the beginning. */
    public void copyFrom(MemorySegment source) {
        copyFrom(0, source, 0, source.byteSize());
    }

    /** Copies a part of a segment to {@code offset}. */
    public void copyFrom(long offset, MemorySegment source, long sourceOffset, long length) {
        checkOpen();
        checkRange(offset, length, "copy");
        MemorySegment.copy(source, sourceOffset, segment, offset, length);
    }

    /** Copies what remains in a byte buffer to {@code offset}, and moves its position to its limit. */
    public void copyFrom(long offset, ByteBuffer source) {
        MemorySegment from = MemorySegment.ofBuffer(source);
        copyFrom(offset, from, 0, from.byteSize());
        source.position(source.limit());
    }

    /** Copies the beginning, as much as the array holds. */
    public void copyTo(byte[] target) {
        copyTo(0, target, 0, target.length);
    }

    /** Copies {@code length} bytes from {@code offset} to a part of an array. */
    public void copyTo(long offset, byte[] target, int targetOffset, int length) {
        checkOpen();
        checkRange(offset, length, "copy");
        Objects.checkFromIndexSize(targetOffset, length, target.length);
        MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, target, targetOffset, length);
    }

    /** Copies the beginning, as much as the segment holds. */
    public void copyTo(MemorySegment target) {
        copyTo(0, target, 0, target.byteSize());
    }

    /** Copies {@code length} bytes from {@code offset} to a part of a segment. */
    public void copyTo(long offset, MemorySegment target, long targetOffset, long length) {
        checkOpen();
        checkRange(offset, length, "copy");
        MemorySegment.copy(segment, offset, target, targetOffset, length);
    }

    /** Copies from {@code offset} until the byte buffer is full, and moves its position to its limit. */
    public void copyTo(long offset, ByteBuffer target) {
        MemorySegment to = MemorySegment.ofBuffer(target);
        copyTo(offset, to, 0, to.byteSize());
        target.position(target.limit());
    }

    /** The offset of the first byte that differs, the smaller size if one is the beginning of the other, else -1. */
    public long mismatch(DmaBuf other) {
        return segment().mismatch(other.segment());
    }

    /** The offset of the first byte that differs, the smaller size if one is the beginning of the other, else -1. */
    public long mismatch(MemorySegment other) {
        return segment().mismatch(other);
    }

    // ---- checks and words ------------------------------------------------------------------------------------

    private void checkOpen() {
        // A root whose references are gone is itself closed, so that the second look is for slices and copies only.
        if ((state & CLOSED) != 0 || (root != this && references(root.state) == 0)) {
            throw closed();
        }
    }

    void checkRange(long offset, long length, String what) {
        if (offset < 0 || length < 0 || length > size - offset) {
            throw new IndexOutOfBoundsException(
                    what + " of " + length + " bytes at offset " + offset + " is not inside " + this);
        }
    }

    private IllegalStateException closed() {
        return new IllegalStateException(
                block.pool.isClosed() ? this + " cannot be used: its pool is closed" : this + " is closed");
    }

    private IllegalStateException inFlight(int pins) {
        AllocationSite site = block.site();
        return new IllegalStateException(this + " is in flight in " + pins + " operations and cannot be closed:"
                + " close it when they have completed" + (site == null ? "" : "; it was allocated at " + site.brief()));
    }

    private LimitExceededException tooManyPins() {
        return new LimitExceededException("MAX_REFERENCES", MAX_REFERENCES, this + " has too much I/O in flight");
    }

    private IllegalStateException notPinned(SpdkThread thread) {
        return new IllegalStateException(this + " was not pinned by SpdkThread " + thread.name());
    }

    /** Names it by pool, size and address. */
    @Override
    public String toString() {
        return "DmaBuf of " + size + " bytes at 0x" + Long.toHexString(address) + " (pool " + block.pool.name() + ")";
    }
}
