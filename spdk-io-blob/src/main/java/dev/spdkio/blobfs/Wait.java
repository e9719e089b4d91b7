// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import java.util.concurrent.CompletableFuture;

/**
 * What an operation waits for.
 *
 * @param mine whether the operation began it, and fails if it fails; else it looks again
 */
record Wait(CompletableFuture<?> future, boolean mine) {
    /** For memory of the cache. */
    static final Wait ROOM = new Wait(CompletableFuture.completedFuture(true), false);

    static Wait of(CompletableFuture<?> others) {
        return new Wait(others, false);
    }

    static Wait mine(CompletableFuture<?> own) {
        return new Wait(own, true);
    }
}
