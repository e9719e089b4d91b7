// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Reads one JSON value into one component of a record; {@link RecordReader} describes the classes. */
abstract class ValueReader {
    private static final BigDecimal INT_MIN = BigDecimal.valueOf(Integer.MIN_VALUE);
    private static final BigDecimal INT_MAX = BigDecimal.valueOf(Integer.MAX_VALUE);
    private static final BigDecimal LONG_MIN = BigDecimal.valueOf(Long.MIN_VALUE);
    private static final BigDecimal LONG_MAX = BigDecimal.valueOf(Long.MAX_VALUE);

    /** Beyond this an exponent is out of range anyway, and expanding the number would take for ever. */
    private static final int MAX_SCALE = 400;

    private static final int MAX_SHOWN = 60;

    private final String expected;

    private ValueReader(String expected) {
        this.expected = expected;
    }

    /** What it takes, for messages: {@code an integer}. */
    final String expected() {
        return expected;
    }

    /** The value of {@code v}, which is neither null nor JSON's null. */
    abstract Object read(JsonNode v, String path) throws RpcException;

    /** Whether the value may be left out by virtue of its class. */
    boolean isOptional() {
        return false;
    }

    /** What stands for an absent optional value. */
    @Nullable
    Object absent() {
        return null;
    }

    /** What a lenient reader takes for an absent required value; null if there is nothing sensible. */
    @Nullable
    Object lenientDefault() {
        return null;
    }

    final RpcException wrong(JsonNode v, String path) {
        return RpcException.invalidParam(path, "is " + describe(v) + ": expected " + expected);
    }

    /** A value in a message: short, and with its type where that is not obvious. */
    static String describe(JsonNode v) {
        if (v.isObject()) {
            return "an object";
        }
        if (v.isArray()) {
            return "an array";
        }
        String text = v.toString();
        return v.isString()
                ? "the string " + (text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "…")
                : text;
    }

    /** @param where the component, for the message about a class that is not supported */
    static ValueReader of(Type type, boolean strict, String where) {
        if (type instanceof ParameterizedType p && p.getRawType() instanceof Class<?> raw) {
            Type[] args = p.getActualTypeArguments();
            if (raw == Optional.class) {
                return new OptionalReader(of(args[0], strict, where));
            }
            if (raw == List.class) {
                return new ListReader(of(args[0], strict, where));
            }
            if (raw == Map.class && args[0] == String.class) {
                return new MapReader(of(args[1], strict, where));
            }
        }
        if (type instanceof Class<?> c) {
            ValueReader r = simple(c, strict);
            if (r != null) {
                return r;
            }
        }
        throw new IllegalArgumentException("component " + where + " is a " + type.getTypeName()
                + ", which has no JSON form: use boolean, int, long, double, String, UUID, an enum, JsonNode, a record,"
                + " or Optional, List or Map<String, …> of these");
    }

    private static @Nullable ValueReader simple(Class<?> c, boolean strict) {
        if (c == boolean.class || c == Boolean.class) {
            return new BooleanReader();
        }
        if (c == int.class || c == Integer.class) {
            return new IntegerReader(INT_MIN, INT_MAX, false);
        }
        if (c == long.class || c == Long.class) {
            return new IntegerReader(LONG_MIN, LONG_MAX, true);
        }
        if (c == double.class || c == Double.class) {
            return new DoubleReader();
        }
        if (c == String.class) {
            return new StringReader();
        }
        if (c == UUID.class) {
            return new UuidReader();
        }
        if (c == OptionalInt.class) {
            return new OptionalIntReader();
        }
        if (c == OptionalLong.class) {
            return new OptionalLongReader();
        }
        if (JsonNode.class.isAssignableFrom(c)) {
            return new NodeReader(c);
        }
        if (c.isEnum()) {
            return new EnumReader(c.getEnumConstants());
        }
        if (c.isRecord()) {
            return new NestedReader(c.asSubclass(Record.class), strict);
        }
        return null;
    }

    private static final class BooleanReader extends ValueReader {
        BooleanReader() {
            super("true or false");
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            if (!v.isBoolean()) {
                throw wrong(v, path);
            }
            return v.booleanValue();
        }

        @Override
        Object lenientDefault() {
            return false;
        }
    }

    /** Takes 1024, and as SPDK does 1.024e3, but neither 1.5 nor "1024". */
    private static final class IntegerReader extends ValueReader {
        private final BigDecimal min;
        private final BigDecimal max;
        private final boolean wide;

        IntegerReader(BigDecimal min, BigDecimal max, boolean wide) {
            super("an integer");
            this.min = min;
            this.max = max;
            this.wide = wide;
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            if (!v.isNumber()) {
                throw wrong(v, path);
            }
            BigDecimal d = v.decimalValue();
            boolean huge = Math.abs((long) d.scale()) > MAX_SCALE;
            if (d.signum() != 0
                    && (huge ? d.scale() > 0 : d.stripTrailingZeros().scale() > 0)) {
                throw wrong(v, path);
            }
            if (d.signum() != 0 && (huge || d.compareTo(min) < 0 || d.compareTo(max) > 0)) {
                throw RpcException.invalidParam(
                        path, "is " + describe(v) + ": expected an integer from " + min + " to " + max);
            }
            long value = d.signum() == 0 ? 0 : d.longValueExact();
            return wide ? (Object) value : (Object) (int) value;
        }

