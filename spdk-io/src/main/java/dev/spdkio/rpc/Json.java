// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonFactoryBuilder;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/** The JSON library, set up once. Its data binding is not used: trees and tokens only, hence no reflection. */
final class Json {
    /** Makes the nodes of all trees. */
    static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** Digits of one number; what a {@code uint64} needs is 20. */
    private static final int MAX_NUMBER_LENGTH = 1000;

    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private static final Pattern OWN_AFFAIRS = Pattern.compile(
            "(?s)(\\R| \\((for|start marker at|not recognized)| \\[Source|, from `|: maybe a \\(non-standard).*");

    private Json() {}

    /** A factory of parsers whose strings and nesting are bounded. */
    static JsonFactoryBuilder factory(int maxStringBytes, int maxNestingDepth) {
        return JsonFactory.builder()
                // Names come from outside: a shared table of them would be theirs to fill.
                .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
                .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(maxNestingDepth)
                        .maxNumberLength(MAX_NUMBER_LENGTH)
                        .maxStringLength(maxStringBytes)
                        .maxNameLength(maxStringBytes)
                        .build());
    }

    /** The compact text of a tree in UTF-8. */
    static byte[] bytes(JsonNode node) {
        return MAPPER.writeValueAsBytes(node);
    }

    /** The node of a scalar token. Numbers keep their digits: nothing is rounded to a {@code double}. */
    static JsonNode scalar(JsonParser parser, JsonToken token) {
        return switch (token) {
            case VALUE_STRING -> NODES.stringNode(parser.getString());
            case VALUE_NUMBER_INT -> integer(parser.getNumberValue());
            case VALUE_NUMBER_FLOAT -> NODES.numberNode(new BigDecimal(parser.getString()));
            case VALUE_TRUE -> NODES.booleanNode(true);
            case VALUE_FALSE -> NODES.booleanNode(false);
            case VALUE_NULL -> NODES.nullNode();
            default -> throw new IllegalStateException("no scalar token: " + token);
        };
    }

    private static JsonNode integer(Number n) {
        return switch (n) {
            case Integer i -> NODES.numberNode(i.intValue());
            case Long l -> NODES.numberNode(l.longValue());
            default -> NODES.numberNode((BigInteger) n);
        };
    }

    /** The words of the parser as far as they are about the text: the rest is about its own classes and settings. */
    static String problem(RuntimeException e) {
        String message = e instanceof JacksonException j ? j.getOriginalMessage() : e.getMessage();
        if (message == null || message.isEmpty()) {
            return e.getClass().getSimpleName();
        }
        return OWN_AFFAIRS.matcher(message).replaceFirst("");
    }
}
