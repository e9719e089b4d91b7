// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import org.jspecify.annotations.Nullable;

/**
 * One {@link Command} from its submission to its end: marks its memory as in flight, sends it to the device or has it
 * emulated, and makes its result.
 *
 * <p>Thread rule: owned by the channel's thread.
 */
final class CommandRun<T> implements IoCompletion {
    private final BdevChannel channel;
    private final Command<T> command;
    private final ResultCompletion<? super T> completion;
    private final HubThread hub;
    private final long submitNanos;

    CommandRun(BdevChannel channel, Command<T> command, ResultCompletion<? super T> completion) {
        this.channel = channel;
        this.command = command;
        this.completion = completion;
        this.hub = channel.device().hub;
        this.submitNanos = channel.thread().now();
    }

    void begin(@Nullable Object userData) {
        switch (command.type()) {
            case ABORT ->
                new AbortIo(channel, AbortIo.Target.with(command.details().abortUserData), this, userData).begin();
            case COMPARE, COMPARE_AND_WRITE, COPY -> {
                if (isNothing() || fitsDevice()) {
                    send(userData, isNothing());
                } else {
                    emulate(userData);
                }
            }
            case SEEK_HOLE, SEEK_DATA -> {
                boolean emulated = channel.bdev().emulates(command.type());
                command.details().result = command.type() == IoType.SEEK_DATA ? command.block() : BdevCommands.NOWHERE;
                send(userData, emulated);
            }
            default -> send(userData, false);
        }
    }

    /** A copy of nothing, or to where it is. */
    private boolean isNothing() {
        return command.type() == IoType.COPY && (command.count() == 0 || command.block() == command.sourceBlock());
    }

    /** Whether the device can do it, and take it as it is. */
    private boolean fitsDevice() {
        IoType type = command.type();
        SplitRules rules = channel.rules();
        if (channel.bdev().emulates(type)) {
            return false;
        }
        IoVec memory = command.memory();
        if (memory == null) {
            return command.count() <= rules.maxCopyBlocks;
        }
        return rules.isPlain(IoType.READ, command.block(), command.count(), memory)
                && (type == IoType.COMPARE
                        || rules.isPlain(IoType.WRITE, command.block(), command.count(), command.writeData()));
    }

    private void send(@Nullable Object userData, boolean isDone) {
        BdevIo io = hub.take(channel);
        io.request(channel.device(), channel, command.type(), command.block(), command.count(), this, userData);
        io.details = command.details();
        IoVec memory = command.memory();
        try {
            if (memory != null) {
                for (int i = 0; i < memory.count(); i++) {
                    io.addMemory(memory.buf(i), memory.offset(i), memory.length(i));
                }
            }
            pin();
        } catch (RuntimeException closed) {
            hub.untake(io);
            throw closed;
        }
        // A zero copy that has begun counts until it has ended, so that its channel stays that long.
        channel.inFlight += command.type() == IoType.ZCOPY ? 2 : 1;
        if (isDone) {
            hub.deferEnd(io, IoStatus.SUCCESS);
        } else {
            channel.device().dispatch(io);
        }
    }

    private void emulate(@Nullable Object userData) {
        EmulatedIo emulated = new EmulatedIo(channel, command, this, userData);
        hub.begin(emulated);
        try {
            pin();
        } catch (RuntimeException closed) {
            hub.untrack(emulated);
            throw closed;
        }
        channel.inFlight++;
        emulated.advance();
    }

    private void pin() {
        SpdkThread thread = channel.thread();
        IoVec memory = command.memory();
        IoVec write = command.details().writeData;
        if (memory != null) {
            memory.pin(thread);
        }
        if (write != null) {
            try {
                write.pin(thread);
            } catch (RuntimeException closed) {
                if (memory != null) {
                    memory.unpin(thread);
                }
                throw closed;
            }
        }
    }

    @Override
    public void completed(IoStatus status, @Nullable Object userData) {
        IoVec memory = command.memory();
        IoVec write = command.details().writeData;
        if (memory != null) {
            memory.unpin(channel.thread());
        }
        if (write != null) {
            write.unpin(channel.thread());
        }
        IoStatus end = command.type() == IoType.ZCOPY ? zcopyStarted(status) : status;
        // A zero copy that did not begin is not waited for.
        boolean last = command.type() == IoType.ZCOPY && !end.isSuccess() && channel.requestEnded();
        completion.completed(end, end.isSuccess() ? command.outcome().of(channel, command) : null, userData);
        if (last) {
            channel.letGo();
        }
    }

    private IoStatus zcopyStarted(IoStatus status) {
        if (!status.isSuccess() || command.details().zcopyMemory == null) {
            return status.isSuccess() ? IoStatus.FAILED : status; // the device gave no memory
        }
        // As in SPDK, what moves data is the start of a zero copy.
        channel.device()
                .stats
                .counters(command.details().zcopyPopulate ? IoType.READ : IoType.WRITE)
                .count(
                        command.count() * channel.bdev().blockSize(),
                        channel.thread().now() - submitNanos);
        return status;
    }
}