        @Override
        Object lenientDefault() {
            return wide ? (Object) 0L : (Object) 0;
        }
    }

    private static final class DoubleReader extends ValueReader {
        DoubleReader() {
            super("a number");
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            if (!v.isNumber()) {
                throw wrong(v, path);
            }
            return v.decimalValue().doubleValue();
        }

        @Override
        Object lenientDefault() {
            return 0.0;
        }
    }

    private static final class StringReader extends ValueReader {
        StringReader() {
            super("a string");
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            if (!v.isString()) {
                throw wrong(v, path);
            }
            return v.stringValue();
        }
    }

    private static final class UuidReader extends ValueReader {
        private static final int LENGTH = 36;

        UuidReader() {
            super("a UUID like 6f7d1fd2-8e5a-4d0d-9c6b-0a6f7f6f3b11");
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            if (!v.isString() || v.stringValue().length() != LENGTH) {
                throw wrong(v, path);
            }
            try {
                return UUID.fromString(v.stringValue());
            } catch (IllegalArgumentException e) {
                throw wrong(v, path);
            }
        }
    }

    private static final class EnumReader extends ValueReader {
        private final Object[] constants;

        EnumReader(Object[] constants) {
            super("one of " + Arrays.stream(constants).map(Object::toString).collect(Collectors.joining(", ")));
            this.constants = constants;
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            if (v.isString()) {
                for (Object c : constants) {
                    if (c.toString().equalsIgnoreCase(v.stringValue())) {
                        return c;
                    }
                }
            }
            throw wrong(v, path);
        }
    }

    private static final class NodeReader extends ValueReader {
        private final Class<?> type;

        NodeReader(Class<?> type) {
            super(
                    switch (type.getSimpleName()) {
                        case "ObjectNode" -> "an object";
                        case "ArrayNode" -> "an array";
                        default -> "a JSON value";
                    });
            this.type = type;
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            if (!type.isInstance(v)) {
                throw wrong(v, path);
            }
            return v;
        }
    }

    private static final class NestedReader extends ValueReader {
        private final Class<? extends Record> type;
        private final boolean strict;

        NestedReader(Class<? extends Record> type, boolean strict) {
            super("an object");
            this.type = type;
            this.strict = strict;
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            // Looked up late: a record may hold itself.
            return (strict ? RecordReader.of(type) : RecordReader.lenient(type)).read(v, path);
        }
    }

    private static final class ListReader extends ValueReader {
        private final ValueReader element;

        ListReader(ValueReader element) {
            super("an array, each " + element.expected());
            this.element = element;
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            if (!v.isArray()) {
                throw wrong(v, path);
            }
            List<Object> values = new ArrayList<>(v.size());
            for (int i = 0; i < v.size(); i++) {
                values.add(present(element, v.get(i), path + "[" + i + "]"));
            }
            return List.copyOf(values);
        }

        @Override
        Object lenientDefault() {
            return List.of();
        }
    }

    private static final class MapReader extends ValueReader {
        private final ValueReader element;

        MapReader(ValueReader element) {
            super("an object, each member " + element.expected());
            this.element = element;
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            if (!v.isObject()) {
                throw wrong(v, path);
            }
            Map<String, Object> values = new LinkedHashMap<>();
            for (String name : v.propertyNames()) {
                values.put(name, present(element, v.get(name), path + "." + name));
            }
            return values;
        }

        @Override
        Object lenientDefault() {
            return Map.of();
        }
    }

    private static Object present(ValueReader reader, JsonNode v, String path) throws RpcException {
        if (v.isNull()) {
            throw RpcException.invalidParam(path, "is null: expected " + reader.expected());
        }
        return reader.read(v, path);
    }

    private static final class OptionalReader extends ValueReader {
        private final ValueReader value;

        OptionalReader(ValueReader value) {
            super(value.expected());
            this.value = value;
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            return Optional.of(value.read(v, path));
        }

        @Override
        boolean isOptional() {
            return true;
        }

        @Override
        Object absent() {
            return Optional.empty();
        }
    }

    private static final class OptionalIntReader extends ValueReader {
        private final ValueReader value = new IntegerReader(INT_MIN, INT_MAX, false);

        OptionalIntReader() {
            super("an integer");
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            return OptionalInt.of((Integer) value.read(v, path));
        }

        @Override
        boolean isOptional() {
            return true;
        }

        @Override
        Object absent() {
            return OptionalInt.empty();
        }
    }

    private static final class OptionalLongReader extends ValueReader {
        private final ValueReader value = new IntegerReader(LONG_MIN, LONG_MAX, true);

        OptionalLongReader() {
            super("an integer");
        }

        @Override
        Object read(JsonNode v, String path) throws RpcException {
            return OptionalLong.of((Long) value.read(v, path));
        }

        @Override
        boolean isOptional() {
            return true;
        }

        @Override
        Object absent() {
            return OptionalLong.empty();
        }
    }
}
