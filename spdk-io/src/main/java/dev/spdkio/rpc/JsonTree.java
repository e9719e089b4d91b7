// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.lang.reflect.Array;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Turns plain Java values into JSON trees: the counterpart of {@link RecordReader}.
 *
 * <p>Written out here rather than left to a data binder because records of packages that are not opened to one must
 * work, and because SPDK's conventions are few: {@code snake_case} names, absent instead of null. Pure functions, any
 * thread.
 */
public final class JsonTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private JsonTree() {}

    /**
     * The JSON of a value: null, {@link JsonNode}, {@link String} and other {@link CharSequence}s, numbers, booleans,
     * enums (by {@code toString}), {@link UUID}, optionals, maps with string keys, iterables, arrays, and records of
     * all these. A component of a record that is null or an empty optional is left out.
     *
     * @throws IllegalArgumentException for any other class
     */
    public static JsonNode of(@Nullable Object value) {
        return switch (value) {
            case null -> NODES.nullNode();
            case JsonNode n -> n;
            case CharSequence s -> NODES.stringNode(s.toString());
            case Boolean b -> NODES.booleanNode(b);
            case Number n -> number(n);
            case Enum<?> e -> NODES.stringNode(e.toString());
            case UUID u -> NODES.stringNode(u.toString());
            case Optional<?> o -> of(o.orElse(null));
            case OptionalInt o -> o.isPresent() ? NODES.numberNode(o.getAsInt()) : NODES.nullNode();
            case OptionalLong o -> o.isPresent() ? NODES.numberNode(o.getAsLong()) : NODES.nullNode();
            case OptionalDouble o -> o.isPresent() ? NODES.numberNode(o.getAsDouble()) : NODES.nullNode();
            case Map<?, ?> m -> map(m);
            case Iterable<?> i -> iterable(i);
            case Record r -> record(r);
            default -> {
                if (value.getClass().isArray()) {
                    yield array(value);
                }
                throw new IllegalArgumentException(value.getClass().getName()
                        + " has no JSON form: return a record, a map, a list or a simple value");
            }
        };
    }

    private static JsonNode number(Number n) {
        return switch (n) {
            case Integer i -> NODES.numberNode(i);
            case Long l -> NODES.numberNode(l);
            case Short s -> NODES.numberNode(s);
            case Byte b -> NODES.numberNode(b);
            case Double d -> finite(d);
            case Float f -> finite(f.doubleValue());
            case BigInteger b -> NODES.numberNode(b);
            case BigDecimal b -> NODES.numberNode(b);
            default -> NODES.numberNode(n.longValue()); // AtomicLong, LongAdder
        };
    }

    private static JsonNode finite(double d) {
        if (!Double.isFinite(d)) {
            throw new IllegalArgumentException(d + " has no JSON form: JSON knows finite numbers only");
        }
        return NODES.numberNode(d);
    }

    private static ObjectNode map(Map<?, ?> m) {
        ObjectNode node = NODES.objectNode();
        m.forEach((k, v) -> node.set(String.valueOf(k), of(v)));
        return node;
    }

    private static ArrayNode iterable(Iterable<?> values) {
        ArrayNode node = NODES.arrayNode();
        for (Object v : values) {
            node.add(of(v));
        }
        return node;
    }

    private static ArrayNode array(Object values) {
        ArrayNode node = NODES.arrayNode();
        for (int i = 0; i < Array.getLength(values); i++) {
            node.add(of(Array.get(values, i)));
        }
        return node;
    }

    private static ObjectNode record(Record r) {
        ObjectNode node = NODES.objectNode();
        for (RecordComponent c : r.getClass().getRecordComponents()) {
            JsonNode v = of(RecordReader.get(r, c));
            if (!v.isNull()) {
                node.set(snakeCase(c.getName()), v);
            }
        }
        return node;
    }

    /** {@code blockSize} becomes {@code block_size}. */
    static String snakeCase(String name) {
        StringBuilder s = new StringBuilder(name.length() + 4);
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isUpperCase(c)) {
                s.append('_').append(Character.toLowerCase(c));
            } else {
                s.append(c);
            }
        }
        return s.toString();
    }
}
