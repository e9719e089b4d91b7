// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.runtime.Cores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;

/** What figures depend on. */
final class Machine {
    /** Set by the script, which knows the source tree. */
    private static final String COMMIT = "spdkio.benchmarks.commit";

    private Machine() {}

    /** @param where what the figures were measured on, such as ", measured on core 1" */
    static List<String> describe(String where) {
        return List.of(
                "Machine: " + cpuModel() + ", " + Cores.count() + " cores" + where,
                "Kernel: " + System.getProperty("os.name") + " " + System.getProperty("os.version"),
                "JVM: " + System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"),
                "Date: " + LocalDate.now(ZoneOffset.UTC) + ", commit " + System.getProperty(COMMIT, "unknown"));
    }

    private static String cpuModel() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                if (line.startsWith("model name")) {
                    return line.substring(line.indexOf(':') + 1).strip();
                }
            }
        } catch (IOException e) {
            // Not Linux: the architecture has to do.
        }
        return System.getProperty("os.arch");
    }
}
