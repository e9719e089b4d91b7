// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * A future whose {@code …Async} continuations run on the runtime's helper threads, so that they never hold a reactor.
 */
final class SpdkFuture<T> extends CompletableFuture<T> {
    private final Executor offload;

    SpdkFuture(Executor offload) {
        this.offload = offload;
    }

    @Override
    public Executor defaultExecutor() {
        return offload;
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new SpdkFuture<>(offload);
    }
}
