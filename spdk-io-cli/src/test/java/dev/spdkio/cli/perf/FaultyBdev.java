// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Memory that does one of its writes wrong. */
final class FaultyBdev implements BdevOps<FaultyBdev> {
    enum Fault {
        NONE,
        /** The write does nothing. */
        LOST,
        /** Only the first half is written. */
        TORN,
        /** The data goes to another place. */
        MISPLACED,
        /** The data goes where it should, and to another place, too. */
        DOUBLED,
        /** A bit flips. */
        FLIPPED,
        /** The write says that it failed. */
        FAILED
    }

    private final Fault fault;
    private final long faultyWrite;
    private final MemorySegment memory;
    private long writes;

    FaultyBdev(long bytes, Fault fault, long faultyWrite) {
        this.memory = MemorySegment.ofArray(new byte[(int) bytes]);
        this.fault = fault;
        this.faultyWrite = faultyWrite;
    }

    @Override
    public void submit(FaultyBdev channel, BdevIo io) {
        long at = io.offsetBytes();
        long length = io.lengthBytes();
        MemorySegment data = io.segment(0);
        if (io.type() == IoType.READ) {
            data.copyFrom(memory.asSlice(at, length));
            io.complete(IoStatus.SUCCESS);
            return;
        }
        long elsewhere = (at + memory.byteSize() / 2) % memory.byteSize();
        switch (writes++ == faultyWrite ? fault : Fault.NONE) {
            case NONE -> memory.asSlice(at, length).copyFrom(data);
            case LOST -> {}
            case TORN -> memory.asSlice(at, length / 2).copyFrom(data.asSlice(0, length / 2));
            case MISPLACED -> memory.asSlice(elsewhere, length).copyFrom(data);
            case DOUBLED -> {
                memory.asSlice(at, length).copyFrom(data);
                memory.asSlice(elsewhere, length).copyFrom(data);
            }
            case FLIPPED -> {
                memory.asSlice(at, length).copyFrom(data);
                byte old = memory.get(ValueLayout.JAVA_BYTE, at + 1000);
                memory.set(ValueLayout.JAVA_BYTE, at + 1000, (byte) (old ^ 4));
            }
            case FAILED -> {
                io.complete(IoStatus.FAILED);
                return;
            }
        }
        io.complete(IoStatus.SUCCESS);
    }

    @Override
    public boolean supports(IoType type) {
        return type == IoType.READ || type == IoType.WRITE;
    }

    @Override
    public FaultyBdev openChannel(SpdkThread thread) {
        return this;
    }

    @Override
    public void closeChannel(FaultyBdev channel) {}

    @Override
    public CompletionStage<Void> destruct() {
        return CompletableFuture.completedFuture(null);
    }
}
