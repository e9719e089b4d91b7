// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.error.SpdkException;
import org.jspecify.annotations.Nullable;

/**
 * An error reply: thrown by a method to answer with it, and by the client that received it.
 *
 * <p>{@link #errno()} is the positive errno where {@link #code()} is one of an operation, else 0.
 */
public final class RpcException extends SpdkException {
    private static final long serialVersionUID = 1L;
    private static final int MAX_ERRNO = 4095;

    private final int code;
    private final @Nullable String parameter;

    /**
     * @param code a constant of {@link RpcErrorCode}, or a negative errno
     * @param message what the client reads: names the object, the numbers and the remedy
     */
    public RpcException(int code, String message) {
        this(code, message, null, null);
    }

    /**
     * @param code a constant of {@link RpcErrorCode}, or a negative errno
     * @param message what the client reads
     * @param cause the failure below; the client does not see it
     */
    public RpcException(int code, String message, Throwable cause) {
        this(code, message, null, cause);
    }

    private RpcException(int code, String message, @Nullable String parameter, @Nullable Throwable cause) {
        super(errnoOf(code), message);
        if (cause != null) {
            initCause(cause);
        }
        this.code = code;
        this.parameter = parameter;
    }

    /** {@link RpcErrorCode#INVALID_PARAMS} that concerns the parameters as a whole. */
    public static RpcException invalidParams(String message) {
        return new RpcException(RpcErrorCode.INVALID_PARAMS, message);
    }

    /**
     * {@link RpcErrorCode#INVALID_PARAMS} that concerns one parameter.
     *
     * @param parameter its place, for example {@code block_size} or {@code listen_address.traddr}
     * @param problem goes on after the name: {@code is 7: must be a power of two}
     */
    public static RpcException invalidParam(String parameter, String problem) {
        return new RpcException(
                RpcErrorCode.INVALID_PARAMS, "parameter '" + parameter + "' " + problem, parameter, null);
    }

    /** A failed operation: the code is {@code -errno}. */
    public static RpcException ofErrno(int errno, String message) {
        if (errno < 1 || errno > MAX_ERRNO) {
            throw new IllegalArgumentException("errno " + errno + " is not between 1 and " + MAX_ERRNO);
        }
        return new RpcException(-errno, message);
    }

    /** The same error with a longer message. */
    RpcException withMessage(String message) {
        RpcException e = new RpcException(code, message, parameter, getCause());
        e.setStackTrace(getStackTrace());
        return e;
    }

    /** The code of the reply: a constant of {@link RpcErrorCode}, or a negative errno. */
    public int code() {
        return code;
    }

    /** The parameter at fault, where it is one and this side of the wire knows. */
    public @Nullable String parameter() {
        return parameter;
    }

    /** -1 stands for "invalid state" as well as for EPERM: only the code tells. */
    private static int errnoOf(int code) {
        return code < -1 && code >= -MAX_ERRNO ? -code : 0;
    }
}
