// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The body of a method that reads its parameters itself; {@link RpcMethod} is the typed form.
 *
 * <p>Runs on the app thread (an {@code SpdkThread}) and must not block. An exception becomes an error
 * reply and never more than that; {@link RpcRegistry} says which.
 */
@FunctionalInterface
public interface RpcHandler {
    /**
     * Answers one request.
     *
     * @return the result: anything that {@link JsonTree#of} takes. A {@link java.util.concurrent.CompletionStage} is
     *     an answer that comes later, from any thread; what it completes with is the result.
     */
    @Nullable
    Object handle(RpcRequest request) throws IOException;
}
