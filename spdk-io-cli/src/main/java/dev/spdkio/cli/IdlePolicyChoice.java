// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import dev.spdkio.runtime.IdlePolicy;

/** Reads {@code busy} and {@code adaptive}. */
public final class IdlePolicyChoice extends Choice<IdlePolicy> {
    /** For picocli. */
    public IdlePolicyChoice() {
        super(IdlePolicy.class);
    }
}
