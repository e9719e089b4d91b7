// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.uring;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.ThreadSlot;
import dev.spdkio.sys.CompletionSink;
import dev.spdkio.sys.Errno;
import dev.spdkio.sys.FileHandle;
import dev.spdkio.sys.IoUring;
import dev.spdkio.sys.SysException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The ring of one SpdkThread, shared by all uring devices there, and what is in flight on it. Stands for SPDK's {@code
 * bdev_uring_group_channel}.
 *
 * <p>I/O is prepared as it is submitted and handed to the kernel once a pass, together with the look for completions:
 * one system call for a pass that has anything to submit, none for one that only looks. While nothing is in flight
 * the poller is paused; while something is, the ring's descriptor wakes a reactor that sleeps.
 *
 * <p>Every operation in flight has a <em>tag</em>, its user data: an index into the tables here. Tags are few
 * ({@link #QUEUE_DEPTH}), so that the tables stay in the cache and the completion queue can never overflow. What
 * finds no tag waits here in order; the hub's own bound on I/O objects bounds that.
 *
 * <p>The ring may be {@linkplain UringRing bound} to the OS thread of the reactor. When the SpdkThread finds itself on
 * another one, it makes a new ring there and leaves the old one behind, whose completions reach it by messages.
 *
 * <p>Thread rule: owned by its thread.
 */
final class UringGroup implements CompletionSink {
    /** Operations that the kernel may have at once, as in SPDK. */
    static final int QUEUE_DEPTH = 512;

    /** Completions handled in one pass, so that other pollers have their turn. */
    private static final int COMPLETIONS_PER_POLL = 128;

    /** Passes without anything in flight after which the poller is paused. */
    private static final int PASSES_BEFORE_PAUSE = 32;

    /** How often one operation is tried that the kernel is too busy for, or that a signal ended. */
    private static final int MAX_ATTEMPTS = 128;

    private static final long FREE = -1;

    /** The user data of attempts to cancel, whose own end interests nobody. */
    private static final long CANCEL = -1;

    private static final Logger LOG = System.getLogger(UringGroup.class.getName());

    private static final ThreadSlot<Holder> GROUPS = new ThreadSlot<>(_ -> new Holder());

    private final Holder holder;
    private final SpdkThread thread;
    private final UringIovecs iovecs = new UringIovecs(QUEUE_DEPTH);
    private final List<UringChannel> channels = new ArrayList<>();
    private UringRing bound;
    private IoUring ring;
    private Poller poller;
    private boolean closed;

    private final @Nullable BdevIo[] ios = new @Nullable BdevIo[QUEUE_DEPTH];

    /** Bytes done of the operation with that tag, or {@link #FREE}. */
    private final long[] done = new long[QUEUE_DEPTH];

    private final short[] attempts = new short[QUEUE_DEPTH];
    private final boolean[] writesZeroes = new boolean[QUEUE_DEPTH];
    private final short[] freeTags = new short[QUEUE_DEPTH];
    private int freeTop = QUEUE_DEPTH;

    private final ArrayDeque<BdevIo> waiting = new ArrayDeque<>();
    private int cancels;
    private boolean prepared;
    private boolean paused = true;
    private int idlePasses;

    private UringGroup(Holder holder, SpdkThread thread, UringRing bound) {
        this.holder = holder;
        this.thread = thread;
        this.bound = bound;
        this.ring = bound.ring();
        this.poller = register();
        Arrays.fill(done, FREE);
        for (int i = 0; i < QUEUE_DEPTH; i++) {
            freeTags[i] = (short) (QUEUE_DEPTH - 1 - i);
        }
    }

    private Poller register() {
        Poller.Builder builder = thread.poller("uring").body(this::poll);
        if (bound.canWake()) {
            builder.wakeFd(ring.fd());
        }
        Poller p = builder.register();
        if (paused) {
            p.pause();
        }
        return p;
    }

    /** What a thread keeps: its group as long as it has devices. */
    private static final class Holder implements AutoCloseable {
        @Nullable
        UringGroup group;

        /** The thread exits. Normally its channels have gone before it, and the group with them. */
        @Override
        public void close() {
            UringGroup left = group;
            if (left != null) {
                left.close();
            }
        }
    }

    /** Gives a channel its place in the ring of its thread, which is made now if this is the first channel there. */
    static UringGroup attach(UringChannel channel) {
        SpdkThread thread = channel.thread();
        Holder holder = GROUPS.get(thread);
        UringGroup group = holder.group;
        try {
            if (group == null) {
                group = new UringGroup(holder, thread, UringRing.create(thread));
                holder.group = group;
            } else {
                group.here();
            }
        } catch (SysException e) {
            throw noRing(thread, e);
        }
        group.channels.add(channel);
        group.registerFile(channel);
        return group;
    }

    /** The last channel takes the ring with it. */
    void detach(UringChannel channel) {
        channels.remove(channel);
        if (channels.isEmpty()) {
            close();
        } else if (channel.registered && bound.isHere()) {
            try {
                ring.unregisterFile(channel.file);
            } catch (SysException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void close() {
        closed = true;
        holder.group = null;
        poller.close();
        if (bound.isHere()) {
            ring.close();
        } else {
            leave(bound);
        }
        iovecs.close();
    }

    private void registerFile(UringChannel channel) {
        channel.file = channel.device.fd();
        channel.registered = false;
        if (channels.size() > UringRing.FILE_SLOTS) {
            return;
        }
        try {
            channel.file = ring.registerFile(channel.file);
            channel.registered = true;
        } catch (SysException e) {
            LOG.log(Level.INFO, "bdev {0} goes without a registered file: {1}", channel.device.name(), e.getMessage());
        }
    }

    // ---- another OS thread -----------------------------------------------------------------------------------------

    /** Sees to it that the ring is one of this OS thread. Before every use that the ring itself did not ask for. */
    private void here() {
        if (!bound.isHere()) {
            moved();
        }
    }

    private void moved() {
        UringRing old = bound;
        try {
            bound = UringRing.create(thread);
        } catch (SysException e) {
            throw noRing(thread, e);
        }
        ring = bound.ring();
        poller.close();
        poller = register();
        channels.forEach(this::registerFile);
        leave(old);
    }

    /** In a message: until the poller that is left has ended its call, the old descriptor must not be closed. */
    private void leave(UringRing old) {
        if (!thread.trySendInternal(() -> old.drain(this::completedElsewhere))) {
            old.drain(this::completedElsewhere);
        }
    }

    /** A completion of a ring that was left behind. Its OS thread. */
    private void completedElsewhere(long userData, int result, int flags) {
        thread.trySendInternal(() -> {
            if (!closed) {
                here();
                completed(userData, result, flags);
            }
        });
    }

    private static UncheckedIOException noRing(SpdkThread thread, SysException e) {
        return new UncheckedIOException("SpdkThread " + thread.name() + " gets no ring for its uring bdevs", e);
    }

    /** For tests: what is prepared and in flight on a thread, in words. */
    static String describe(SpdkThread thread) {
        UringGroup group = GROUPS.get(thread).group;
        return group == null ? "no ring" : group.ring.toString();
    }

    private int inFlight() {
        return QUEUE_DEPTH - freeTop;
    }

    // ---- beginning -------------------------------------------------------------------------------------------------

    void submit(UringChannel channel, BdevIo io) {
        here();
        if (io.driverRef() != channel) {
            io.setDriverRef(channel);
        }
        channel.began();
        if (freeTop == 0) {
            waiting.addLast(io);
        } else {
            begin(io, channel);
        }
    }

    private void begin(BdevIo io, UringChannel channel) {
        int tag = freeTags[--freeTop];
        if (ios[tag] != io) {
            ios[tag] = io;
        }
        done[tag] = 0;
        attempts[tag] = 0;
        writesZeroes[tag] = false;
        if (paused) {
            paused = false;
            poller.resume();
        }
        prepare(tag, io, channel);
    }

    private void prepare(int tag, BdevIo io, UringChannel ch) {
        prepared = true;
        switch (io.type()) {
            case READ -> prepareTransfer(tag, io, ch, false);
            case WRITE -> prepareTransfer(tag, io, ch, true);
            case FLUSH -> ring.prepFsync(ch.file, ch.registered, true, tag);
            case UNMAP -> prepareFallocate(tag, io, ch, FileHandle.FALLOC_PUNCH_HOLE);
            case WRITE_ZEROES -> {
                if (ch.zeroesByWriting) {
                    prepareZeroes(tag, io, ch);
                } else {
                    prepareFallocate(tag, io, ch, FileHandle.FALLOC_ZERO_RANGE);
                }
            }
            default -> throw new IllegalStateException(io + " is no operation of a ring");
        }
    }

    private void prepareTransfer(int tag, BdevIo io, UringChannel ch, boolean write) {
        long from = done[tag];
        long offset = io.offsetBytes() + from;
        if (io.segmentCount() == 1) {
            long address = io.address(0) + from;
            int length = (int) Math.min(io.length(0) - from, UringIovecs.MAX_TRANSFER);
            if (write) {
                ring.prepWrite(
                        ch.file, ch.registered, address, length, offset, ch.device.writeFlags(offset, length), tag);
            } else {
                ring.prepRead(ch.file, ch.registered, address, length, offset, tag);
            }
            return;
        }
        int count = iovecs.fill(tag, io, from);
        if (write) {
            ring.prepWritev(ch.file, ch.registered, iovecs.address(tag), count, offset, tag);
        } else {
            ring.prepReadv(ch.file, ch.registered, iovecs.address(tag), count, offset, tag);
        }
    }

    private void prepareFallocate(int tag, BdevIo io, UringChannel ch, int mode) {
        ring.prepFallocate(
                ch.file, ch.registered, mode | FileHandle.FALLOC_KEEP_SIZE, io.offsetBytes(), io.lengthBytes(), tag);
    }

    /** The kernel cannot zero this file by itself: zeroes are written, a piece at a time. */
    private void prepareZeroes(int tag, BdevIo io, UringChannel ch) {
        writesZeroes[tag] = true;
        long from = done[tag];
        int length = (int) Math.min(io.lengthBytes() - from, UringIovecs.ZEROES_BYTES);
        ring.prepWrite(ch.file, ch.registered, UringIovecs.zeroes(), length, io.offsetBytes() + from, tag);
    }

    // ---- the pass --------------------------------------------------------------------------------------------------

    private Poller.Result poll() {
        here();
        if (inFlight() == 0 && cancels == 0) {
            if (++idlePasses >= PASSES_BEFORE_PAUSE) {
                paused = true;
                idlePasses = 0;
                poller.pause();
            }
            return Poller.Result.IDLE;
        }
        idlePasses = 0;
        boolean submitting = prepared;
        prepared = false;
        int reaped = ring.poll(this, COMPLETIONS_PER_POLL);
        return submitting || reaped > 0 ? Poller.Result.BUSY : Poller.Result.IDLE;
    }

    /** The ring's word about one operation. */
    @Override
    public void completed(long userData, int result, int flags) {
        if (userData == CANCEL) {
            cancels--;
            return;
        }
        int tag = (int) userData;
        BdevIo io = Objects.requireNonNull(ios[tag]);
        if (result < 0) {
            failed(tag, io, -result);
            return;
        }
        if (isTransfer(tag, io)) {
            long now = done[tag] + result;
            if (now < io.lengthBytes()) {
                goOn(tag, io, now, result);
                return;
            }
        }
        end(tag, io, IoStatus.SUCCESS);
    }

    private boolean isTransfer(int tag, BdevIo io) {
        return switch (io.type()) {
            case READ, WRITE -> true;
            case WRITE_ZEROES -> writesZeroes[tag];
            default -> false;
        };
    }

    /** The kernel stopped half-way: at its limit of one transfer, for a signal, or at the end of the file. */
    private void goOn(int tag, BdevIo io, long now, int result) {
        UringChannel ch = channel(io);
        if (result == 0 || !ch.device.canGoOnFrom(io.offsetBytes() + now)) {
            ch.device.endedEarly(io, io.offsetBytes() + now);
            end(tag, io, IoStatus.aio(Errno.EIO));
            return;
        }
        done[tag] = now;
        prepare(tag, io, ch);
    }

    private void failed(int tag, BdevIo io, int errno) {
        UringChannel ch = channel(io);
        if ((errno == Errno.EAGAIN || errno == Errno.EINTR) && ++attempts[tag] < MAX_ATTEMPTS) {
            prepare(tag, io, ch);
        } else if (errno == Errno.EOPNOTSUPP && io.type() == IoType.WRITE_ZEROES && !writesZeroes[tag]) {
            ch.zeroesByWriting = true;
            prepare(tag, io, ch);
        } else {
            end(tag, io, errno == Errno.ECANCELED ? IoStatus.ABORTED : IoStatus.aio(errno));
        }
    }

    private void end(int tag, BdevIo io, IoStatus status) {
        done[tag] = FREE;
        freeTags[freeTop++] = (short) tag;
        BdevIo next = waiting.pollFirst();
        if (next != null) {
            begin(next, channel(next));
        }
        channel(io).ended();
        io.complete(status);
    }

    private static UringChannel channel(BdevIo io) {
        return (UringChannel) Objects.requireNonNull(io.driverRef());
    }

    // ---- reset -----------------------------------------------------------------------------------------------------

    /** Aborts what the kernel does not have, and asks it to give back the rest early where it can. */
    void cancel(UringChannel ch) {
        here();
        for (int tag = 0; tag < QUEUE_DEPTH; tag++) {
            if (done[tag] != FREE && channel(Objects.requireNonNull(ios[tag])) == ch && ring.hasSpace()) {
                ring.prepCancel(tag, CANCEL);
                cancels++;
                prepared = true;
            }
        }
        List<BdevIo> aborted = waiting.stream().filter(io -> channel(io) == ch).toList();
        waiting.removeAll(aborted);
        // Only now, because those who are told may submit to other devices of this ring.
        for (BdevIo io : aborted) {
            ch.ended();
            io.complete(IoStatus.ABORTED);
        }
    }
}
