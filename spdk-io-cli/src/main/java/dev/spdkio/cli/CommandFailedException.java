// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

/** The command did not do its work; the message says why and what to do. Leads to exit code 1 without a stack trace. */
public final class CommandFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Names the object and the remedy. */
    public CommandFailedException(String message) {
        super(message);
    }
}
