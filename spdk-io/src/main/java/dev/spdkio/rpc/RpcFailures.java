// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The one place where a failure becomes an error reply; {@link RpcRegistry} describes the rule. */
final class RpcFailures {
    private static final Logger LOG = System.getLogger(RpcFailures.class.getName());
    private static final int EAGAIN = 11;
    private static final int ETIMEDOUT = 110;

    private RpcFailures() {}

    static RpcException of(String method, Throwable failure) {
        Throwable t = unwrap(failure);
        return switch (t) {
            case RpcException e -> e;
            case SpdkException e when e.errno() > 0 -> new RpcException(-e.errno(), text(e), e);
            case SpdkException e -> new RpcException(RpcErrorCode.INTERNAL_ERROR, text(e), e);
            case LimitExceededException e -> new RpcException(-EAGAIN, text(e), e);
            case TimeoutException e -> new RpcException(-ETIMEDOUT, text(e), e);
            case IllegalArgumentException e -> new RpcException(RpcErrorCode.INVALID_PARAMS, text(e), e);
            default -> {
                LOG.log(Level.WARNING, "RPC method " + method + " failed", t);
                yield new RpcException(
                        RpcErrorCode.INTERNAL_ERROR,
                        "Internal error: " + t.getClass().getSimpleName() + ": " + text(t),
                        t);
            }
        };
    }

    private static Throwable unwrap(Throwable failure) {
        Throwable t = failure;
        while (t instanceof CompletionException || t instanceof ExecutionException) {
            Throwable cause = t.getCause();
            if (cause == null) {
                return t;
            }
            t = cause;
        }
        return t;
    }

    private static String text(Throwable t) {
        @Nullable String message = t.getMessage();
        return message == null || message.isEmpty() ? t.getClass().getSimpleName() : message;
    }
}
