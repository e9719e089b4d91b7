// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.error;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An {@link ErrorBdev} on one thread.
 *
 * <p>Thread rule: owned by its thread.
 */
final class ErrorChannel implements IoCompletion {
    private static final double UNIT = 0x1.0p-53;

    private final ErrorBdev device;
    private final BdevChannel base;
    private final IoCompletion corruptRead = this::readCorrupted;
    private final IoCompletion corruptWrite = this::wroteCorrupted;
    private final ArrayDeque<BdevIo> pending = new ArrayDeque<>();
    private long inFlight;
    private long random;

    ErrorChannel(ErrorBdev device, BdevChannel base, SpdkThread thread) {
        this.device = device;
        this.base = base;
        this.random = thread.id() * 0x9E3779B97F4A7C15L | 1;
    }

    void submit(BdevIo io) {
        switch (io.type()) {
            case READ, WRITE, UNMAP, FLUSH -> {
                ErrorRule rule = device.rule(io.type());
                if (rule != ErrorRule.NONE && rule.strikes(inFlight, chance())) {
                    goWrong(io, rule);
                } else {
                    send(io, this);
                }
            }
            default -> base.forward(io);
        }
    }

    private double chance() {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return (random >>> 11) * UNIT;
    }

    private void goWrong(BdevIo io, ErrorRule rule) {
        switch (rule.type()) {
            case FAILURE -> io.complete(IoStatus.FAILED);
            case NVME_FAILURE -> io.complete(rule.nvmeStatus);
            case NOMEM -> io.complete(IoStatus.NOMEM);
            case PENDING -> pending.addLast(io);
            case CORRUPT_DATA -> {
                switch (io.type()) {
                    case READ -> {
                        io.setDriverRef(rule);
                        send(io, corruptRead);
                    }
                    case WRITE -> writeCorrupted(io, rule);
                    default -> send(io, this);
                }
            }
        }
    }

    private void send(BdevIo io, IoCompletion completion) {
        base.submitChild(io, io.type(), 0, io.offsetBlocks(), io.blockCount(), completion, io);
        inFlight++;
    }

    @Override
    public void completed(IoStatus status, @Nullable Object userData) {
        inFlight--;
        io(userData).complete(status);
    }

    private static BdevIo io(@Nullable Object userData) {
        return (BdevIo) Objects.requireNonNull(userData);
    }

    // ---- changed data ----------------------------------------------------------------------------------------------

    private static void change(MemorySegment memory, long at, ErrorRule rule) {
        byte was = memory.get(ValueLayout.JAVA_BYTE, at);
        memory.set(ValueLayout.JAVA_BYTE, at, (byte) (was ^ rule.injection.corruptValue()));
    }

    private void readCorrupted(IoStatus status, @Nullable Object userData) {
        BdevIo io = io(userData);
        ErrorRule rule = (ErrorRule) Objects.requireNonNull(io.driverRef());
        io.setDriverRef(null);
        long at = rule.injection.corruptOffset();
        for (int i = 0; status.isSuccess() && i < io.segmentCount(); i++) {
            if (at < io.length(i)) {
                change(io.memory(i), io.memoryOffset(i) + at, rule);
                break;
            }
            at -= io.length(i);
        }
        completed(status, io);
    }

    /** What the caller has is the caller's: a copy is changed and written. */
    private void writeCorrupted(BdevIo io, ErrorRule rule) {
        DmaBuf copy = device.tryAllocate(io.lengthBytes());
        if (copy == null) {
            rule.takeBack();
            io.complete(IoStatus.NOMEM);
            return;
        }
        long at = 0;
        for (int i = 0; i < io.segmentCount(); i++) {
            copy.copyFrom(at, io.memory(i), io.memoryOffset(i), io.length(i));
            at += io.length(i);
        }
        if (rule.injection.corruptOffset() < at) {
            change(copy.segment(), rule.injection.corruptOffset(), rule);
        }
        try {
            base.submitWriteBlocks(copy, io.offsetBlocks(), io.blockCount(), corruptWrite, io);
        } catch (RuntimeException e) {
            copy.close();
            throw e;
        }
        io.setDriverRef(copy);
        inFlight++;
    }

    private void wroteCorrupted(IoStatus status, @Nullable Object userData) {
        BdevIo io = io(userData);
        ((DmaBuf) Objects.requireNonNull(io.driverRef())).close();
        io.setDriverRef(null);
        completed(status, io);
    }

    // ---- what does not end -----------------------------------------------------------------------------------------

    void abort(BdevIo target, BdevIo abort) {
        if (pending.remove(target)) {
            target.complete(IoStatus.ABORTED);
            abort.complete(IoStatus.SUCCESS);
        } else {
            base.forwardAbort(target, abort);
        }
    }

    /** Ends what does not end by itself. In a message. */
    void abortPending() {
        takePending().forEach(io -> io.complete(IoStatus.ABORTED));
    }

    /** Does what has not been done. In a message. */
    void resumePending() {
        takePending().forEach(io -> send(io, this));
    }

    private List<BdevIo> takePending() {
        List<BdevIo> all = List.copyOf(pending);
        pending.clear();
        return all;
    }

    void reset(BdevIo io) {
        if (base.bdev().supports(IoType.RESET)) {
            base.forward(io);
        } else {
            io.complete(IoStatus.SUCCESS);
        }
    }

    void close() {
        base.close();
    }
}
