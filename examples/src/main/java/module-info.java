// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/** Runnable examples; the guides in docs/ quote them. */
@NullMarked
module dev.spdkio.examples {
    requires transitive dev.spdkio;
    requires static org.jspecify;

    exports dev.spdkio.examples;
}
