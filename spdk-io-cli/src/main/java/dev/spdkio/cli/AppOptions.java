// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.IdlePolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of the commands that run an application: also its configuration and its reactors. */
public final class AppOptions extends EngineOptions {
    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec command;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "Configuration file in SPDK's JSON format, which makes the devices.")
    private @Nullable Path config;

    @Option(
            names = {"-m", "--cpumask"},
            paramLabel = "MASK",
            converter = CpuSetConverter.class,
            description = "Cores, as 0x3 or [0-1]; by default the first that may be used.")
    private @Nullable CpuSet cores;

    @Option(
            names = "--idle",
            paramLabel = "POLICY",
            converter = IdlePolicyChoice.class,
            description = "What a reactor without work does: busy or adaptive; by default adaptive, and busy in perf.")
    private @Nullable IdlePolicy idlePolicy;

    /**
     * The configuration file, or null.
     *
     * @throws ParameterException if it cannot be read
     */
    public @Nullable Path config() {
        if (config != null && !Files.isReadable(config)) {
            throw new ParameterException(command.commandLine(), "-c " + config + " is not a file that can be read");
        }
        return config;
    }

    /** The cores of the reactors, or null. */
    public @Nullable CpuSet cores() {
        return cores;
    }

    /** What was chosen, or {@code otherwise}. */
    public IdlePolicy idlePolicy(IdlePolicy otherwise) {
        return idlePolicy == null ? otherwise : idlePolicy;
    }
}
