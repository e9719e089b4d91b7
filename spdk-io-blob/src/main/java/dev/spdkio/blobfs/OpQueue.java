// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The operations on a file that have not ended, in the order in which they came.
 *
 * <p>Thread rule: any thread.
 */
final class OpQueue {
    private final List<FileOp> ops = new ArrayList<>();

    /**
     * Gives an operation its place, if it has none.
     *
     * @return the end of an earlier one that excludes it; null if there is none
     */
    synchronized @Nullable CompletableFuture<Void> enter(FileOp op) {
        if (!op.queued) {
            op.queued = true;
            op.place();
            if (!isQuiet()) { // the length it looked at will be another
                op.first = 0;
                op.last = Long.MAX_VALUE;
            }
            ops.add(op);
        }
        for (FileOp earlier : ops) {
            if (earlier == op) {
                break;
            }
            if (op.conflictsWith(earlier)) {
                CompletableFuture<Void> end = earlier.ended;
                if (end == null) {
                    end = new CompletableFuture<>();
                    earlier.ended = end;
                }
                return end;
            }
        }
        return null;
    }

    /** An operation has ended. */
    void leave(FileOp op) {
        CompletableFuture<Void> told;
        synchronized (this) {
            ops.remove(op);
            told = op.ended;
        }
        if (told != null) {
            Failures.complete(told);
        }
    }

    /** Whether none wants the file for itself. */
    synchronized boolean isQuiet() {
        return ops.stream().noneMatch(FileOp::isExclusive);
    }
}
