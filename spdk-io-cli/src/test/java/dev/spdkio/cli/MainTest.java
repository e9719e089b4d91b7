// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import picocli.CommandLine.ExitCode;

class MainTest {

    @Test
    void versionNamesProductJavaAndPlatform() {
        Cli cli = Cli.run("--version");
        assertThat(cli.exitCode()).isZero();
        assertThat(cli.out().lines()).hasSize(3);
        assertThat(cli.out())
                .matches("(?s)spdkio \\d+\\.\\d+\\.\\d+.*")
                .contains("Java " + System.getProperty("java.vm.version"));
    }

    @Test
    void helpListsCommands() {
        Cli cli = Cli.run("help");
        assertThat(cli.exitCode()).isZero();
        assertThat(cli.out()).contains("Usage: spdkio", "Commands:", "doctor", "help", "Exit codes:");
        assertThat(cli.err()).isEmpty();
    }

    @Test
    void missingCommandIsAUsageError() {
        Cli cli = Cli.run();
        assertThat(cli.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(cli.errorLine()).isEqualTo("spdkio: no command given; see spdkio help");
        assertThat(cli.out()).isEmpty();
    }

    @Test
    void unknownCommandIsAUsageError() {
        Cli cli = Cli.run("docter");
        assertThat(cli.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(cli.errorLine())
                .isEqualTo("spdkio: there is no command 'docter'; did you mean doctor; see spdkio help");
    }

    @Test
    void unknownOptionIsAUsageError() {
        Cli cli = Cli.run("doctor", "--jsn");
        assertThat(cli.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(cli.errorLine()).isEqualTo("spdkio doctor: unknown option: '--jsn'; see spdkio doctor --help");
    }

    @Test
    void surplusArgumentIsAUsageError() {
        Cli cli = Cli.run("doctor", "me");
        assertThat(cli.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(cli.errorLine())
                .isEqualTo("spdkio doctor: nothing is expected after the arguments, but there is 'me';"
                        + " see spdkio doctor --help");
    }
}
