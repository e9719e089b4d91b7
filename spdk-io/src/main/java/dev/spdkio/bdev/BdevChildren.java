// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link BdevChannel} does for a device that stands on its own device: I/O that is made of I/O which the upper
 * device was given. Nothing is copied, and nothing is allocated for what moves or clears blocks.
 *
 * <p>A child uses the memory of its parent, so that the parent is to be completed after its children. Both are of one
 * thread. What the device below demands of an I/O is the hub's business here as elsewhere, and so is waiting: a child
 * does not end by {@link IoStatus#NOMEM}.
 */
public abstract sealed class BdevChildren permits BdevCommands {
    /** Of the one child that is all its parent: what ends it may be done at once. */
    static final IoCompletion COMPLETE_PARENT =
            (status, parent) -> ((BdevIo) Objects.requireNonNull(parent)).complete(status);

    private static final ResultCompletion<Object> COMPLETE_PARENT_OF_COMMAND =
            (status, _, parent) -> COMPLETE_PARENT.completed(status, parent);

    /** Whether the I/O of this channel is made of other I/O: it never waits for the end of what it may be part of. */
    final boolean isOfDevice;

    private final BdevChannel channel = (BdevChannel) this;

    BdevChildren(boolean isOfDevice) {
        this.isOfDevice = isOfDevice;
    }

    /** {@link #forward(BdevIo, long)} at the same block. */
    public void forward(BdevIo parent) {
        forward(parent, parent.offsetBlocks);
    }

    /**
     * Asks this channel's device for what {@code parent} asks for, and completes {@code parent} as that ends. All types
     * of I/O but abort, for which there is {@link #forwardAbort}.
     *
     * @param parent an I/O that the caller has to complete, and leaves to this
     * @param block where its range begins here. The source of a copy, and what a seek finds, move by the same distance
     */
    public void forward(BdevIo parent, long block) {
        IoType type = parent.type;
        if (type == IoType.READ || type == IoType.WRITE) {
            transfer(parent, type, 0, block, parent.blockCount, COMPLETE_PARENT, parent);
        } else {
            forwardOther(parent, block);
        }
    }

    private void forwardOther(BdevIo parent, long block) {
        long count = parent.blockCount;
        long distance = block - parent.offsetBlocks;
        switch (parent.type) {
            case RESET -> channel.submitReset(COMPLETE_PARENT, parent);
            case UNMAP, WRITE_ZEROES, FLUSH -> channel.plain(parent.type, block, count, COMPLETE_PARENT, parent);
            case COMPARE -> command(Command.compare(parent.vec(0, parent.lengthBytes()), block, count), parent);
            case COMPARE_AND_WRITE ->
                command(
                        Command.compareAndWrite(parent.vec(0, parent.lengthBytes()), parent.writeData(), block, count),
                        parent);
            case COPY -> command(Command.copy(block, parent.sourceBlock() + distance, count), parent);
            case NVME_ADMIN, NVME_IO -> command(Command.of(parent, 0), parent);
            case ZONE_APPEND, ZONE_MANAGEMENT, GET_ZONE_INFO -> command(Command.of(parent, block), parent);
            case SEEK_HOLE, SEEK_DATA -> seek(parent, block, distance);
            case ZCOPY -> {
                if (parent.isZcopyStart()) {
                    command(Command.of(parent, block), parent);
                } else {
                    endZcopy(parent, block);
                }
            }
            default ->
                throw new IllegalArgumentException(parent + " cannot be forwarded: use forwardAbort in BdevOps.abort");
        }
    }

    private void command(Command<?> command, BdevIo parent) {
        channel.commands().submit(command, COMPLETE_PARENT_OF_COMMAND, parent);
    }

    private void seek(BdevIo parent, long block, long distance) {
        channel.commands()
                .submit(
                        Command.seek(parent.type, block, 1),
                        (status, found, _) -> {
                            if (found != null) {
                                parent.setResult(inUpper(parent, found, distance));
                            }
                            parent.complete(status);
                        },
                        parent);
    }

    /** What was found below may lie behind the end of a device that is a part of that. */
    private static long inUpper(BdevIo parent, long found, long distance) {
        boolean isInside = found != BdevCommands.NOWHERE
                && found - distance < parent.bdev().blockCount();
        return isInside ? found - distance : BdevCommands.NOWHERE;
    }

    /** It was counted in flight since its start, as in {@link ZeroCopy}. */
    private void endZcopy(BdevIo parent, long block) {
        DeviceChannel device = channel.device();
        BdevIo io = device.hub.takeForPart(channel);
        io.request(device, channel, IoType.ZCOPY, block, parent.blockCount, COMPLETE_PARENT, parent);
        io.details = parent.details;
        device.dispatch(io);
    }

    /**
     * For {@link BdevOps#abort}: tries to end what {@link #forward} has made of {@code target}, and completes
     * {@code abort}.
     */
    public void forwardAbort(BdevIo target, BdevIo abort) {
        if (!channel.bdev().isNative(IoType.ABORT)) {
            abort.complete(IoStatus.FAILED);
            return;
        }
        Command<Void> command = Command.abort(target);
        channel.commands().submit(command, (status, _, _) -> abort.complete(status), abort);
    }

    /**
     * Sends a child of {@code parent} to this channel's device. The caller counts its children, and completes the
     * parent when all have ended.
     *
     * @param type read, write, compare, unmap, write zeroes, flush or reset; not necessarily the parent's
     * @param firstByte where in the parent's memory the child's begins; of no meaning for types without memory
     * @param block where its range begins
     * @param count how many blocks it has
     */
    public void submitChild(
            BdevIo parent,
            IoType type,
            long firstByte,
            long block,
            long count,
            IoCompletion completion,
            @Nullable Object userData) {
        switch (type) {
            case READ, WRITE -> transfer(parent, type, firstByte, block, count, completion, userData);
            case UNMAP, WRITE_ZEROES, FLUSH -> channel.plain(type, block, count, completion, userData);
            case RESET -> channel.submitReset(completion, userData);
            case COMPARE -> {
                long bytes = count * channel.bdev().blockSize;
                checkMemory(parent, type, firstByte, bytes);
                channel.commands()
                        .submit(
                                Command.compare(parent.vec(firstByte, bytes), block, count),
                                (status, _, data) -> completion.completed(status, data),
                                userData);
            }
            default -> throw new IllegalArgumentException(type.jsonName() + " cannot be a child: forward the parent");
        }
    }

    private void checkMemory(BdevIo parent, IoType type, long firstByte, long bytes) {
        long has = parent.memoryBytes();
        if (firstByte < 0 || bytes <= 0 || bytes > has - firstByte) {
            throw new IllegalArgumentException(
                    type.jsonName() + " on bdev " + channel.bdev().name() + ": bytes " + firstByte + " to "
                            + (firstByte + bytes) + " are not within the " + has + " of " + parent);
        }
    }

    private void transfer(
            BdevIo parent,
            IoType type,
            long firstByte,
            long block,
            long count,
            IoCompletion completion,
            @Nullable Object userData) {
        channel.admit(type, block, count);
        DeviceChannel device = channel.device();
        SplitRules rules = channel.rules();
        long bytes = count * rules.blockSize;
        checkMemory(parent, type, firstByte, bytes);
        if (!rules.isPlain(type, block, count, parent, firstByte)) {
            SplitIo split = channel.beginSplit(type, block, count, completion, userData);
            parent.pieces(firstByte, bytes, SplitIo::addMemory, split);
            channel.startSplit(split);
            return;
        }
        BdevIo io = device.hub.take(channel);
        io.request(device, channel, type, block, count, completion, userData);
        io.memoryOf(parent, firstByte, bytes);
        channel.inFlight++;
        device.dispatch(io);
    }
}
