// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.blob.spi.BlobChannelBase;
import dev.spdkio.blob.spi.BlobRequest;
import dev.spdkio.runtime.SpdkThread;
import java.util.Arrays;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Carries the requests of a thread to the device.
 *
 * <p>Requests on their way to devices are counted by the parity of the fences there were before them, so that a fence
 * can wait for the earlier ones while new ones come.
 */
final class JavaBlobChannel extends BlobChannelBase {
    final JavaBlobstore owner;
    final BdevChannel device;
    private final IdentityHashMap<ExternalDevice, BdevChannel> externals = new IdentityHashMap<>();
    private @Nullable Transfer[] transfers = new Transfer[64];

    /** Requests under way to devices, begun in even and in odd times. */
    private final int[] underWay = new int[2];

    private int epoch;
    private @Nullable Runnable passed;
    private @Nullable Runnable nextFence;

    JavaBlobChannel(JavaBlobstore owner, SpdkThread thread) {
        super(owner, thread);
        this.owner = owner;
        this.device = owner.store().device.desc().openChannel();
        synchronized (owner.store().channels) {
            owner.store().channels.add(this);
        }
    }

    @Override
    protected void start(BlobRequest request) {
        transfer(request.slot()).start(request);
    }

    private Transfer transfer(int slot) {
        if (slot >= transfers.length) {
            transfers = Arrays.copyOf(transfers, Math.max(slot + 1, 2 * transfers.length));
        }
        Transfer t = transfers[slot];
        if (t == null) {
            t = new Transfer(this, slot);
            transfers[slot] = t;
        }
        return t;
    }

    /** A request is over. */
    void over(int slot, IoStatus status) {
        ended(slot, status);
    }

    BdevChannel external(ExternalDevice d) {
        return externals.computeIfAbsent(d, e -> e.desc().openChannel());
    }

    /** A request goes to a device; gives the time it belongs to. */
    int enter() {
        int now = epoch;
        underWay[now]++;
        return now;
    }

    void leave(int time) {
        if (--underWay[time] == 0 && passed != null && time != epoch) {
            pass();
        }
    }

    /** Runs {@code then} when the requests have ended that are under way to devices now. */
    void fence(Runnable then) {
        if (passed != null) {
            Runnable before = nextFence;
            nextFence = before == null
                    ? then
                    : () -> {
                        before.run();
                        then.run();
                    };
            return;
        }
        externals.keySet().removeIf(d -> d.desc().isClosed());
        epoch ^= 1;
        passed = then;
        if (underWay[epoch ^ 1] == 0) {
            pass();
        }
    }

    private void pass() {
        Runnable told = passed;
        passed = null;
        if (told != null) {
            told.run();
        }
        Runnable next = nextFence;
        nextFence = null;
        if (next != null) {
            fence(next);
        }
    }

    @Override
    protected void release() {
        device.close();
        externals.values().forEach(BdevChannel::close);
        synchronized (owner.store().channels) {
            owner.store().channels.remove(this);
        }
        owner.channelGone(this);
    }
}
