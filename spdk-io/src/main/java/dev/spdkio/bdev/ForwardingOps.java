// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletionStage;

/**
 * A device that hands what it is given on to the one it stands on, and lets that go when it goes itself: for those that
 * change little of it. A device with more state on each thread than a channel below is a {@link BdevOps} of its own.
 */
public abstract class ForwardingOps implements BdevOps<BdevChannel> {
    /** What it stands on. */
    protected final BaseBdev base;

    /** @param base closed in {@link #destruct} */
    protected ForwardingOps(BaseBdev base) {
        this.base = base;
    }

    @Override
    public void submit(BdevChannel channel, BdevIo io) {
        channel.forward(io);
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
    public final BdevChannel openChannel(SpdkThread thread) {
        return base.openChannel();
    }

    @Override
    public final void closeChannel(BdevChannel channel) {
        channel.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        return base.closeAsync();
    }
}
