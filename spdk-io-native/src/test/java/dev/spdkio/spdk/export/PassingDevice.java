// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.export;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoType;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.Raw;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/** A Java device that passes all on to another. */
final class PassingDevice implements BdevOps<BdevChannel> {
    private static final IoCompletion END = (status, io) -> ((BdevIo) Objects.requireNonNull(io)).complete(status);

    private final BdevDesc base;
    private final DmaBuf memory;

    PassingDevice(BdevDesc base) {
        this.base = base;
        this.memory = base.bdev().manager().pool().wrap(Raw.segment(0, Long.MAX_VALUE));
    }

    @Override
    public void submit(BdevChannel channel, BdevIo io) {
        switch (io.type()) {
            case READ, WRITE ->
                channel.submit(io.type(), memory, io.address(0), io.offsetBlocks(), io.blockCount(), END, io);
            default -> channel.submit(io.type(), null, 0, io.offsetBlocks(), io.blockCount(), END, io);
        }
    }

    @Override
    public boolean supports(IoType type) {
        return type == IoType.READ || type == IoType.WRITE || type == IoType.FLUSH || type == IoType.RESET;
    }

    @Override
    public BdevChannel openChannel(SpdkThread thread) {
        return base.openChannel();
    }

    @Override
    public void closeChannel(BdevChannel channel) {
        channel.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        base.close();
        return base.closed().thenRun(memory::close);
    }
}
