// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.ClaimType;
import dev.spdkio.bdev.DescOps;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.ClaimApi;
import dev.spdkio.spdk.ffi.MetadataApi;
import dev.spdkio.spdk.ffi.ZoneApi;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A device of SPDK in the hub.
 *
 * <p>The hub leaves to SPDK what SPDK does itself: splitting, queueing, counting. It holds a descriptor for reading,
 * which tells it when the device goes or changes its size; each descriptor of the hub has one of SPDK's own, so that
 * SPDK's rules about writers hold.
 *
 * <p>Thread rule: made on the app thread; the rest is called by the hub.
 */
final class NativeBdev implements BdevOps<NativeChannel>, DescOps {
    private final NativeBdevs all;
    private final String name;
    private final String productName;
    private final String moduleName;
    private final long holdDesc;
    private final Set<IoType> types;
    private final long copyBufferBlocks;

    /** The descriptor that has claimed it to write alone; 0 if there is none. */
    private volatile long exclusive;

    private @Nullable Bdev bdev;
    private boolean goes;

    NativeBdev(NativeBdevs all, String name, long holdDesc) {
        this.all = all;
        this.name = name;
        this.holdDesc = holdDesc;
        long pointer = BdevApi.bdev(holdDesc);
        this.productName = BdevApi.productName(pointer);
        this.moduleName = BdevApi.moduleName(pointer);
        this.types = NativeTypes.of(pointer, moduleName);
        this.copyBufferBlocks =
                BdevApi.supports(pointer, NativeTypes.number(IoType.COPY)) ? 0 : BdevApi.maxCopy(pointer);
    }

    /** The properties with which it appears in the hub. */
    BdevSpec spec() {
        long pointer = BdevApi.bdev(holdDesc);
        return BdevSpec.builder(name, BdevApi.blockSize(pointer), BdevApi.blockCount(pointer))
                .productName(productName)
                .uuid(BdevApi.uuid(pointer))
                .requiredAlignment((int) BdevApi.bufferAlignment(pointer))
                .optimalIoBoundary(BdevApi.optimalIoBoundary(pointer), false)
                .writeUnitSize(Math.max(1, BdevApi.writeUnitSize(pointer)), false)
                .acwu(BdevApi.acwu(pointer))
                .writeCache(BdevApi.hasWriteCache(pointer))
                .metadata(MetadataApi.metadata(pointer))
                .zones(ZoneApi.zones(pointer))
                .numaId(MetadataApi.numaId(pointer))
                .build();
    }

    void registered(Bdev value) {
        bdev = value;
    }

    @Nullable
    Bdev bdev() {
        return bdev;
    }

    String name() {
        return name;
    }

    /** As many blocks are read before they are written in a copy that SPDK makes from reads and writes; else 0. */
    long copyBufferBlocks() {
        return copyBufferBlocks;
    }

    long holdDesc() {
        return holdDesc;
    }

    @Override
    public void submit(NativeChannel ch, BdevIo io) {
        switch (io.type()) {
            case READ -> transfer(ch, io, IoQueue.OP_READ);
            case WRITE -> transfer(ch, io, IoQueue.OP_WRITE);
            case UNMAP -> range(ch, io, IoQueue.OP_UNMAP);
            case FLUSH -> range(ch, io, IoQueue.OP_FLUSH);
            case WRITE_ZEROES -> range(ch, io, IoQueue.OP_WRITE_ZEROES);
            case RESET -> range(ch, io, IoQueue.OP_RESET);
            default -> {
                NativeThread.enter(io.thread());
                ch.queue.commands.submit(ch, io);
            }
        }
    }

    @Override
    public void abort(NativeChannel ch, BdevIo target, BdevIo abort) {
        boolean isCommand = Commands.TYPES.contains(target.type());
        if (!isCommand && ch.queue.withdraw(ch.queue.tokenOf(target))) {
            abort.complete(IoStatus.SUCCESS);
            return;
        }
        NativeThread.enter(abort.thread());
        ch.queue.commands.abort(
                ch, abort, isCommand ? target.driverLong() : ch.queue.argument(ch.queue.tokenOf(target)));
    }

