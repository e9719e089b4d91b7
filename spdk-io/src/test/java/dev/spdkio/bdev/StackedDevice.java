// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;

/** The upper half of another device, by forwarding; writes it makes of two children if the test says so. */
class StackedDevice extends ForwardingOps {
    final long first;
    boolean writesInHalves;

    private StackedDevice(BaseBdev base) {
        super(base);
        this.first = base.bdev().blockCount() / 2;
    }

    /** A device called {@code U}. On the app thread. */
    static StackedDevice create(BdevManager bdevs, String baseName) throws SpdkException {
        Claim claim = Claim.exclusiveWrite("stacked");
        Bdev device = BaseBdev.createOn(bdevs, baseName, claim, BaseBdev.Listener.FOLLOW, base -> {
            StackedDevice half = new StackedDevice(base);
            return bdevs.register(base.spec("U", half.first).build(), half);
        });
        return device.opsAs(StackedDevice.class);
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
}
