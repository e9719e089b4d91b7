// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.memory.DmaBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The stripes that a thread works on. Owned by the thread of its channel. */
final class StripePool {
    /** Stripes of one thread that are being written or put together; more wait in the hub. SPDK's number. */
    static final int MAX_STRIPES = 32;

    private final RaidChannel channel;
    private final ArrayDeque<Stripe> free = new ArrayDeque<>();
    private int made;

    StripePool(RaidChannel channel) {
        this.channel = channel;
    }

    /** A stripe with {@code buffers} buffers of {@code bytes}, or null if there is no room for one now. */
    @Nullable
    Stripe take(int buffers, long bytes) {
        Stripe stripe = free.pollLast();
        if (stripe == null) {
            if (made == MAX_STRIPES) {
                return null;
            }
            stripe = new Stripe(channel);
            made++;
        }
        while (stripe.buffers.size() < buffers) {
            DmaBuf buf = channel.array().tryAllocate(bytes);
            if (buf == null) {
                free.addLast(stripe);
                return null;
            }
            stripe.buffers.add(buf);
        }
        return stripe;
    }

    void giveBack(Stripe stripe) {
        free.addLast(stripe);
    }

    void close() {
        free.forEach(Stripe::close);
        free.clear();
    }
}
