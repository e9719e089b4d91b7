// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The body of a method whose parameters are a record; see {@link RecordReader} for what the record may hold.
 *
 * <p>The same rules as for {@link RpcHandler}: on the app thread, without blocking.
 *
 * @param <P> the record of the parameters; {@link NoParams} where there are none
 */
@FunctionalInterface
public interface RpcMethod<P extends Record> {
    /**
     * Answers one request.
     *
     * @return the result, or a {@link java.util.concurrent.CompletionStage} of it; as {@link RpcHandler#handle}
     */
    @Nullable
    Object call(P params) throws IOException;
}
