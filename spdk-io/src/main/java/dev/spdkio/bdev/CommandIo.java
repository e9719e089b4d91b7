// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.IoVec;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The commands of a channel: checks and begins them.
 *
 * <p>Thread rule: {@link #check} anywhere, {@link #submit} on the channel's thread.
 */
final class CommandIo {
    private final BdevChannel channel;

    CommandIo(BdevChannel channel) {
        this.channel = channel;
    }

    <T> void submit(Command<T> command, ResultCompletion<? super T> completion, @Nullable Object userData) {
        channel.checks().checkThread(command.type());
        check(command);
        new CommandRun<>(channel, command, completion).begin(userData);
    }

    /** Finds what is wrong with it. */
    void check(Command<?> command) {
        IoType type = command.type();
        long count = command.count();
        IoVec memory = command.memory();
        RequestChecks checks = channel.checks();
        boolean ranges = type != IoType.NVME_ADMIN && type != IoType.NVME_IO;
        Long bytes = memory != null && ranges ? (Long) memory.totalBytes() : null;
        checks.check(type, !channel.isClosed(), bytes, command.block(), count);
        switch (type) {
            case COPY -> checks.range(type, command.sourceBlock(), count);
            case ZCOPY -> checks.atLeastOne(type, count);
            case ZONE_APPEND -> {
                checks.zone(type, command.block());
                checks.zoneAppend(Objects.requireNonNull(memory), count);
            }
            case ZONE_MANAGEMENT, GET_ZONE_INFO -> checks.zone(type, command.block());
            case COMPARE_AND_WRITE -> checks.compareAndWrite(command.writeData(), count);
            default -> {}
        }
    }
}
