// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The root command; without a subcommand it says how to get help. */
@Command(
        name = "spdkio",
        description = "User-space storage for the JVM: run, inspect and measure block devices.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {HelpCommand.class})
public final class Main implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /** Runs the command and leaves with its exit code. */
    public static void main(String[] args) {
        int code = commandLine().execute(args);
        // Returning would let a forgotten thread keep the process alive.
        System.exit(code);
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main()).setCaseInsensitiveEnumValuesAllowed(true);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command; spdkio help lists them");
    }
}
