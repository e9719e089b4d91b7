// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.error.SpdkException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Makes a file shorter, or longer by a write of nothing behind its end; alone on it. */
final class TruncateOp extends WriteOp {
    private final long length;
    private boolean cut;

    TruncateOp(Node node, long length) {
        super(node, Kind.EXCLUSIVE, MemorySegment.NULL, length);
        this.length = length;
    }

    @Override
    @Nullable
    Wait attempt() throws SpdkException {
        node.checkWritable();
        if (cut || node.length <= length) {
            return super.attempt();
        }
        List<CacheBuffer> behind = new ArrayList<>();
        node.forEachBuffer(b -> {
            if (b.start() + b.memory.size() > length) {
                behind.add(b);
            }
        });
        for (CacheBuffer b : behind) {
            CompletableFuture<Void> io = b.io();
            if (io != null) {
                return Wait.of(io);
            }
        }
        for (CacheBuffer b : behind) {
            if (b.start() >= length) {
                node.forget(b);
                node.fs.cache().giveBack(b.memory);
            } else {
                int keep = (int) ((length - b.start() + node.unit - 1) / node.unit);
                b.valid.clear(keep, Integer.MAX_VALUE);
                b.dirty.clear(keep, Integer.MAX_VALUE);
            }
        }
        cut = true;
        node.length = length;
        return Wait.mine(node.shrinkMetadata(length));
    }
}
