// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletionStage;

/** The upper half of another device, by forwarding; writes it makes of two children if the test says so. */
class StackedDevice implements BdevOps<BdevChannel> {
    final BaseBdev base;
    final long first;
    boolean writesInHalves;

    private StackedDevice(BaseBdev base) {
        this.base = base;
        this.first = base.bdev().blockCount() / 2;
    }

    /** A device called {@code U}. On the app thread. */
    static StackedDevice create(BdevManager bdevs, String baseName) throws SpdkException {
        BaseBdev base = BaseBdev.open(bdevs, baseName, Claim.exclusiveWrite("stacked"), BaseBdev.Listener.FOLLOW);
        try {
            StackedDevice device = new StackedDevice(base);
            base.carries(bdevs.register(base.spec("U", device.first).build(), device));
            return device;
        } catch (SpdkException | RuntimeException e) {
            base.close();
            throw e;
        }
    }

    @Override
    public void submit(BdevChannel channel, BdevIo io) {
        if (io.type() != IoType.WRITE || !writesInHalves) {
            channel.forward(io, first + io.offsetBlocks());
            return;
        }
        long half = io.blockCount() / 2;
        io.setDriverLong(2);
        io.setDriverRef(IoStatus.SUCCESS);
        long block = first + io.offsetBlocks();
        channel.submitChild(io, IoType.WRITE, 0, block, half, StackedDevice::halfWritten, io);
        channel.submitChild(
                io,
                IoType.WRITE,
                half * io.bdev().blockSize(),
                block + half,
                io.blockCount() - half,
                StackedDevice::halfWritten,
                io);
    }

    private static void halfWritten(IoStatus status, Object parent) {
        BdevIo io = (BdevIo) parent;
        if (!status.isSuccess()) {
            io.setDriverRef(status);
        }
        io.setDriverLong(io.driverLong() - 1);
        if (io.driverLong() == 0) {
            io.complete((IoStatus) io.driverRef());
        }
    }

    @Override
    public void abort(BdevChannel channel, BdevIo target, BdevIo abort) {
        channel.forwardAbort(target, abort);
    }

    @Override
    public boolean supports(IoType type) {
        return base.supports(type);
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
        return base.closeAsync();
    }
}
