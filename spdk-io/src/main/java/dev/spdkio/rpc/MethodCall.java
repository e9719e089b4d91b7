// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One line of a configuration: call this method with these parameters.
 *
 * @param method the method, by its own name
 * @param params a record, a map or a JSON object; null for none
 */
public record MethodCall(String method, @Nullable Object params) {
    /** A call without parameters. */
    public MethodCall(String method) {
        this(method, null);
    }

    /** {@code {"method": …, "params": …}}. */
    ObjectNode toJson() {
        ObjectNode node = Json.NODES.objectNode().put("method", method);
        JsonNode tree = JsonTree.of(params);
        if (!tree.isNull()) {
            node.set("params", tree);
        }
        return node;
    }
}
