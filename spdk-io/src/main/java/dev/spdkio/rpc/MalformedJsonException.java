// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

/** The bytes of a connection are not JSON, or go beyond a limit. There is no way to find the next value: close it. */
final class MalformedJsonException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedJsonException(String message) {
        super(message);
    }

    MalformedJsonException(String message, Throwable cause) {
        super(message, cause);
    }
}
