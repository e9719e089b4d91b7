// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.BlobstoreApi;
import dev.spdkio.spdk.runtime.NativeThread;
import java.util.HashMap;
import java.util.Map;

/**
 * SPDK's channels of a store: one a thread, which all channels of ours there share, since SPDK frees parts of it for
 * all at once.
 *
 * <p>Thread rule: any thread.
 */
final class StoreChannels {
    private static final class ThreadChannel {
        final long pointer;
        int users;

        ThreadChannel(long pointer) {
            this.pointer = pointer;
        }
    }

    private final NativeBlobstore store;
    private final long pointer;
    private final Object lock = new Object();
    private final Map<SpdkThread, ThreadChannel> threadChannels = new HashMap<>();

    StoreChannels(NativeBlobstore store, long pointer) {
        this.store = store;
        this.pointer = pointer;
    }

    /** SPDK's channel of the calling thread, until it is {@linkplain #release released} as often. */
    long acquire(SpdkThread owner) {
        synchronized (lock) {
            store.checkLoaded();
            ThreadChannel c = threadChannels.get(owner);
            if (c == null) {
                NativeThread.enter(owner);
                long at = BlobstoreApi.allocChannel(pointer);
                if (at == 0) {
                    throw new IllegalStateException("SPDK gives no channel of " + store + " to " + owner
                            + ": SPDK's log says why; its memory may be used up, then raise memorySize");
                }
                c = new ThreadChannel(at);
                threadChannels.put(owner, c);
            }
            c.users++;
            return c.pointer;
        }
    }

    /** On the thread itself. */
    void release(SpdkThread owner) {
        synchronized (lock) {
            ThreadChannel c = threadChannels.get(owner);
            if (c != null && --c.users == 0) {
                threadChannels.remove(owner);
                NativeThread.enter(owner);
                BlobstoreApi.freeChannel(c.pointer);
            }
        }
    }
}
