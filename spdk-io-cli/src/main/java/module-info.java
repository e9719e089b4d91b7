// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * The {@code spdkio} command.
 */
@NullMarked
module dev.spdkio.cli {
    requires static org.jspecify;
    requires dev.spdkio;
    requires info.picocli;
    requires tools.jackson.databind;
    // No descriptor of its own: the name comes from the file name, which only a leaf module may rely on.
    requires HdrHistogram;

    // picocli fills fields and calls constructors by reflection.
    opens dev.spdkio.cli to
            info.picocli;
}
