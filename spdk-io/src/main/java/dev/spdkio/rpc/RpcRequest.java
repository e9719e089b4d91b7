// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a method is asked.
 *
 * @param method the method, by its own name even if an alias was called
 * @param params a JSON object or array, or null if there are none
 * @param state the state of the application
 */
public record RpcRequest(String method, @Nullable JsonNode params, RpcState state) {

    /**
     * The parameters as a record.
     *
     * @throws RpcException {@link RpcErrorCode#INVALID_PARAMS}, naming the parameter, the problem and the expected type
     */
    public <P extends Record> P params(Class<P> type) throws RpcException {
        return RecordReader.of(type).read(params);
    }
}
