// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MainTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int spdkio(String... args) {
        CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return command.execute(args);
    }

    @Test
    void versionNamesProductJavaAndPlatform() {
        assertThat(spdkio("--version")).isZero();
        assertThat(out.toString().lines()).hasSize(3);
        assertThat(out.toString())
                .matches("(?s)spdkio \\d+\\.\\d+\\.\\d+.*")
                .contains("Java " + System.getProperty("java.vm.version"));
    }

    @Test
    void helpListsCommands() {
        assertThat(spdkio("help")).isZero();
        assertThat(out.toString()).contains("Usage: spdkio", "Commands:", "help");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void missingCommandIsAUsageError() {
        assertThat(spdkio()).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains("Missing command", "Usage: spdkio");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void unknownCommandIsAUsageError() {
        assertThat(spdkio("helo")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains("helo");
    }
}
