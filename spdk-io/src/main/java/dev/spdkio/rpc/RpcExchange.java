// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One request, or one batch of them, from its frame to the bytes of the reply. Lives on the app thread.
 *
 * <p>As in SPDK: {@code jsonrpc} may be left out, an unknown member is an invalid request, a request without an id
 * (or with the id null) gets no result but does get an error, a reply ends with a line feed, and a batch is answered
 * by one array. The array has the order of the requests here; in SPDK it has the order in which they finish.
 */
final class RpcExchange {
    private static final Set<String> MEMBERS = Set.of("jsonrpc", "method", "params", "id");
    private static final byte[] NO_REPLY = new byte[0];

    private final RpcLimits limits;
    private final Consumer<byte[]> done;
    private final boolean batch;
    private final @Nullable ObjectNode[] replies;
    private int open;

    private RpcExchange(RpcLimits limits, boolean batch, int count, Consumer<byte[]> done) {
        this.limits = limits;
        this.batch = batch;
        this.replies = new @Nullable ObjectNode[count];
        this.open = count;
        this.done = done;
    }

    /**
     * Answers a frame.
     *
     * @param owner brings a continuation to the app thread
     * @param done takes the bytes of the reply on the app thread, once, maybe before this returns; empty for no reply
     */
    static void start(
            JsonFramer.Frame frame, RpcRegistry registry, RpcLimits limits, Executor owner, Consumer<byte[]> done) {
        JsonNode value = frame.value();
        String problem = problem(frame, limits);
        if (problem != null) {
            done.accept(line(error(null, invalid(problem))));
        } else if (value instanceof ArrayNode requests) {
            RpcExchange x = new RpcExchange(limits, true, requests.size(), done);
            for (int i = 0; i < requests.size(); i++) {
                x.request(i, requests.get(i), registry, owner);
            }
        } else {
            new RpcExchange(limits, false, 1, done).request(0, value, registry, owner);
        }
    }

