// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The methods of one application, and the state that decides which of them may be called.
 *
 * <p>Stands for {@code SPDK_RPC_REGISTER} and {@code lib/rpc}, but one for each application instead of one for the
 * process. Both a {@code RpcServer} and a {@code JsonConfig} call the methods through it.
 *
 * <p>What a method throws, or its stage fails with, becomes this error: a {@link RpcException} itself; a
 * {@link dev.spdkio.error.SpdkException} with an errno the code {@code -errno}; an {@link IllegalArgumentException}
 * {@link RpcErrorCode#INVALID_PARAMS}; a {@link dev.spdkio.error.LimitExceededException} {@code -EAGAIN}; anything else
 * {@link RpcErrorCode#INTERNAL_ERROR}, and a log entry with the stack.
 *
 * <p>Registration and state may be used from any thread; {@link #call} belongs on the app thread, where the methods
 * run.
 */
public final class RpcRegistry {
    private static final Logger LOG = System.getLogger(RpcRegistry.class.getName());

    private static final String ONLY_LATER =
            "Method may only be called after framework is initialized using framework_start_init RPC.";
    private static final String ONLY_BEFORE =
            "Method may only be called before framework is initialized: start the application so that it waits for"
                    + " RPCs, and call this method before framework_start_init.";

    private record Entry(
            String name,
            Set<RpcState> states,
            RpcHandler handler,
            boolean alias,
            @Nullable AtomicBoolean warned) {}

    private final Map<String, Entry> methods = new ConcurrentSkipListMap<>();
    private volatile RpcState state = RpcState.STARTUP;
    private final CompletableFuture<Void> runtime = new CompletableFuture<>();

    /** Creates a registry without methods, in state {@link RpcState#STARTUP}. */
    public RpcRegistry() {}

    /**
     * Adds a method that reads its parameters itself.
     *
     * @throws IllegalStateException if the name is taken
     */
    public void register(String method, Set<RpcState> states, RpcHandler handler) {
        Objects.requireNonNull(handler, "handler");
        if (states.isEmpty()) {
            throw new IllegalArgumentException("method " + method + " is allowed in no state: name at least one");
        }
        Set<RpcState> copy = Collections.unmodifiableSet(EnumSet.copyOf(states));
        add(method, new Entry(method, copy, handler, false, null));
    }

    /**
     * Adds a method whose parameters are a record; {@link RecordReader} says what it may hold.
     *
     * @throws IllegalStateException if the name is taken
     * @throws IllegalArgumentException if the record has a component of a class that is not supported
     */
    public <P extends Record> void register(String method, Set<RpcState> states, Class<P> params, RpcMethod<P> body) {
        RecordReader<P> reader = RecordReader.of(params);
        Objects.requireNonNull(body, "body");
        register(method, states, request -> body.call(reader.read(request.params())));
    }

    /** Adds a typed method that may be called in {@link RpcState#RUNTIME}, as most are. */
    public <P extends Record> void register(String method, Class<P> params, RpcMethod<P> body) {
        register(method, RpcState.ONLY_RUNTIME, params, body);
    }

    /**
     * Adds another name for a method.
     *
     * @throws IllegalArgumentException if there is no such method, or it is an alias itself
     */
    public void registerAlias(String method, String alias) {
        addAlias(method, alias, null);
    }

    /** Adds an old name for a method; the first call by it is logged as a warning. */
    public void registerDeprecatedAlias(String method, String alias) {
        addAlias(method, alias, new AtomicBoolean());
    }

    private void addAlias(String method, String alias, @Nullable AtomicBoolean warned) {
        Entry base = methods.get(method);
        if (base == null || base.alias) {
            throw new IllegalArgumentException("alias " + alias + " cannot be added: " + method
                    + (base == null ? " is not registered" : " is itself an alias of " + base.name));
        }
        add(alias, new Entry(method, base.states, base.handler, true, warned));
    }

    private void add(String name, Entry entry) {
        if (methods.putIfAbsent(name, entry) != null) {
            throw new IllegalStateException("method " + name + " is registered already: register every method once");
        }
    }

    /** The present state. */
    public RpcState state() {
        return state;
    }

    /** Changes the state; from {@link RpcState#RUNTIME} there is no way back. */
    public void setState(RpcState next) {
        if (state == RpcState.RUNTIME && next == RpcState.STARTUP) {
            throw new IllegalStateException("the application runs already: it cannot go back to " + next);
        }
        state = next;
        if (next == RpcState.RUNTIME) {
            runtime.complete(null);
        }
    }

    /** Completes when the state becomes {@link RpcState#RUNTIME}. */
    public CompletionStage<Void> whenRuntime() {
        return runtime.minimalCompletionStage();
    }

    /**
     * The names of the methods, in alphabetical order.
     *
     * @param onlyCurrent leave out what may not be called in the present state
     * @param includeAliases add other names of methods
     */
    public List<String> methods(boolean onlyCurrent, boolean includeAliases) {
        RpcState now = state;
        return methods.entrySet().stream()
                .filter(e -> includeAliases || !e.getValue().alias)
                .filter(e -> !onlyCurrent || e.getValue().states.contains(now))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** The states in which a method may be called; empty if there is no such method. */
    public Set<RpcState> statesOf(String method) {
        Entry e = methods.get(method);
        return e == null ? Set.of() : e.states;
    }

    /**
     * Calls a method. On the app thread.
     *
     * @param params a JSON object or array, or null
     * @return completes with the result or a {@link RpcException}, on whatever thread the method completes its stage
     */
    public CompletableFuture<JsonNode> call(String method, @Nullable JsonNode params) {
        return call(method, params, state);
    }

    /** The same in another state than the present one: for a caller who keeps account of it himself. */
    public CompletableFuture<JsonNode> call(String method, @Nullable JsonNode params, RpcState now) {
        CompletableFuture<JsonNode> reply = new CompletableFuture<>();
        try {
            Entry entry = find(method, now);
            Object result = entry.handler.handle(new RpcRequest(entry.name, params, now));
            if (result instanceof CompletionStage<?> later) {
                later.whenComplete((value, failure) -> complete(reply, method, value, failure));
            } else {
                complete(reply, method, result, null);
            }
        } catch (Throwable t) { // whatever a method does, the caller gets a reply
            reply.completeExceptionally(RpcFailures.of(method, t));
        }
        return reply;
    }

    private static void complete(
            CompletableFuture<JsonNode> reply, String method, @Nullable Object value, @Nullable Throwable failure) {
        if (failure == null) {
            try {
                reply.complete(JsonTree.of(value));
                return;
            } catch (Throwable t) { // a result without a JSON form is a fault of the method
                reply.completeExceptionally(RpcFailures.of(method, t));
                return;
            }
        }
        reply.completeExceptionally(RpcFailures.of(method, failure));
    }

    private Entry find(String method, RpcState now) throws IOException {
        Entry entry = methods.get(method);
        if (entry == null) {
            throw new RpcException(RpcErrorCode.METHOD_NOT_FOUND, "Method not found");
        }
        if (!entry.states.contains(now)) {
            throw new RpcException(RpcErrorCode.INVALID_STATE, now == RpcState.STARTUP ? ONLY_LATER : ONLY_BEFORE);
        }
        if (entry.warned != null && entry.warned.compareAndSet(false, true)) {
            LOG.log(Level.WARNING, "RPC method {0} is deprecated: use {1}", method, entry.name);
        }
        return entry;
    }
}
