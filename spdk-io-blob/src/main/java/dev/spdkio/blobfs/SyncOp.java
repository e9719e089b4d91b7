// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.error.SpdkException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Makes durable what was written before: the data, then the length. */
final class SyncOp extends FileOp {
    /** A buffer that was not on the device, and what it had seen by then. */
    private record Target(CacheBuffer buffer, int stores) {}

    private final Deque<Target> left = new ArrayDeque<>();
    private @Nullable Target tried;
    private boolean begun;
    private long length;
    private @Nullable CompletableFuture<Void> metadata;

    SyncOp(Node node) {
        super(node, Kind.SYNC);
    }

    @Override
    @Nullable
    Wait attempt() throws SpdkException {
        if (!begun) {
            begun = true;
            begin();
        }
        for (Target t = left.peek(); t != null; t = left.peek()) {
            CacheBuffer b = t.buffer;
            CompletableFuture<Void> io = b.io();
            if (io != null) {
                return Wait.of(io);
            }
            if (b.gone || b.dirty.isEmpty() || b.stores > t.stores) {
                left.remove();
            } else if (tried == t) {
                throw Failures.because("writing what " + node + " has in the cache", node.lastFailure());
            } else {
                // What was under way was not its store, or failed.
                tried = t;
                var _ = node.store(b);
            }
        }
        if (metadata == null) {
            metadata = node.syncMetadata(length);
            return Wait.mine(metadata);
        }
        return null;
    }

    /** Everything is under way before the first is waited for. */
    private void begin() {
        length = node.length;
        node.forEachBuffer(b -> {
            if (!b.isIdle()) {
                left.add(new Target(b, b.stores));
                if (b.io() == null) {
                    var _ = node.store(b);
                }
            }
        });
    }
}
