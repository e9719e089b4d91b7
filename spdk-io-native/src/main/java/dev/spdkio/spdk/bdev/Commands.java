// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.memory.IoVec;
import dev.spdkio.spdk.ffi.CommandApi;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.ffi.ZoneApi;
import dev.spdkio.spdk.runtime.NativeThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rarer types of I/O, beside the ring: one call to SPDK for each, and one call back, in which the end is only noted
 * down. The argument of such a call is a token, which is the driver's number of the I/O.
 *
 * <p>Thread rule: owned by the thread of its queue.
 */
final class Commands {
    private static final Logger LOG = System.getLogger(Commands.class.getName());

    /** The types that go this way; aborts, too, which have no channel to wait in. */
    static final Set<IoType> TYPES = EnumSet.of(
            IoType.COMPARE,
            IoType.COMPARE_AND_WRITE,
            IoType.COPY,
            IoType.ZCOPY,
            IoType.NVME_ADMIN,
            IoType.NVME_IO,
            IoType.SEEK_HOLE,
            IoType.SEEK_DATA,
            IoType.ZONE_APPEND,
            IoType.ZONE_MANAGEMENT,
            IoType.GET_ZONE_INFO);

    private static final long DONE = Upcall.stub(
            MethodHandles.lookup(),
            Commands.class,
            "done",
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_BOOLEAN, JAVA_LONG),
            null);

    /** A request at SPDK, or one that has ended there; {@code copy} is that of a copy in pieces. */
    private record Pending(
            Commands commands, BdevIo io, @Nullable OverlappingCopy copy, IoStatus status) {}

    private final ArrayDeque<Pending> ended = new ArrayDeque<>();

    /** Starts one of {@link #TYPES}. The calling OS thread runs as SPDK's thread of the channel. */
    void submit(NativeChannel ch, BdevIo io) {
        OverlappingCopy copy = OverlappingCopy.of(ch, io);
        if (copy != null) {
            copyOn(copy, io);
            return;
        }
        long token = put(io, null);
        io.setDriverLong(token);
        accepted(start(ch, io, io.descHandle(), token), io, token);
    }

    private long put(BdevIo io, @Nullable OverlappingCopy copy) {
        return Tokens.put(new Pending(this, io, copy, IoStatus.SUCCESS));
    }

    private void copyOn(OverlappingCopy copy, BdevIo io) {
        long token = put(io, copy);
        io.setDriverLong(token);
        accepted(copy.startPiece(DONE, token), io, token);
    }

    private static int start(NativeChannel ch, BdevIo io, long desc, long token) {
        long channel = ch.channel;
        long block = io.offsetBlocks();
        long count = io.blockCount();
        return switch (io.type()) {
            case COMPARE ->
                CommandApi.compare(desc, channel, ch.iovecs(io), io.segmentCount(), block, count, DONE, token);
            case COMPARE_AND_WRITE -> {
                IoVec write = io.writeData();
                long compareIovs = ch.iovecs(io, write);
                yield CommandApi.compareAndWrite(
                        desc,
                        channel,
                        compareIovs,
                        io.segmentCount(),
                        compareIovs + NativeChannel.bytes(io.segmentCount()),
                        write.count(),
                        block,
                        count,
                        DONE,
                        token);
            }
            case COPY -> CommandApi.copy(desc, channel, block, io.sourceBlock(), count, DONE, token);
            case ZCOPY ->
                io.isZcopyStart()
                        ? CommandApi.zcopyStart(desc, channel, block, count, io.zcopyPopulate(), DONE, token)
                        : CommandApi.zcopyEnd(zcopyOf(io), io.zcopyCommit(), DONE, token);
            case NVME_ADMIN, NVME_IO -> nvme(io, desc, channel, token);
            case SEEK_HOLE -> CommandApi.seekHole(desc, channel, block, DONE, token);
            case SEEK_DATA -> CommandApi.seekData(desc, channel, block, DONE, token);
            case ZONE_APPEND ->
                ZoneApi.append(desc, channel, ch.iovecs(io), io.segmentCount(), block, count, DONE, token);
            case ZONE_MANAGEMENT -> ZoneApi.manage(desc, channel, block, io.zoneAction(), DONE, token);
            case GET_ZONE_INFO -> ZoneReport.start(io, channel, DONE, token);
            default -> throw new IllegalStateException(io + " is of a type that is not passed on");
        };
    }

    private static long zcopyOf(BdevIo io) {
        if (io.zcopyAttachment() instanceof Long pointer) {
            return pointer;
        }
        throw new IllegalStateException(io + " ends a zero copy that did not begin");
    }

    /** SPDK copies the command before the call returns. */
    private static int nvme(BdevIo io, long desc, long channel, long token) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment command = arena.allocate(NvmeCommand.BYTES, 8);
            io.nvmeCommand().writeTo(command, 0);
            boolean hasData = io.segmentCount() == 1;
            return CommandApi.nvme(
                    io.type() == IoType.NVME_ADMIN,
                    desc,
                    channel,
                    command.address(),
                    hasData ? io.address(0) : 0,
                    hasData ? io.length(0) : 0,
                    DONE,
                    token);
        }
    }

    /**
     * Asks SPDK to end what it has with an argument.
     *
     * @param argument that of the I/O to end
     */
    void abort(NativeChannel ch, BdevIo abort, long argument) {
        long token = put(abort, null);
        accepted(CommandApi.abort(abort.descHandle(), ch.channel, argument, DONE, token), abort, token);
    }

    /** What SPDK refuses at once ends in the next round, as all others do. */
    private void accepted(int rc, BdevIo io, long token) {
        Pending refused = rc == 0 ? null : Tokens.take(token, Pending.class);
        if (refused != null) {
            ended.add(new Pending(this, io, refused.copy, IoQueue.status(rc, 0, 0, 0, 0, 0, 0, 0, 0)));
        }
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void done(long nativeIo, boolean ok, long token) {
        Pending pending = Tokens.take(token, Pending.class);
        boolean kept = false;
        if (pending != null) {
            IoStatus status = IoStatus.FAILED;
            try {
                BdevIo io = pending.io;
                status = ok ? IoStatus.SUCCESS : DowncallQueue.failure(nativeIo);
                if (ok && io.type() == IoType.ZCOPY && io.isZcopyStart()) {
                    status = giveMemory(io, nativeIo);
                    kept = status.isSuccess();
                } else if (ok) {
                    result(io, nativeIo);
                }
                if (io.type() == IoType.GET_ZONE_INFO) {
                    ZoneReport.end(io, ok);
                }
            } finally {
                pending.commands.ended.add(new Pending(pending.commands, pending.io, pending.copy, status));
            }
        }
        if (!kept) {
            DowncallQueue.free(nativeIo);
        }
    }

    private static void result(BdevIo io, long nativeIo) {
        switch (io.type()) {
            case SEEK_HOLE, SEEK_DATA -> io.setResult(CommandApi.seekOffset(nativeIo));
            case NVME_ADMIN, NVME_IO -> io.setResult(DowncallQueue.cdw0(nativeIo));
            case ZONE_APPEND -> io.setResult(ZoneApi.appendLocation(nativeIo));
            default -> {}
        }
    }

    /** SPDK's I/O lives on until the zero copy ends. */
    private static IoStatus giveMemory(BdevIo io, long nativeIo) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(16, 8);
            int pieces = CommandApi.iovecs(nativeIo, out.address());
            long iov = out.get(JAVA_LONG, 0);
            if (pieces != 1 || Raw.getLong(iov + Raw.POINTER) < io.lengthBytes()) {
                LOG.log(
                        Level.WARNING,
                        "{0} fails: SPDK gives its memory in {1} pieces, and only one can be shown",
                        io,
                        pieces);
                return IoStatus.FAILED;
            }
            io.setZcopyMemory(Raw.segment(Raw.getLong(iov), io.lengthBytes()));
            io.setZcopyAttachment(nativeIo);
            return IoStatus.SUCCESS;
        }
    }

    /** Ends what SPDK has ended. Returns whether there was some. */
    boolean round() {
        if (ended.isEmpty()) {
            return false;
        }
        for (int left = ended.size(); left > 0; left--) {
            Pending end = ended.removeFirst();
            OverlappingCopy copy = end.copy;
            if (copy != null && copy.goesOn(end.status)) {
                NativeThread.enter(end.io.thread());
                copyOn(copy, end.io);
            } else {
                IoQueue.complete(end.io, end.status);
            }
        }
        return true;
    }
}
