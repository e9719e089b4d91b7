// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.IoVec;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request of one of the rarer types: what is asked for, and what comes out.
 *
 * @param block the first block
 * @param count how many
 * @param memory the memory that belongs to the range, if the type has any
 * @param details the rest
 * @param outcome what it gives when it has succeeded
 */
record Command<T>(
        IoType type, long block, long count, @Nullable IoVec memory, IoDetails details, Outcome<T> outcome) {
    /** Makes a result. */
    @FunctionalInterface
    interface Outcome<T> {
        @Nullable
        T of(BdevChannel channel, Command<T> command);
    }

    private static final Outcome<Void> NOTHING = (_, _) -> null;

    static Command<Void> compare(IoVec memory, long block, long count) {
        return new Command<>(IoType.COMPARE, block, count, memory, new IoDetails(), NOTHING);
    }

    static Command<Void> compareAndWrite(IoVec compare, IoVec write, long block, long count) {
        IoDetails details = new IoDetails();
        details.writeData = Objects.requireNonNull(write, "write");
        return new Command<>(IoType.COMPARE_AND_WRITE, block, count, compare, details, NOTHING);
    }

    static Command<Void> copy(long target, long source, long count) {
        IoDetails details = new IoDetails();
        details.sourceBlock = source;
        return new Command<>(IoType.COPY, target, count, null, details, NOTHING);
    }

    static Command<ZeroCopy> zcopyStart(long block, long count, boolean populate) {
        IoDetails details = new IoDetails();
        details.zcopyStart = true;
        details.zcopyPopulate = populate;
        return new Command<>(IoType.ZCOPY, block, count, null, details, ZeroCopy::new);
    }

    static Command<Integer> nvme(IoType type, NvmeCommand command, @Nullable IoVec memory) {
        IoDetails details = new IoDetails();
        details.command = Objects.requireNonNull(command, "command");
        return new Command<>(type, 0, 0, memory, details, (_, c) -> (int) c.details.result);
    }

    /** What a device was asked for, as it is: what comes out comes out there too. */
    static Command<Void> of(BdevIo io, long block) {
        IoVec memory = io.segmentCount() == 0 ? null : io.vec(0, io.memoryBytes());
        return new Command<>(io.type(), block, io.blockCount(), memory, Objects.requireNonNull(io.details), NOTHING);
    }

    /** What it finds is counted in {@code unit} bytes or blocks; {@link BdevCommands#NOWHERE} stays as it is. */
    static Command<Long> seek(IoType type, long block, long unit) {
        return new Command<>(type, block, 1, null, new IoDetails(), (_, c) -> {
            long found = c.details.result;
            return found == BdevCommands.NOWHERE ? found : found * unit;
        });
    }

    /** Gives the block where it was written. */
    static Command<Long> zoneAppend(IoVec memory, long zone, long count) {
        return new Command<>(IoType.ZONE_APPEND, zone, count, memory, new IoDetails(), (_, c) -> c.details.result);
    }

    static Command<Void> zoneManagement(ZoneAction action, long zone, long zoneBlocks) {
        IoDetails details = new IoDetails();
        details.zoneAction = Objects.requireNonNull(action, "action");
        return new Command<>(IoType.ZONE_MANAGEMENT, zone, zoneBlocks, null, details, NOTHING);
    }

    static Command<List<ZoneInfo>> zoneInfo(long zone, int zones, long zoneBlocks) {
        ZoneInfo[] infos = new ZoneInfo[zones];
        IoDetails details = new IoDetails();
        details.zoneInfos = infos;
        return new Command<>(IoType.GET_ZONE_INFO, zone, zones * zoneBlocks, null, details, (_, _) -> List.of(infos));
    }

    static Command<Void> abort(Object userData) {
        IoDetails details = new IoDetails();
        details.abortUserData = Objects.requireNonNull(userData, "the user data of what is to be aborted");
        return new Command<>(IoType.ABORT, 0, 0, null, details, NOTHING);
    }

    /** The same with other memory: references of our own to it. */
    Command<T> withMemory(@Nullable IoVec own, @Nullable IoVec ownWriteData) {
        details.writeData = ownWriteData;
        return new Command<>(type, block, count, own, details, outcome);
    }

    long sourceBlock() {
        return details.sourceBlock;
    }

    /** What to store. */
    IoVec writeData() {
        return Objects.requireNonNull(details.writeData);
    }
}
