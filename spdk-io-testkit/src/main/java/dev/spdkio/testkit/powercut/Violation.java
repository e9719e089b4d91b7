// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import org.jspecify.annotations.Nullable;

/**
 * A store is not as it may be after a power cut. The message has the script, the cut, and what was lost.
 *
 * <p>Thread rule: immutable, usable anywhere.
 */
public final class Violation extends AssertionError {
    Violation(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
