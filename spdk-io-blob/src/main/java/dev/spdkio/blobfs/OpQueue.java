// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operations on a file that wait for something, in the order in which they came.
 *
 * <p>Thread rule: under the lock of the node.
 */
final class OpQueue {
    private final List<FileOp> ops = new ArrayList<>();

    /** The first that came before {@code op}, or is there if {@code op} is not, and excludes it. */
    @Nullable
    FileOp blocker(FileOp op) {
        for (FileOp earlier : ops) {
            if (earlier == op) {
                return null;
            }
            if (op.conflictsWith(earlier)) {
                return earlier;
            }
        }
        return null;
    }

    void add(FileOp op) {
        ops.add(op);
    }

    void remove(FileOp op) {
        ops.remove(op);
    }

    /** Whether none wants the file for itself. */
    boolean isQuiet() {
        return ops.stream().noneMatch(FileOp::isExclusive);
    }
}
