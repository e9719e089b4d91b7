// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;

/** The functions of {@code spdk/rpc.h} and {@code spdk/jsonrpc.h} that make methods; app thread. */
public final class RpcApi {
    private static final MethodHandle REGISTER =
            Downcall.ofVoid("spdk_rpc_register_method", JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle BEGIN_RESULT = Downcall.of("spdk_jsonrpc_begin_result", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle END_RESULT = Downcall.ofVoid("spdk_jsonrpc_end_result", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SEND_ERROR =
            Downcall.ofVoid("spdk_jsonrpc_send_error_response", JAVA_LONG, JAVA_INT, JAVA_LONG);

    private RpcApi() {}

    /** {@code spdk_rpc_register_method}: for the life of the process. */
    public static void register(String method, long handler, int states) {
        try (Arena arena = Arena.ofConfined()) {
            REGISTER.invokeExact(arena.allocateFrom(method).address(), handler, states);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** Answers a request with a value that is JSON. */
    public static void answer(long request, String json) {
        try {
            long writer = (long) BEGIN_RESULT.invokeExact(request);
            JsonApi.writeValue(writer, json);
            END_RESULT.invokeExact(request, writer);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_jsonrpc_send_error_response}. */
    public static void fail(long request, int code, String message) {
        try (Arena arena = Arena.ofConfined()) {
            SEND_ERROR.invokeExact(request, code, arena.allocateFrom(message).address());
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
