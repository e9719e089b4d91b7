// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Other programs, run to their end. */
final class Programs {
    private static final int TAIL = 2000;

    private Programs() {}

    /** Whether a program of that name is on the PATH. */
    static boolean isInstalled(String name) {
        String path = System.getenv("PATH");
        return path != null && Arrays.stream(path.split(":")).anyMatch(dir -> Files.isExecutable(Path.of(dir, name)));
    }

    /** Standard output of a program; what it says on standard error is passed on. */
    static String output(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        return outputOf(process, command);
    }

    /** Standard output and error of a program together. */
    static String allOutput(ProcessBuilder builder) throws IOException, InterruptedException {
        return outputOf(builder.redirectErrorStream(true).start(), builder.command());
    }

    private static String outputOf(Process process, List<String> command) throws IOException, InterruptedException {
        try {
            process.getOutputStream().close();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int code = process.waitFor();
            if (code != 0) {
                throw new IOException(command.getFirst() + " ended with " + code + ":\n"
                        + text.substring(Math.max(0, text.length() - TAIL)));
            }
            return text;
        } finally {
            process.destroy();
        }
    }
}
