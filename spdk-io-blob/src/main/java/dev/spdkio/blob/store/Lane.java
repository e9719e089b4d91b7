// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.runtime.SpdkThread;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The way from a thread to the devices of a store.
 *
 * <p>Requests on their way to devices are counted by the parity of the fences there were before them, so that a fence
 * can wait for the earlier ones while new ones come.
 *
 * <p>Thread rule: owned by its thread.
 */
final class Lane {
    final SpdkThread thread;
    final BdevChannel device;
    private final Store store;
    private final IdentityHashMap<BdevDesc, BdevChannel> externals = new IdentityHashMap<>();

    /** Requests under way to devices, begun in even and in odd times. */
    private final int[] underWay = new int[2];

    private int epoch;
    private @Nullable Runnable passed;
    private @Nullable Runnable nextFence;

    /** On the thread. */
    Lane(Store store, SpdkThread thread) {
        this.store = store;
        this.thread = thread;
        this.device = store.device.desc().openChannel();
        synchronized (store.lanes) {
            store.lanes.add(this);
        }
    }

    BdevChannel external(BdevDesc desc) {
        return externals.computeIfAbsent(desc, BdevDesc::openChannel);
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
        externals.keySet().removeIf(BdevDesc::isClosed);
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

    /** Nothing is under way any more. */
    void close() {
        device.close();
        externals.values().forEach(BdevChannel::close);
        synchronized (store.lanes) {
            store.lanes.remove(this);
        }
    }
}
