// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.async.ByteArrayFeeder;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Cuts a stream of bytes into JSON values: one after the other, with nothing or white space between them, split over
 * the reads in any way. That is all the framing there is in SPDK's JSON-RPC.
 *
 * <p>Not thread-safe; one for each connection. After a {@link MalformedJsonException} it is of no more use.
 */
final class JsonFramer {
    /** One value; {@code duplicate} is a name that occurs twice in one of its objects, which SPDK refuses. */
    record Frame(JsonNode value, @Nullable String duplicate) {}

    private final int maxBytes;
    private final int maxValues;
    private final JsonParser parser;
    private final ByteArrayFeeder feeder;

    private final Deque<JsonNode> open = new ArrayDeque<>();
    private String name = "";
    private @Nullable String duplicate;
    private int values;

    /** Bytes fed so far, and how many of them belong to values that are complete. */
    private long fed;

    private long done;

    /** What was fed last: byte number {@code n} of the stream is at {@code n - chunkBase}. */
    private byte[] chunk = {};

    private long chunkBase;
    private boolean insideScalar;

    /**
     * @param factory from {@link Json#factory}, with the limits of nesting and strings
     * @param maxBytes of one value
     * @param maxValues scalars, objects, arrays and names in one value
     */
    JsonFramer(JsonFactory factory, int maxBytes, int maxValues) {
        this.maxBytes = maxBytes;
        this.maxValues = maxValues;
        this.parser = factory.createNonBlockingByteArrayParser(ObjectReadContext.empty());
        this.feeder = (ByteArrayFeeder) parser.nonBlockingInputFeeder();
    }

    /** Whether all that was fed has been used up: feed more. */
    boolean needsInput() {
        return feeder.needMoreInput();
    }

    /** Whether a value has begun and not ended. */
    boolean insideValue() {
        return !open.isEmpty() || insideScalar;
    }

    /** Hands over bytes, which must stay as they are until {@link #needsInput}. */
    void feed(byte[] bytes, int from, int to) throws MalformedJsonException {
        try {
            feeder.feedInput(bytes, from, to);
        } catch (JacksonException e) {
            throw new MalformedJsonException(Json.problem(e), e);
        }
        chunk = bytes;
        chunkBase = fed - from;
        fed += to - from;
        if (!insideValue()) {
            skipBlanks();
        }
    }

    /** The next complete value, or null if more input is needed. */
    @Nullable
    Frame next() throws MalformedJsonException {
        try {
            for (JsonToken t = parser.nextToken(); t != JsonToken.NOT_AVAILABLE; t = parser.nextToken()) {
                if (t == null) {
                    return null;
                }
                Frame frame = token(t);
                if (frame != null) {
                    return frame;
                }
            }
        } catch (JacksonException | ArithmeticException | IllegalStateException | NumberFormatException e) {
            throw new MalformedJsonException(Json.problem(e), e);
        }
        checkSize(fed - done);
        return null;
    }

    private @Nullable Frame token(JsonToken t) throws MalformedJsonException {
        if (++values > maxValues) {
            throw new MalformedJsonException("more than " + maxValues + " values (limit maxRequestValues)");
        }
        return switch (t) {
            case PROPERTY_NAME -> named(parser.currentName());
            case START_OBJECT -> begin(Json.NODES.objectNode());
            case START_ARRAY -> begin(Json.NODES.arrayNode());
            case END_OBJECT, END_ARRAY -> end();
            default -> scalar(Json.scalar(parser, t));
        };
    }

    private @Nullable Frame named(String next) {
        name = next;
        if (((ObjectNode) open.getFirst()).has(name)) {
            duplicate = name;
        }
        return null;
    }

    private @Nullable Frame end() throws MalformedJsonException {
        JsonNode ended = open.removeFirst();
        return open.isEmpty() ? complete(ended) : null;
    }

    private @Nullable Frame scalar(JsonNode scalar) throws MalformedJsonException {
        if (open.isEmpty()) {
            return complete(scalar);
        }
        add(scalar);
        return null;
    }

    private @Nullable Frame begin(JsonNode container) {
        if (!open.isEmpty()) {
            add(container);
        }
        insideScalar = false;
        open.addFirst(container);
        return null;
    }

    private void add(JsonNode node) {
        if (open.getFirst() instanceof ArrayNode array) {
            array.add(node);
        } else {
            ((ObjectNode) open.getFirst()).set(name, node);
        }
    }

    private Frame complete(JsonNode value) throws MalformedJsonException {
        long end = parser.currentLocation().getByteOffset();
        checkSize(end - done);
        done = end;
        skipBlanks();
        Frame frame = new Frame(value, duplicate);
        duplicate = null;
        values = 0;
        return frame;
    }

    private void checkSize(long bytes) throws MalformedJsonException {
        if (bytes > maxBytes) {
            throw new MalformedJsonException("a value of more than " + maxBytes + " bytes (limit maxRequestBytes)");
        }
    }

    /** White space between values belongs to none. What follows begins one: the next token tells of what kind. */
    private void skipBlanks() {
        while (done < fed && isBlank(chunk[(int) (done - chunkBase)])) {
            done++;
        }
        insideScalar = done < fed;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }
}
