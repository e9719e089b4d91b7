// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Copies a range of an array, that nobody writes to, between its members. On the app thread, where the futures
 * complete.
 */
final class RangeCopy {
    private final RaidBdev array;
    private final RaidView view;
    private final RedundantLayout layout;
    private final List<DmaBuf> buffers;
    private final int blockSize;

    /**
     * @param buffers kept from one range to the next; made as needed
     */
    RangeCopy(RaidBdev array, List<DmaBuf> buffers) {
        this.array = array;
        this.view = array.view();
        this.layout = (RedundantLayout) array.layout();
        this.buffers = buffers;
        this.blockSize = array.blockSize();
    }

    /** The members that have their data, but for one. */
    private List<RaidMember> others(@Nullable RaidMember but) {
        List<RaidMember> others = new ArrayList<>();
        for (RaidMember member : view.members()) {
            if (member != null && member != but && member.slot() != view.target()) {
                others.add(member);
            }
        }
        return others;
    }

    private void makeBuffers(int count, long bytes) throws SpdkException {
        if (!buffers.isEmpty() && buffers.getFirst().size() < bytes) {
            buffers.forEach(DmaBuf::close);
            buffers.clear();
        }
        while (buffers.size() < count) {
            DmaBuf buf = array.tryAllocate(bytes);
            if (buf == null) {
                throw new SpdkException(
                        Errno.ENOMEM,
                        "raid bdev " + array.name() + ": the pool has no " + bytes
                                + " bytes to copy with: enlarge it, or make process_window_size_kb smaller");
            }
            buffers.add(buf);
        }
    }

    private BdevChannel channel(RaidMember member) {
        RaidSlot slot = array.slot(member.slot());
        if (slot.member != member) {
            throw new IllegalStateException(member + " has left raid bdev " + array.name());
        }
        return slot.channel();
    }

    private CompletableFuture<Void> read(RaidMember member, DmaBuf buf, long from, long count) {
        return io(() -> channel(member).readBlocksAsync(buf, member.offset() + from, count));
    }

    private CompletableFuture<Void> write(RaidMember member, DmaBuf buf, long from, long count) {
        return io(() -> channel(member).writeBlocksAsync(buf, member.offset() + from, count));
    }

    private CompletableFuture<Void> io(Supplier<CompletableFuture<Void>> begin) {
        try {
            return array.resets().retried(begin);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Writes to a member what the others say it should have. */
    CompletableFuture<Void> rebuild(RaidMember member, long first, long end) {
        boolean whole = first % layout.copyUnit() == 0 && end % layout.copyUnit() == 0;
        long from = whole ? layout.baseBlock(first) : layout.blockInBase(first);
        long count = whole ? layout.baseEnd(end) - from : end - first;
        List<RaidMember> sources = others(member);
        try {
            makeBuffers(array.level() == RaidLevel.RAID1 ? 1 : sources.size(), count * blockSize);
        } catch (SpdkException e) {
            return CompletableFuture.failedFuture(e);
        }
        CompletableFuture<Void> known = array.level() == RaidLevel.RAID1
                ? readOne(sources, 0, from, count)
                : readAll(sources, from, count).thenAccept(failed -> sum(sources, failed, count));
        return known.thenCompose(_ -> write(member, buffers.getFirst(), from, count));
    }

    private CompletableFuture<Void> readOne(List<RaidMember> sources, int index, long from, long count) {
        if (index == sources.size()) {
            return CompletableFuture.failedFuture(
                    new SpdkException(Errno.EIO, "no base bdev of raid bdev " + array.name() + " can be read there"));
        }
        return read(sources.get(index), buffers.getFirst(), from, count)
                .exceptionallyCompose(_ -> readOne(sources, index + 1, from, count));
    }

    /** Reads from all members, each into a buffer. Completes with those that cannot be read. */
    private CompletableFuture<List<RaidMember>> readAll(List<RaidMember> members, long from, long count) {
        List<RaidMember> failed = new ArrayList<>();
        List<CompletableFuture<?>> reads = new ArrayList<>();
        for (int i = 0; i < members.size(); i++) {
            RaidMember member = members.get(i);
            reads.add(read(member, buffers.get(i), from, count).handle((_, failure) -> {
                if (failure != null) {
                    failed.add(member);
                }
                return null;
            }));
        }
        return CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new)).thenApply(_ -> failed);
    }

