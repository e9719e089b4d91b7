// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import dev.spdkio.blob.BlobChannel;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.BlobstoreApi;
import dev.spdkio.spdk.runtime.NativeThread;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The channels of a store.
 *
 * <p>Thread rule: any thread.
 */
final class StoreChannels {
    /** SPDK's channel of a thread, which all channels of ours there share: SPDK frees parts of it for all at once. */
    private static final class ThreadChannel {
        final long pointer;
        int users;

        ThreadChannel(long pointer) {
            this.pointer = pointer;
        }
    }

    private final NativeBlobstore store;
    private final SpdkThread thread;
    private final long pointer;
    private final Object lock = new Object();
    private final Map<SpdkThread, ThreadChannel> threadChannels = new HashMap<>();
    private final Set<NativeBlobChannel> channels = new LinkedHashSet<>();

    StoreChannels(NativeBlobstore store, SpdkThread thread, long pointer) {
        this.store = store;
        this.thread = thread;
        this.pointer = pointer;
    }

    /** A channel for the calling thread. */
    BlobChannel open(SpdkThread caller) {
        synchronized (lock) {
            NativeBlobChannel channel = new NativeBlobChannel(store, caller, acquire(caller));
            channels.add(channel);
            return channel;
        }
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

    /** A channel has ended. On its thread. */
    void gone(NativeBlobChannel channel) {
        release(channel.thread());
        synchronized (lock) {
            channels.remove(channel);
        }
    }

    /** Those that are open. */
    List<NativeBlobChannel> all() {
        synchronized (lock) {
            return List.copyOf(channels);
        }
    }

    /** Completes on the metadata thread when no channel has a request for the blob any more. */
    CompletableFuture<Void> drained(NativeBlob blob) {
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (NativeBlobChannel c : all()) {
            CompletableFuture<Void> one = new CompletableFuture<>();
            if (c.thread().trySendInternal(() -> c.whenDrained(blob, () -> one.complete(null)))) {
                all.add(one);
            }
        }
        return onThread(CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new)));
    }

    /** Closes all. Completes on the metadata thread when that is done. */
    CompletableFuture<Void> closeAll() {
        List<NativeBlobChannel> all = all();
        all.forEach(NativeBlobChannel::close);
        return onThread(CompletableFuture.allOf(
                all.stream().map(NativeBlobChannel::closed).toArray(CompletableFuture[]::new)));
    }

    /** The same future, but what follows runs on the metadata thread. */
    private CompletableFuture<Void> onThread(CompletableFuture<Void> future) {
        CompletableFuture<Void> there = new CompletableFuture<>();
        var _ = future.whenComplete((_, _) -> {
            if (!thread.trySendInternal(() -> there.complete(null))) {
                there.complete(null);
            }
        });
        return there;
    }
}
