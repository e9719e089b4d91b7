// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One I/O as a device sees it. Stands for {@code struct spdk_bdev_io}.
 *
 * <p>Pooled: it is the device's from {@link BdevOps#submit} until its one {@link #complete}, and means nothing before
 * and after. Ranges are checked, memory is aligned as the device asked and stays where it is until the end.
 *
 * <p>Thread rule: belongs to {@link #thread()}; only {@link #completeFromAnyThread} may be called elsewhere.
 */
public final class BdevIo {
    static final int FREE = 0;
    static final int WAITING = 1;
    static final int AT_DEVICE = 2;
    static final int DONE = 3;

    /** The slot of a reset, and of a request that waits for an I/O object. */
    static final int NO_SLOT = -1;

    private static final VarHandle REMOTE;

    static {
        try {
            REMOTE = MethodHandles.lookup().findVarHandle(BdevIo.class, "remote", IoStatus.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final HubThread hub;
    final int slot;
    int state;

    // References are kept when the I/O is over and stored only if they differ: a store into an old object costs the
    // garbage collector's barrier, and the next user of a slot is most often the last one again.
    @SuppressWarnings("NullAway.Init")
    DeviceChannel channel;

    @Nullable
    BdevChannel owner;

    IoType type = IoType.READ;
    IoStatus status = IoStatus.SUCCESS;

    @SuppressWarnings("NullAway.Init")
    IoCompletion completion;

    @Nullable
    Object userData;

    long offsetBlocks;
    long blockCount;
    long submitNanos;

    /** What the rarer types have beyond that; left over from another request for all other types. */
    @Nullable
    IoDetails details;

    private int segments;

    @SuppressWarnings("NullAway.Init")
    private DmaBuf buf;

    private long bufAddress;
    private long bufOffset;
    private long bufLength;
    private DmaBuf[] bufs = {};
    private long[] offsets = {};
    private long[] lengths = {};
    private boolean pinned;

    /** The descriptor of a part of a request, whose end is not the requester's business. */
    long partDescHandle;

    private long driverLong;
    private @Nullable Object driverRef;

    @SuppressWarnings("unused")
    private volatile @Nullable IoStatus remote;

    private @Nullable Runnable remoteArrival;

    BdevIo(HubThread hub, int slot) {
        this.hub = hub;
        this.slot = slot;
    }

    // ---- what a device asks ----------------------------------------------------------------------------------------

    /** What to do. */
    public IoType type() {
        return type;
    }

    /** The device it was submitted to. */
    public Bdev bdev() {
        return channel.bdev;
    }

    /** What {@link DescOps#openDesc} returned for its descriptor; 0 for I/O of the hub's own, such as a reset. */
    public long descHandle() {
        BdevChannel requester = owner;
        return requester == null ? partDescHandle : requester.descHandle;
    }

    /** The thread it belongs to, where it must be completed. */
    public SpdkThread thread() {
        return hub.thread;
    }

    /** The first block. */
    public long offsetBlocks() {
        return offsetBlocks;
    }

    /** How many blocks. */
    public long blockCount() {
        return blockCount;
    }

    /** The first byte. */
    public long offsetBytes() {
        return offsetBlocks * channel.bdev.blockSize;
    }

    /** How many bytes. */
    public long lengthBytes() {
        return blockCount * channel.bdev.blockSize;
    }

    /** How many pieces of memory a read or write has; 0 for the types that have none. */
    public int segmentCount() {
        return segments;
    }

    /** Where piece {@code i} begins. */
    public long address(int i) {
        return segments == 1 ? bufAddress : bufs[i].address() + offsets[i];
    }

    /** How many bytes piece {@code i} has. */
    public long length(int i) {
        return segments == 1 ? bufLength : lengths[i];
    }

    /** The memory that piece {@code i} is part of, from {@link #memoryOffset} on: costs nothing. */
    public MemorySegment memory(int i) {
        return segments == 1 ? buf.segment() : bufs[i].segment();
    }

    /** Where piece {@code i} begins in {@link #memory}. */
    public long memoryOffset(int i) {
        return segments == 1 ? bufOffset : offsets[i];
    }

    /** Piece {@code i} as a segment of exactly its size; may allocate. */
    public MemorySegment segment(int i) {
        MemorySegment whole = memory(i);
        long length = length(i);
        return length == whole.byteSize() ? whole : whole.asSlice(memoryOffset(i), length);
    }

    /**
     * A small number that no other I/O of this thread has while this one is in flight, whatever its device: fit for the
     * user data of a ring. Below {@link BdevOptions#bdevIoPoolSize}, but for what devices on others make when none is
     * left. A reset and an abort have -1.
     */
    public int slot() {
        return slot;
    }

    /** A number for the device's own use; keeps the value of whoever used it last. */
    public long driverLong() {
        return driverLong;
    }

    /** Sets {@link #driverLong()}. */
    public void setDriverLong(long value) {
        driverLong = value;
    }

    /** A reference for the device's own use, cleared by nobody else. */
    public @Nullable Object driverRef() {
        return driverRef;
    }

    /** Sets {@link #driverRef()}. */
    public void setDriverRef(@Nullable Object value) {
        driverRef = value;
    }

    // ---- what the rarer types have ---------------------------------------------------------------------------------

    private IoDetails details(boolean good, String what) {
        IoDetails d = details;
        if (!good || d == null) {
            throw new IllegalStateException(this + " has no " + what);
        }
        return d;
    }

    /** Of a compare and write: what to store if the range holds what is in {@link #memory}. As long as that. */
    public IoVec writeData() {
        return Objects.requireNonNull(details(type == IoType.COMPARE_AND_WRITE, "data to write").writeData);
    }

    /** Of a copy: the first block of the source. The target is at {@link #offsetBlocks}. */
    public long sourceBlock() {
        return details(type == IoType.COPY, "source").sourceBlock;
    }

    /** Of an NVMe command: the command. Its data is the one piece of {@link #memory}, or there is none. */
    public NvmeCommand nvmeCommand() {
        return Objects.requireNonNull(
                details(type == IoType.NVME_ADMIN || type == IoType.NVME_IO, "NVMe command").command);
    }

    private IoDetails zcopy() {
        return details(type == IoType.ZCOPY, "zero copy");
    }

    /** Of a zero copy: whether it begins, so that {@link #setZcopyMemory} is asked for; else it ends. */
    public boolean isZcopyStart() {
        return zcopy().zcopyStart;
    }

    /** Of the start of a zero copy: whether the memory must hold what is in the range. */
    public boolean zcopyPopulate() {
        return zcopy().zcopyPopulate;
    }

    /** Of the end of a zero copy: whether what is in the memory is to be in the range. */
    public boolean zcopyCommit() {
        return zcopy().zcopyCommit;
    }

    /** Of the end of a zero copy: the memory that was given at its start. */
    public MemorySegment zcopyMemory() {
        return Objects.requireNonNull(zcopy().zcopyMemory);
    }

    /** At the start of a zero copy, before it is completed: the memory of the range, of {@link #lengthBytes}. */
    public void setZcopyMemory(MemorySegment memory) {
        zcopy().zcopyMemory = memory;
    }

    /** Of a zero copy: what the device attached at its start. */
    public @Nullable Object zcopyAttachment() {
        return zcopy().zcopyAttachment;
    }

    /** Attaches what the device wants to have again at the end of a zero copy, which is another I/O. */
    public void setZcopyAttachment(@Nullable Object value) {
        zcopy().zcopyAttachment = value;
    }

    /** Of a zone management: what to do with the zone that begins at {@link #offsetBlocks}. */
    public ZoneAction zoneAction() {
        return Objects.requireNonNull(details(type == IoType.ZONE_MANAGEMENT, "zone action").zoneAction);
    }

    /**
     * Of a get zone info, before it is completed: what there is to say of one of the zones, the first of which begins
     * at {@link #offsetBlocks}; they have {@link #blockCount} blocks together.
     */
    public void setZoneInfo(int index, ZoneInfo info) {
        Objects.requireNonNull(details(type == IoType.GET_ZONE_INFO, "zone info").zoneInfos)[index] = info;
    }

    /**
     * What came out, before it is completed: of a seek the block, or {@link BdevCommands#NOWHERE}; of a zone append
     * the block that was written first; of an NVMe command dword 0 of its completion.
     */
    public void setResult(long value) {
        details(
                        switch (type) {
                            case SEEK_HOLE, SEEK_DATA, ZONE_APPEND, NVME_ADMIN, NVME_IO -> true;
                            default -> false;
                        },
                        "result")
                .result = value;
    }

    /** Not a reset, whose end others wait for, nor the end of a zero copy, which gives something back. */
    boolean mayBeAborted() {
        return type != IoType.RESET && (type != IoType.ZCOPY || isZcopyStart());
    }

    // ---- its end ---------------------------------------------------------------------------------------------------

    /**
     * The I/O has ended. Exactly once, on {@link #thread()}; {@code spdk_bdev_io_complete}.
     *
     * @param result how; {@link IoStatus#NOMEM} has the hub submit it again later
     * @throws IllegalStateException if it was completed before; this is counted
     * @throws WrongThreadException on another thread
     */
    public void complete(IoStatus result) {
        HubThread h = hub;
        if (state != AT_DEVICE || !h.thread.isCurrent()) {
            throw h.badCompletion(this, result);
        }
        DeviceChannel ch = channel;
        ch.outstanding--;
        if (result == IoStatus.NOMEM) {
            ch.waitForRoom(this);
            return;
        }
        if (status != result) {
            status = result;
        }
        state = DONE;
        if (completion == BdevChildren.COMPLETE_PARENT && ch.isOpen()) {
            h.endForwarded(this, result);
        } else if (h.submitDepth != 0) {
            h.deferEnd(this);
        } else {
            h.end(this);
        }
    }

    /**
     * The I/O has ended, said on any thread: the end is posted to {@link #thread()}.
     *
     * @param result how
     * @throws IllegalStateException if it was completed from another thread before; this is counted
     */
    public void completeFromAnyThread(IoStatus result) {
        if (hub.thread.isCurrent()) {
            complete(result);
            return;
        }
        if (!REMOTE.compareAndSet(this, (IoStatus) null, result)) {
            throw hub.completedTwice(this, result);
        }
        Runnable arrival = remoteArrival;
        if (arrival == null) {
            arrival = this::remoteEnd;
            remoteArrival = arrival;
        }
        hub.thread.sendInternal(arrival);
    }

    private void remoteEnd() {
        IoStatus result = remote;
        remote = null;
        if (result != null) {
            complete(result);
        }
    }

    // ---- filling, by the hub ---------------------------------------------------------------------------------------

    void request(
            DeviceChannel target,
            @Nullable BdevChannel requester,
            IoType what,
            long block,
            long count,
            IoCompletion whenDone,
            @Nullable Object data) {
        if (channel != target) {
            channel = target;
        }
        if (owner != requester) {
            owner = requester;
        }
        if (type != what) {
            type = what;
        }
        if (completion != whenDone) {
            completion = whenDone;
        }
        if (userData != data) {
            userData = data;
        }
        offsetBlocks = block;
        blockCount = count;
        submitNanos = hub.thread.now();
        segments = 0;
        pinned = false;
    }

    /** One piece of memory. */
    void memory(DmaBuf data, long offset, long length, boolean isPinned) {
        if (buf != data) {
            buf = data;
        }
        bufAddress = data.address() + offset;
        bufOffset = offset;
        bufLength = length;
        segments = 1;
        pinned = isPinned;
    }

    /** One more piece of memory. */
    void addMemory(DmaBuf data, long offset, long length) {
        int n = segments;
        if (n == 0) {
            memory(data, offset, length, false);
            return;
        }
        if (n >= bufs.length) {
            grow(n + 1);
        }
        if (n == 1) {
            bufs[0] = buf;
            offsets[0] = bufOffset;
            lengths[0] = bufLength;
        }
        bufs[n] = data;
        offsets[n] = offset;
        lengths[n] = length;
        segments = n + 1;
    }

    private void grow(int needed) {
        int capacity = Math.max(8, Integer.highestOneBit(needed) << 1);
        bufs = Arrays.copyOf(bufs, capacity);
        offsets = Arrays.copyOf(offsets, capacity);
        lengths = Arrays.copyOf(lengths, capacity);
    }

    /** Marks all its memory as in flight. Throws, with nothing marked, if a buffer is closed. */
    void pinAll() {
        SpdkThread t = hub.thread;
        for (int i = 0; i < segments; i++) {
            try {
                bufOf(i).pin(t);
            } catch (RuntimeException e) {
                while (--i >= 0) {
                    bufOf(i).unpin(t);
                }
                throw e;
            }
        }
        pinned = true;
    }

    void unpin() {
        if (pinned) {
            if (segments == 1) {
                buf.unpin(hub.thread);
            } else {
                unpinAll();
            }
        }
    }

    private void unpinAll() {
        for (int i = 0; i < segments; i++) {
            bufs[i].unpin(hub.thread);
        }
    }

    private DmaBuf bufOf(int i) {
        return segments == 1 ? buf : bufs[i];
    }

    // ---- its memory, for children ----------------------------------------------------------------------------------

    /** Where a piece of memory goes. */
    @FunctionalInterface
    interface Piece<T> {
        void add(T target, DmaBuf buf, long offset, long length);
    }

    /** Has the same memory as a part of the parent's, which is in flight as long as that. */
    void memoryOf(BdevIo parent, long first, long bytes) {
        if (parent.segments == 1) {
            memory(parent.buf, parent.bufOffset + first, bytes, false);
        } else {
            parent.pieces(first, bytes, BdevIo::addMemory, this);
        }
    }

    /** Hands out the pieces of a part of the memory, in order. */
    <T> void pieces(long first, long bytes, Piece<T> out, T target) {
        long skip = first;
        long left = bytes;
        for (int i = 0; left > 0; i++) {
            long n = Math.min(left, length(i) - skip);
            if (n > 0) {
                out.add(target, bufOf(i), memoryOffset(i) + skip, n);
                left -= n;
                skip = 0;
            } else {
                skip -= length(i);
            }
        }
    }

    /** A part of the memory. */
    IoVec vec(long first, long bytes) {
        IoVec.Builder vec = IoVec.builder();
        pieces(first, bytes, (v, buf, offset, length) -> v.add(buf, offset, length), vec);
        return vec.build();
    }

    /** How many bytes of memory it has. */
    long memoryBytes() {
        if (segments == 1) {
            return bufLength;
        }
        long bytes = 0;
        for (int i = 0; i < segments; i++) {
            bytes += lengths[i];
        }
        return bytes;
    }

    /** Whose request it is, or is part of; of none of the hub's own. */
    BdevChannel requester() {
        Composite request = owner == null ? Composite.of(completion) : null;
        return Objects.requireNonNull(request == null ? owner : request.owner);
    }

    /** Lets go what it remembers of requests of {@code ch}; only while it is free. */
    @SuppressWarnings("NullAway") // what a free object has is written before it is read
    void forget(DeviceChannel ch) {
        if (channel == ch) {
            channel = null;
            owner = null;
            completion = null;
            userData = null;
            driverRef = null;
            details = null;
            buf = null;
            bufs = new DmaBuf[0];
            offsets = new long[0];
            lengths = new long[0];
        }
    }

    /** Takes over what a waiting request asked for. */
    void takeOver(BdevIo waiting) {
        request(
                waiting.channel,
                waiting.owner,
                waiting.type,
                waiting.offsetBlocks,
                waiting.blockCount,
                waiting.completion,
                waiting.userData);
        submitNanos = waiting.submitNanos;
        partDescHandle = waiting.partDescHandle;
        details = waiting.details;
        for (int i = 0; i < waiting.segments; i++) {
            addMemory(waiting.bufOf(i), waiting.memoryOffset(i), waiting.length(i));
        }
        pinned = waiting.pinned;
    }

    @Override
    public String toString() {
        return state == FREE
                ? "I/O slot " + slot + " of SpdkThread " + hub.thread.name() + " (free)"
                : "I/O slot " + slot + " of SpdkThread " + hub.thread.name() + " (" + type.jsonName() + " of "
                        + blockCount + " blocks at block " + offsetBlocks + " of bdev " + channel.bdev.name() + ")";
    }
}
