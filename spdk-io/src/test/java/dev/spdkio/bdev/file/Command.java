// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import java.io.IOException;
import java.util.Optional;

/** Runs a program of the system. */
final class Command {
    private Command() {}

    /** What it wrote, without the blanks around; nothing if it is not there or fails. */
    static Optional<String> run(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String output =
                    new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? Optional.of(output.strip()) : Optional.empty();
        } catch (IOException absent) {
            return Optional.empty();
        }
    }
}
