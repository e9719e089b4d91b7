// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.check;

/**
 * How bad a finding, or a store, is.
 *
 * <p>Thread rule: a constant, usable anywhere.
 */
public enum Severity {
    /** Worth knowing; nothing is wrong. */
    NOTE,
    /** A load or a repair mends it, and nothing is lost. */
    RECOVERABLE,
    /** Something cannot be read, and stays lost unless it comes from elsewhere. */
    DAMAGE
}