    /** Loads the classes that answer a request, so that the first one does not hold the app thread for that long. */
    static void warmUp(RpcLimits limits) {
        byte[] request = "{\"jsonrpc\":\"2.0\",\"method\":\"\",\"params\":{\"a\":[1,1.5,true]},\"id\":1}"
                .getBytes(StandardCharsets.UTF_8);
        try {
            JsonFramer framer = new JsonFramer(Json.factory(request.length, 4).build(), request.length, request.length);
            framer.feed(request, 0, request.length);
            JsonFramer.Frame frame = Objects.requireNonNull(framer.next());
            start(frame, new RpcRegistry(), limits, Runnable::run, _ -> {});
        } catch (MalformedJsonException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The reply to bytes that are not JSON. */
    static byte[] parseError(String problem) {
        return line(error(null, new RpcException(RpcErrorCode.PARSE_ERROR, "Parse error: " + problem)));
    }

    private static @Nullable String problem(JsonFramer.Frame frame, RpcLimits limits) {
        if (frame.duplicate() != null) {
            return "member '" + frame.duplicate() + "' occurs twice";
        }
        if (!(frame.value() instanceof ArrayNode requests)) {
            return null;
        }
        if (requests.isEmpty()) {
            return "the batch is empty";
        }
        return requests.size() <= limits.maxBatch()
                ? null
                : "a batch of " + requests.size() + " requests: send at most " + limits.maxBatch()
                        + " (limit maxBatch)";
    }

    private static RpcException invalid(String problem) {
        return new RpcException(RpcErrorCode.INVALID_REQUEST, "Invalid request: " + problem);
    }

    private void request(int slot, JsonNode request, RpcRegistry registry, Executor owner) {
        JsonNode id = id(request);
        String problem = requestProblem(request);
        if (problem != null) {
            finish(slot, error(id, invalid(problem)));
            return;
        }
        JsonNode params = request.get("params");
        CompletableFuture<JsonNode> result =
                registry.call(request.get("method").stringValue(), params == null || params.isNull() ? null : params);
        if (result.isDone()) {
            finish(slot, reply(id, result));
        } else {
            CompletableFuture<JsonNode> _ =
                    result.whenComplete((_, _) -> owner.execute(() -> finish(slot, reply(id, result))));
        }
    }

    private static @Nullable String requestProblem(JsonNode request) {
        if (!(request instanceof ObjectNode object)) {
            return "it is " + ValueReader.describe(request) + ", expected an object";
        }
        for (String name : object.propertyNames()) {
            if (!MEMBERS.contains(name)) {
                return "unknown member '" + name + "'";
            }
        }
        JsonNode version = object.get("jsonrpc");
        if (version != null && !(version.isString() && version.stringValue().equals("2.0"))) {
            return "'jsonrpc' is " + ValueReader.describe(version) + ", expected \"2.0\"";
        }
        JsonNode method = object.get("method");
        if (method == null || !method.isString()) {
            return "'method' is " + (method == null ? "missing" : ValueReader.describe(method)) + ", expected a string";
        }
        JsonNode id = object.get("id");
        if (id != null && !id.isString() && !id.isNumber() && !id.isNull()) {
            return "'id' is " + ValueReader.describe(id) + ", expected a string or a number";
        }
        JsonNode params = object.get("params");
        if (params != null && !params.isObject() && !params.isArray() && !params.isNull()) {
            return "'params' is " + ValueReader.describe(params) + ", expected an object";
        }
        return null;
    }

    /** The id to answer with; null where there is none, or none that could be one. */
    private static @Nullable JsonNode id(JsonNode request) {
        JsonNode id = request.isObject() ? request.get("id") : null;
        return id != null && (id.isString() || id.isNumber()) ? id : null;
    }

    private static @Nullable ObjectNode reply(@Nullable JsonNode id, CompletableFuture<JsonNode> result) {
        if (result.isCompletedExceptionally()) {
            return error(id, RpcFailures.of("", result.exceptionNow()));
        }
        if (id == null) {
            return null;
        }
        ObjectNode reply = begin(id);
        reply.set("result", result.resultNow());
        return reply;
    }

    private static ObjectNode error(@Nullable JsonNode id, RpcException e) {
        ObjectNode reply = begin(id);
        reply.putObject("error").put("code", e.code()).put("message", Objects.toString(e.getMessage(), ""));
        return reply;
    }

    private static ObjectNode begin(@Nullable JsonNode id) {
        ObjectNode reply = Json.NODES.objectNode().put("jsonrpc", "2.0");
        reply.set("id", id == null ? Json.NODES.nullNode() : id);
        return reply;
    }

    private void finish(int slot, @Nullable ObjectNode reply) {
        replies[slot] = reply;
        if (--open == 0) {
            done.accept(encode());
        }
    }

    private byte[] encode() {
        byte[] bytes = encodeAll();
        if (bytes.length > limits.maxResponseBytes()) {
            int length = bytes.length;
            for (int i = 0; i < replies.length; i++) {
                ObjectNode r = replies[i];
                if (r != null) {
                    replies[i] = error(
                            r.get("id"),
                            new RpcException(
                                    RpcErrorCode.INTERNAL_ERROR,
                                    "the reply has " + length + " bytes, allowed are " + limits.maxResponseBytes()
                                            + " (limit maxResponseBytes): ask for less at a time"));
                }
            }
            bytes = encodeAll();
        }
        return bytes;
    }

    private byte[] encodeAll() {
        if (!batch) {
            ObjectNode only = replies[0];
            return only == null ? NO_REPLY : line(only);
        }
        ArrayNode all = Json.NODES.arrayNode();
        for (ObjectNode r : replies) {
            if (r != null) {
                all.add(r);
            }
        }
        return all.isEmpty() ? NO_REPLY : line(all);
    }

    private static byte[] line(JsonNode node) {
        byte[] json = Json.bytes(node);
        byte[] line = Arrays.copyOf(json, json.length + 1);
        line[json.length] = '\n';
        return line;
    }
}
