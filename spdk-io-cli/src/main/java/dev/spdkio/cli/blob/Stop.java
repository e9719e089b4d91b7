// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

/** Whether a signal has asked the command to end. Long work looks at it between its parts. */
final class Stop {
    private volatile boolean requested;

    /** The work ended early. */
    static final class StoppedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        StoppedException(String message) {
            super(message);
        }
    }

    void request() {
        requested = true;
    }

    /** Ends the work if that is asked for. */
    void check(String what, long bytes) {
        if (requested) {
            throw new StoppedException(what + " stopped by a signal after " + bytes + " bytes");
        }
    }
}
