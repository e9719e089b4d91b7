// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * The {@code spdkio} command.
 */
@NullMarked
module dev.spdkio.cli {
    requires static org.jspecify;
    requires dev.spdkio;
    requires dev.spdkio.blob;
    requires dev.spdkio.spdk;
    requires info.picocli;
    requires java.logging;
    requires jdk.management;
    requires tools.jackson.databind;

    // picocli fills fields and calls constructors by reflection.
    opens dev.spdkio.cli to
            info.picocli;
    opens dev.spdkio.cli.blob to
            info.picocli;
    opens dev.spdkio.cli.doctor to
            info.picocli;
    opens dev.spdkio.cli.perf to
            info.picocli;
}
