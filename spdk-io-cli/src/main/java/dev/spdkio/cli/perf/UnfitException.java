// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

/** The options do not fit the devices: as wrong as a bad flag. */
final class UnfitException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnfitException(String message) {
        super(message);
    }
}
