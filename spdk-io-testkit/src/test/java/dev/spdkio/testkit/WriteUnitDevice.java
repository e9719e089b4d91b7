// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.ForwardingOps;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.SpdkException;
import java.util.Objects;

/** A device each of whose blocks is a write unit of another: what only takes whole units is tested as others are. */
final class WriteUnitDevice extends ForwardingOps {
    private static final IoCompletion END =
            (status, parent) -> ((BdevIo) Objects.requireNonNull(parent)).complete(status);

    private final int unit;

    private WriteUnitDevice(BaseBdev base) {
        super(base);
        this.unit = base.bdev().writeUnitSize();
    }

    /** On the app thread. */
    static Bdev create(BdevManager bdevs, String name, String baseName) throws SpdkException {
        Claim claim = Claim.exclusiveWrite("units");
        return BaseBdev.createOn(bdevs, baseName, claim, BaseBdev.Listener.FOLLOW, base -> {
            Bdev below = base.bdev();
            int unit = below.writeUnitSize();
            BdevSpec spec = BdevSpec.builder(name, below.blockSize() * unit, below.blockCount() / unit)
                    .requiredAlignment(below.requiredAlignment())
                    .build();
            return bdevs.register(spec, new WriteUnitDevice(base));
        });
    }

    @Override
    public void submit(BdevChannel channel, BdevIo io) {
        channel.submitChild(io, io.type(), 0, io.offsetBlocks() * unit, io.blockCount() * unit, END, io);
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, FLUSH, RESET -> true;
            default -> false;
        };
    }
}
