// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Reads a JSON object into a record, strictly, with errors that a person can act on.
 *
 * <p>The JSON name of a component is its name in {@code snake_case}. A component may be a {@code boolean},
 * {@code int}, {@code long} or {@code double} or their box, a {@link String}, {@link java.util.UUID}, enum (by
 * {@code toString}, any case), {@link JsonNode}, another record, or a {@link List} or {@code Map<String, …>} of
 * these. It is required, unless it is an {@link Optional}, {@link java.util.OptionalInt},
 * {@link java.util.OptionalLong} or is marked {@link Nullable}; JSON's {@code null} counts as absent. Unknown names
 * are refused, numbers are never cut, and nothing is converted: a number in quotes is not a number. An
 * {@link IllegalArgumentException} of the record's constructor becomes invalid params as well.
 *
 * <p>Immutable; any thread.
 *
 * @param <P> the record
 */
public final class RecordReader<P extends Record> {
    private static final ClassValue<RecordReader<?>> STRICT = new Cache(true);
    private static final ClassValue<RecordReader<?>> LENIENT = new Cache(false);

    private static final JsonNode NOTHING = JsonNodeFactory.instance.objectNode();

    private final Class<P> type;
    private final boolean strict;
    private final Constructor<P> constructor;
    private final Map<String, Component> components;

    private record Component(String name, ValueReader reader, boolean optional) {}

    private RecordReader(Class<P> type, boolean strict) {
        this.type = type;
        this.strict = strict;
        RecordComponent[] declared = type.getRecordComponents();
        this.constructor = constructor(type, declared);
        this.components = new LinkedHashMap<>();
        for (RecordComponent c : declared) {
            ValueReader reader = ValueReader.of(c.getGenericType(), strict, type.getSimpleName() + "." + c.getName());
            boolean optional = reader.isOptional() || c.getAnnotatedType().isAnnotationPresent(Nullable.class);
            String name = JsonTree.snakeCase(c.getName());
            components.put(name, new Component(name, reader, optional));
        }
    }

    /**
     * The reader of a record.
     *
     * @throws IllegalArgumentException if it has a component of a class that is not supported
     */
    public static <P extends Record> RecordReader<P> of(Class<P> type) {
        return get(STRICT, type);
    }

    /** A reader for replies of any version: ignores what it does not know, and takes 0 for a missing number. */
    static <P extends Record> RecordReader<P> lenient(Class<P> type) {
        return get(LENIENT, type);
    }

    @SuppressWarnings("unchecked") // the cache computes the reader of exactly this class
    private static <P extends Record> RecordReader<P> get(ClassValue<RecordReader<?>> cache, Class<P> type) {
        return (RecordReader<P>) cache.get(type);
    }

    /**
     * Reads the parameters of a request.
     *
     * @param params a JSON object; null or JSON's null stand for an empty one
     * @throws RpcException {@link RpcErrorCode#INVALID_PARAMS}, naming the parameter, the problem and the expected type
     */
    public P read(@Nullable JsonNode params) throws RpcException {
        return read(params, "");
    }

    /** @param at where the object is, for messages; empty for the parameters themselves */
    P read(@Nullable JsonNode params, String at) throws RpcException {
        JsonNode node = params == null || params.isNull() ? NOTHING : params;
        if (!node.isObject()) {
            String problem = "is " + ValueReader.describe(node) + ": expected an object with named members";
            throw at.isEmpty()
                    ? RpcException.invalidParams("params " + problem)
                    : RpcException.invalidParam(at, problem);
        }
        if (strict) {
            refuseUnknown(node, at);
        }
        @Nullable Object[] values = new @Nullable Object[components.size()];
        int i = 0;
        for (Component c : components.values()) {
            values[i++] = value(c, node.get(c.name()), at.isEmpty() ? c.name() : at + "." + c.name());
        }
        return create(values, at);
    }

    private void refuseUnknown(JsonNode node, String at) throws RpcException {
        for (String name : node.propertyNames()) {
            if (!components.containsKey(name)) {
                String path = at.isEmpty() ? name : at + "." + name;
                throw RpcException.invalidParam(
                        path,
                        "is unknown: "
                                + (components.isEmpty()
                                        ? "no parameters are taken"
                                        : "known are " + String.join(", ", components.keySet())));
            }
        }
    }

    private @Nullable Object value(Component c, @Nullable JsonNode v, String path) throws RpcException {
        if (v != null && !v.isNull()) {
            return c.reader().read(v, path);
        }
        if (c.optional()) {
            return c.reader().absent();
        }
        if (!strict && c.reader().lenientDefault() != null) {
            return c.reader().lenientDefault();
        }
        throw RpcException.invalidParam(
                path,
                (v == null ? "is missing" : "is null") + ": expected "
                        + c.reader().expected());
    }

    private P create(@Nullable Object[] values, String at) throws RpcException {
        try {
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException bad) {
                String message = bad.getMessage() == null ? "invalid parameters" : bad.getMessage();
                throw RpcException.invalidParams(at.isEmpty() ? message : "parameter '" + at + "': " + message);
            }
            throw new IllegalStateException("the constructor of " + type.getName() + " failed", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the constructor of " + type.getName() + " cannot be called", e);
        }
    }

    private static <P extends Record> Constructor<P> constructor(Class<P> type, RecordComponent[] declared) {
        Class<?>[] types = Arrays.stream(declared).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            Constructor<P> c = type.getDeclaredConstructor(types);
            c.setAccessible(true);
            return c;
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException(type.getName() + " is a record without its canonical constructor", e);
        } catch (InaccessibleObjectException e) {
            throw notOpen(type, e);
        }
    }

    /** The value of one component. */
    static @Nullable Object get(Record r, RecordComponent c) {
        Method m = c.getAccessor();
        try {
            m.setAccessible(true);
            return m.invoke(r);
        } catch (InaccessibleObjectException e) {
            throw notOpen(r.getClass(), e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "component " + c.getName() + " of " + r.getClass().getName() + " cannot be read", e);
        }
    }

    private static IllegalArgumentException notOpen(Class<?> type, InaccessibleObjectException e) {
        return new IllegalArgumentException(
                "record " + type.getName() + " is out of reach: make it public in an exported package, or add 'opens "
                        + type.getPackageName() + " to dev.spdkio' to its module",
                e);
    }

    @Override
    public String toString() {
        return type.getSimpleName()
                + components.values().stream()
                        .map(c -> c.name() + (c.optional() ? "?" : "") + ": "
                                + c.reader().expected())
                        .collect(Collectors.joining(", ", " {", "}"));
    }

    private static final class Cache extends ClassValue<RecordReader<?>> {
        private final boolean strict;

        Cache(boolean strict) {
            this.strict = strict;
        }

        @Override
        protected RecordReader<?> computeValue(Class<?> type) {
            if (!type.isRecord()) {
                throw new IllegalArgumentException(type.getName() + " is not a record");
            }
            return new RecordReader<>(type.asSubclass(Record.class), strict);
        }
    }
}