    private void sum(List<RaidMember> sources, List<RaidMember> failed, long count) {
        if (!failed.isEmpty() || sources.size() < array.slots() - 1) {
            throw new IllegalStateException("too few base bdevs can be read: not " + failed);
        }
        MemorySegment sum = buffers.getFirst().segment();
        for (int i = 1; i < sources.size(); i++) {
            Xor.into(sum, 0, buffers.get(i).segment(), 0, count * blockSize);
        }
    }

    // ---- members that may not match --------------------------------------------------------------------------------

    /** Makes the members match: by what the first one has, or by new parity. What was not torn stays as it is. */
    CompletableFuture<Void> match(long first, long end) {
        long from = layout.baseBlock(first);
        long count = layout.baseEnd(end) - from;
        List<RaidMember> members = others(null);
        try {
            makeBuffers(members.size() + 1, count * blockSize);
        } catch (SpdkException e) {
            return CompletableFuture.failedFuture(e);
        }
        return readAll(members, from, count)
                .thenCompose(failed -> layout instanceof Raid5f striped
                        ? newParity(striped, members, failed, from, count)
                        : copyFirst(members, failed, from, count));
    }

    private CompletableFuture<Void> copyFirst(
            List<RaidMember> members, List<RaidMember> failed, long from, long count) {
        int source = 0;
        while (source < members.size() && failed.contains(members.get(source))) {
            source++;
        }
        if (source == members.size()) {
            return CompletableFuture.failedFuture(
                    new SpdkException(Errno.EIO, "no base bdev of raid bdev " + array.name() + " can be read there"));
        }
        long bytes = count * blockSize;
        MemorySegment truth = buffers.get(source).segment().asSlice(0, bytes);
        List<CompletableFuture<?>> writes = new ArrayList<>();
        for (int i = 0; i < members.size(); i++) {
            boolean same = i == source
                    || (!failed.contains(members.get(i))
                            && truth.mismatch(buffers.get(i).segment().asSlice(0, bytes)) < 0);
            if (!same) {
                writes.add(writeOrLose(members.get(i), buffers.get(source), from, count));
            }
        }
        return CompletableFuture.allOf(writes.toArray(CompletableFuture[]::new));
    }

    private CompletableFuture<Void> newParity(
            Raid5f striped, List<RaidMember> members, List<RaidMember> failed, long from, long count) {
        if (!failed.isEmpty() || members.size() < array.slots()) {
            return CompletableFuture.failedFuture(new SpdkException(
                    Errno.EIO, "raid bdev " + array.name() + " has lost a base before its parity was made good"));
        }
        int strip = striped.stripBlocks();
        long bytes = (long) strip * blockSize;
        MemorySegment sum = buffers.get(members.size()).segment();
        List<CompletableFuture<?>> writes = new ArrayList<>();
        for (long at = 0; at < count; at += strip) {
            int paritySlot = striped.paritySlot((from + at) / strip);
            long byteAt = at * blockSize;
            MemorySegment.copy(buffers.get(paritySlot == 0 ? 1 : 0).segment(), byteAt, sum, byteAt, bytes);
            for (int slot = paritySlot == 0 ? 2 : 1; slot < members.size(); slot++) {
                if (slot != paritySlot) {
                    Xor.into(sum, byteAt, buffers.get(slot).segment(), byteAt, bytes);
                }
            }
            MemorySegment parity = buffers.get(paritySlot).segment();
            if (MemorySegment.mismatch(sum, byteAt, byteAt + bytes, parity, byteAt, byteAt + bytes) >= 0) {
                RaidMember member = members.get(paritySlot);
                DmaBuf part = buffers.get(members.size()).slice(byteAt, bytes);
                writes.add(writeOrLose(member, part, from + at, strip).whenComplete((_, _) -> part.close()));
            }
        }
        return CompletableFuture.allOf(writes.toArray(CompletableFuture[]::new));
    }

    /** A member that cannot be made to match is not a member any more, so that the others do. */
    private CompletableFuture<Void> writeOrLose(RaidMember member, DmaBuf buf, long from, long count) {
        return write(member, buf, from, count).handle((_, failure) -> {
            if (failure != null) {
                array.failed(member, "it could not be made to match: " + failure.getMessage());
            }
            return null;
        });
    }
}
