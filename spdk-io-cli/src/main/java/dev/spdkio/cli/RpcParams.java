// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Reads the parameters of an RPC method as they are typed. */
final class RpcParams {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private RpcParams() {}

    /**
     * One JSON object or array, or pairs {@code key=value}; null for none.
     *
     * @throws IllegalArgumentException naming what is neither
     */
    static @Nullable JsonNode parse(List<String> words) {
        if (words.isEmpty()) {
            return null;
        }
        String first = words.getFirst().strip();
        if (words.size() == 1 && (first.startsWith("{") || first.startsWith("["))) {
            try {
                return JSON.readTree(first);
            } catch (JacksonException e) {
                throw new IllegalArgumentException("PARAMS is not JSON: " + describe(e), e);
            }
        }
        ObjectNode object = JSON.createObjectNode();
        for (String word : words) {
            int equals = word.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException(
                        "'" + word + "' is neither key=value nor a JSON object, such as '{\"name\": \"Malloc0\"}'");
            }
            String key = word.substring(0, equals);
            if (object.has(key)) {
                throw new IllegalArgumentException("'" + key + "' is given twice");
            }
            object.set(key, value(word.substring(equals + 1)));
        }
        return object;
    }

    private static JsonNode value(String text) {
        try {
            JsonNode node = JSON.readTree(text);
            // No text at all is read as "missing", which no object can hold.
            return node.isMissingNode() ? JSON.getNodeFactory().stringNode(text) : node;
        } catch (JacksonException e) {
            return JSON.getNodeFactory().stringNode(text);
        }
    }

    /** What is wrong and where, without Jackson's lines about its source. */
    private static String describe(JacksonException e) {
        String what = e.getOriginalMessage().lines().findFirst().orElse("").strip();
        return e.getLocation() == null
                ? what
                : "line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr() + ": " + what;
    }
}
