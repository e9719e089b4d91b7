// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A JSON text with the place of every value in it. Comments are allowed, as SPDK allows them in configurations. */
final class ConfigText {
    /** Characters of one configuration. */
    static final int MAX_CHARS = 16 << 20;

    /** As in SPDK. */
    static final int MAX_DEPTH = 64;

    /** Line and column from 1, or 0 where there is no text. */
    record Place(int line, int column) {
        static final Place NONE = new Place(0, 0);
    }

    private static final JsonFactory FACTORY = Json.factory(MAX_CHARS, MAX_DEPTH)
            .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS)
            .build();

    private final String source;
    private final Map<String, Place> places = new HashMap<>();
    private final JsonNode root;

    private ConfigText(String source, JsonNode tree) {
        this.source = source;
        this.root = tree;
    }

    private ConfigText(String source, String text) throws ConfigException {
        this.source = source;
        if (text.length() > MAX_CHARS) {
            throw at("", "the configuration has " + text.length() + " characters, allowed are " + MAX_CHARS);
        }
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw at("", "the configuration is empty: write at least {\"subsystems\": []}");
            }
            this.root = value(parser, first, "");
            if (parser.nextToken() != null) {
                throw new ConfigException(
                        source,
                        place(parser.currentTokenLocation()),
                        "",
                        "text after the end of the configuration",
                        null);
            }
        } catch (JacksonException e) {
            String problem =
                    String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("not JSON");
            throw new ConfigException(source, place(e.getLocation()), "", "not valid JSON: " + problem, e);
        }
    }

    static ConfigText parse(String source, String text) throws ConfigException {
        return new ConfigText(source, text);
    }

    static ConfigText of(String source, JsonNode tree) {
        return new ConfigText(source, tree);
    }

    JsonNode root() {
        return root;
    }

    String source() {
        return source;
    }

    /** A fault at a path, or at the nearest enclosing value if there is nothing at the path. */
    ConfigException at(String path, String problem) {
        return at(path, problem, null);
    }

    ConfigException at(String path, String problem, @Nullable Throwable cause) {
        String p = path;
        Place place = places.get(p);
        while (place == null && !p.isEmpty()) {
            p = p.substring(0, Math.max(0, Math.max(p.lastIndexOf('.'), p.lastIndexOf('['))));
            place = places.get(p);
        }
        return new ConfigException(source, place == null ? Place.NONE : place, path, problem, cause);
    }

    private static Place place(TokenStreamLocation l) {
        return l == null ? Place.NONE : new Place(Math.max(0, l.getLineNr()), Math.max(0, l.getColumnNr()));
    }

    private JsonNode value(JsonParser parser, JsonToken token, String path) throws ConfigException {
        places.put(path, place(parser.currentTokenLocation()));
        return switch (token) {
            case START_OBJECT -> object(parser, path);
            case START_ARRAY -> array(parser, path);
            default -> Json.scalar(parser, token);
        };
    }

    private ObjectNode object(JsonParser parser, String path) throws ConfigException {
        ObjectNode node = Json.NODES.objectNode();
        for (JsonToken t = parser.nextToken(); t != JsonToken.END_OBJECT; t = parser.nextToken()) {
            String name = parser.currentName();
            String memberPath = path.isEmpty() ? name : path + "." + name;
            if (node.has(name)) {
                throw new ConfigException(
                        source,
                        place(parser.currentTokenLocation()),
                        memberPath,
                        "occurs twice in one object: keep one of them",
                        null);
            }
            node.set(name, value(parser, parser.nextToken(), memberPath));
        }
        return node;
    }

    private ArrayNode array(JsonParser parser, String path) throws ConfigException {
        ArrayNode node = Json.NODES.arrayNode();
        for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
            node.add(value(parser, t, path + "[" + node.size() + "]"));
        }
        return node;
    }
}
