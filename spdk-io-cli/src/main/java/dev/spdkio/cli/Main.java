// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import dev.spdkio.cli.blob.BlobCommand;
import dev.spdkio.cli.doctor.DoctorCommand;
import dev.spdkio.cli.perf.PerfCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The root command; without a subcommand it says how to get help. */
@Command(
        name = "spdkio",
        description = "User-space storage for the JVM: run, inspect and measure block devices.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            HelloCommand.class,
            PerfCommand.class,
            ServeCommand.class,
            RpcCommand.class,
            BlobCommand.class,
            DoctorCommand.class,
            HelpCommand.class
        },
        footer = {
            "",
            "Exit codes: 0 done, 1 the command failed, 2 the command line or a JSON text was wrong,",
            "130 and 143 ended by SIGINT and SIGTERM."
        })
public final class Main implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Log more to stderr; twice for everything.")
    private boolean[] verbose = {};

    /** Runs the command and leaves with its exit code. */
    public static void main(String[] args) {
        int code = commandLine().execute(args);
        // Returning would let a forgotten thread keep the process alive.
        System.exit(code);
    }

    static CommandLine commandLine() {
        Main main = new Main();
        CommandLine commandLine = new CommandLine(main)
                .setAbbreviatedOptionsAllowed(false)
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler(Failures::badUsage)
                .setExecutionExceptionHandler(Failures::failed);
        return commandLine.setExecutionStrategy(parsed -> {
            Logging.configure(main.verbose.length);
            return new CommandLine.RunLast().execute(parsed);
        });
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }
}
