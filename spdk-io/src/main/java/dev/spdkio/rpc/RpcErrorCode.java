// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

/**
 * The numbers in {@code error.code} of a reply. Any other negative number is the errno of a failed operation:
 * {@code -19} for {@code ENODEV}, {@code -17} for {@code EEXIST}, and so on.
 */
public final class RpcErrorCode {
    /** What arrived is not JSON, or goes beyond a limit of the framing. The connection is closed after this reply. */
    public static final int PARSE_ERROR = -32700;

    /** JSON, but not a JSON-RPC 2.0 request. */
    public static final int INVALID_REQUEST = -32600;

    /** No such method. */
    public static final int METHOD_NOT_FOUND = -32601;

    /** A parameter is unknown, missing, of the wrong type or out of its domain. */
    public static final int INVALID_PARAMS = -32602;

    /** The method failed in a way that has no errno. */
    public static final int INTERNAL_ERROR = -32603;

    /** The method exists, but not in the present {@link RpcState}. */
    public static final int INVALID_STATE = -1;

    private RpcErrorCode() {}
}
