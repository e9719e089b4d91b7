// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.error;

/**
 * A named limit was reached, and waiting for room is not possible where the caller stands (on a reactor, say).
 *
 * <p>Nothing was done and nothing was lost: the caller may retry later or raise the limit.
 */
public final class LimitExceededException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    private final String limit;
    private final long value;

    /**
     * @param limit the name of the limit as it is configured, for example {@code messagesPerThread}
     * @param value the value in force
     * @param message what was refused, and the remedy
     */
    public LimitExceededException(String limit, long value, String message) {
        super(message + " (limit " + limit + " = " + value + ")");
        this.limit = limit;
        this.value = value;
    }

    /** The name of the limit as it is configured. */
    public String limit() {
        return limit;
    }

    /** The value in force. */
    public long value() {
        return value;
    }
}
