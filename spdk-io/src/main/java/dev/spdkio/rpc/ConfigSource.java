// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.util.List;

/**
 * Something whose state is saved: it writes the calls that make a fresh application the same again.
 *
 * <p>Several sources may write for one subsystem: the bdev layer its options, each bdev module its devices. Stands for
 * {@code write_config_json} of a subsystem and {@code config_json} of a bdev module. Called on the app thread.
 */
public interface ConfigSource {
    /** The subsystem it belongs to, for example {@code bdev}. */
    String subsystem();

    /** Subsystems whose configuration must come before. */
    default List<String> dependsOn() {
        return List.of();
    }

    /** Adds the calls, in the order in which they must be made. */
    void write(List<MethodCall> out);
}