    @Override
    public void awaitRoom(NativeChannel ch, Runnable roomMade) {
        NativeThread.enter(ch.thread);
        ch.queue.roomWait.await(this, ch, roomMade);
    }

    private static void transfer(NativeChannel ch, BdevIo io, int op) {
        IoQueue queue = ch.queue;
        int token = queue.token(io);
        int pieces = io.segmentCount();
        if (token < 0) {
            io.complete(IoStatus.NOMEM);
        } else if (pieces == 1) {
            queue.submit(op, token, io.descHandle(), ch.channel, io.address(0), 0, io.offsetBlocks(), io.blockCount());
        } else {
            queue.submit(
                    op + IoQueue.OP_READV,
                    token,
                    io.descHandle(),
                    ch.channel,
                    ch.iovecs(io),
                    pieces,
                    io.offsetBlocks(),
                    io.blockCount());
        }
    }

    private static void range(NativeChannel ch, BdevIo io, int op) {
        int token = ch.queue.token(io);
        if (token < 0) {
            io.complete(IoStatus.NOMEM);
            return;
        }
        ch.queue.submit(op, token, io.descHandle(), ch.channel, 0, 0, io.offsetBlocks(), io.blockCount());
    }

    /** SPDK's modules look at its devices. */
    @Override
    public boolean isExaminedHere() {
        return false;
    }

    @Override
    public boolean supports(IoType type) {
        return types.contains(type);
    }

    @Override
    public NativeChannel openChannel(SpdkThread thread) {
        all.checkSlots();
        return new NativeChannel(this, thread);
    }

    @Override
    public void closeChannel(NativeChannel channel) {
        channel.close(SpdkThread.require());
    }

    @Override
    public long openDesc(OpenMode mode) throws SpdkException {
        NativeThread current = NativeThread.enter();
        long desc = BdevApi.open(name, mode == OpenMode.READ_WRITE, NativeBdevs.EVENT, 0);
        int errno = BdevApi.errno(desc);
        if (errno != 0) {
            throw new SpdkException(
                    errno,
                    "bdev " + name + " cannot be opened " + mode + ": " + Errno.name(errno)
                            + (errno == Errno.EPERM ? "; another module has claimed it for writing" : ""));
        }
        current.opened(desc);
        return desc;
    }

    /** SPDK's modules see it too. */
    @Override
    public void claimDesc(long handle, Claim claim) throws SpdkException {
        NativeThread.enter();
        int errno = -ClaimApi.claim(handle, claim, all.module());
        if (errno != 0) {
            throw new SpdkException(
                    errno,
                    "bdev " + name + " cannot be claimed for " + claim + ": " + Errno.name(errno)
                            + "; a module of SPDK has claimed it, or has it open for writing");
        }
        if (claim.type() == ClaimType.EXCLUSIVE_WRITE) {
            exclusive = handle;
        }
    }

    /** SPDK ends claims of the other types with their descriptors. */
    @Override
    public void releaseClaim(long handle) {
        if (exclusive == handle) {
            exclusive = 0;
            NativeThread.enter();
            ClaimApi.release(BdevApi.bdev(handle));
        }
    }

    @Override
    public void closeDesc(long handle) {
        releaseClaim(handle);
        NativeThread.enter().close(handle);
    }

    /** SPDK removes it: the hub has not to ask for that. */
    void goes() {
        goes = true;
    }

    @Override
    public CompletionStage<Void> destruct() {
        NativeThread.enter();
        BdevApi.close(holdDesc);
        all.forget(this);
        return goes ? CompletableFuture.completedFuture(null) : all.delete(name, moduleName);
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        out.put("engine", "SPDK");
    }
}
