// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.rpc.RpcErrorCode;
import dev.spdkio.rpc.RpcException;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.rpc.RpcState;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.InitApi;
import dev.spdkio.spdk.ffi.JsonApi;
import dev.spdkio.spdk.ffi.RpcApi;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeThread;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Our RPC methods among SPDK's, so that its loader can call them: a configuration then has devices of both.
 *
 * <p>SPDK knows a method from then on to the end of the process; it answers for the application that runs.
 *
 * <p>Thread rule: the app thread.
 */
final class JavaRpc {
    private static final Set<String> GIVEN = ConcurrentHashMap.newKeySet();
    private static final FunctionDescriptor HANDLER = FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG);
    private static final MethodHandle HANDLE;

    static {
        try {
            HANDLE = MethodHandles.lookup()
                    .findStatic(
                            JavaRpc.class,
                            "handle",
                            MethodType.methodType(void.class, String.class, long.class, long.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static volatile @Nullable JavaRpc running;

    private final SpdkThread appThread;
    private final RpcRegistry registry;

    /** Answers for this application until {@link #end}. */
    JavaRpc(SpdkThread appThread, RpcRegistry registry) {
        this.appThread = appThread;
        this.registry = registry;
        running = this;
    }

    /** What SPDK asks or waits for from now on is not answered by this application. */
    static void end() {
        running = null;
    }

    /** Whether SPDK has a method of that name from us. */
    static boolean isOurs(String method) {
        return GIVEN.contains(method);
    }

    /** Gives SPDK the methods that it does not have. */
    void give(Set<String> known) {
        for (String method : registry.methods(false, true)) {
            if (!known.contains(method) && GIVEN.add(method)) {
                int states = registry.statesOf(method).stream()
                        .mapToInt(s -> s == RpcState.STARTUP ? InitApi.RPC_STARTUP : InitApi.RPC_RUNTIME)
                        .sum();
                RpcApi.register(
                        method, Upcall.stub("RPC method " + method, HANDLE.bindTo(method), HANDLER, null), states);
            }
        }
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void handle(String method, long request, long params) {
        JavaRpc r = running;
        if (r == null) {
            RpcApi.fail(request, RpcErrorCode.METHOD_NOT_FOUND, "no application has the method " + method);
            return;
        }
        JsonNode tree = params == 0 ? null : JsonMapper.shared().readTree(JsonApi.text(params));
        RpcState state = InitApi.rpcState() == InitApi.RPC_STARTUP ? RpcState.STARTUP : RpcState.RUNTIME;
        var _ = r.registry
                .call(method, tree, state)
                .whenComplete((reply, failure) -> r.appThread.trySendInternal(() -> r.answer(request, reply, failure)));
    }

    private void answer(long request, JsonNode reply, @Nullable Throwable failure) {
        if (running != this) {
            return; // the server has gone, and the request with it
        }
        NativeThread.enter(appThread);
        if (failure == null) {
            RpcApi.answer(request, reply.toString());
        } else {
            int code = failure instanceof RpcException e ? e.code() : RpcErrorCode.INTERNAL_ERROR;
            RpcApi.fail(request, code, String.valueOf(failure.getMessage()));
        }
    }
}
