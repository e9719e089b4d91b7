// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.SpdkApp;
import dev.spdkio.cli.AppOptions;
import dev.spdkio.cli.BdevConfig;
import dev.spdkio.cli.ByteSize;
import dev.spdkio.cli.FileBdev;
import dev.spdkio.cli.PrettyJson;
import dev.spdkio.cli.SignalGate;
import dev.spdkio.cli.Version;
import dev.spdkio.rpc.ConfigException;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.IdlePolicy;
import dev.spdkio.runtime.RuntimeLimits;
import dev.spdkio.runtime.SpdkThread;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command on the device of a store: finds it, and does its work, which a signal may end early, in good order. */
@Command(mixinStandardHelpOptions = true, versionProvider = Version.class, sortOptions = false)
abstract class DeviceCommand implements Callable<Integer> {
    static final String FILE_BDEV = "File0";

    private static final long MEMORY_BYTES = 256 << 20;
    private static final int MAX_BLOCK_SIZE = 1 << 16;

    /** The JVM loads its classes meanwhile. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--file", paramLabel = "PATH", description = "The file or block device that the store is on.")
    private @Nullable Path file;

    @Option(
            names = "--block-size",
            paramLabel = "SIZE",
            defaultValue = "512",
            converter = ByteSize.class,
            description = "Bytes of a block of --file, and so of an io unit of a new store; default ${DEFAULT-VALUE}.")
    private long blockSize;

    @Option(
            names = {"-b", "--bdev"},
            paramLabel = "NAME",
            description = "The device of the configuration that the store is on.")
    private @Nullable String bdev;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private AppOptions appOptions;

    /** The work. What it gives is printed, by {@link #print} if it is for people. */
    abstract Map<String, Object> run(SpdkApp app, SpdkThread thread, String device, Stop stop) throws Exception;

    /** Whether it writes the device. */
    boolean writes() {
        return true;
    }

    /** Before anything is started: checks arguments. */
    void prepare(@Nullable Path path) throws IOException {
        if (path != null && !Files.exists(path)) {
            throw wrong("--file " + path + " does not exist: spdkio blob init --size SIZE makes it, with a store");
        }
    }

    /** The exit code for what {@link #run} gave. */
    int exitCode(Map<String, Object> result) {
        return ExitCode.OK;
    }

    void print(PrintWriter out, Map<String, Object> result) {
        Lines.print(out, result);
    }

    @Override
    public Integer call() throws Exception {
        Path config = appOptions.config();
        if ((file == null) == (config == null)) {
            throw wrong("give one of --file PATH and -c FILE");
        }
        if ((config == null) != (bdev == null)) {
            throw wrong(bdev == null ? "-c needs -b NAME, the device" : "-b is only for the devices of -c");
        }
        if (blockSize < 1 || blockSize > MAX_BLOCK_SIZE) {
            throw wrong("--block-size is " + blockSize + ": must be from 1 to " + MAX_BLOCK_SIZE);
        }
        prepare(file);
        Stop stop = new Stop();
        try (SignalGate gate = new SignalGate(stop::request)) {
            return work(config, stop);
        }
    }

    private int work(@Nullable Path config, Stop stop) throws Exception {
        try (SpdkApp app = builder(config).start()) {
            SpdkThread thread = app.runtime().createThread("blobs");
            Map<String, Object> result = run(app, thread, bdev == null ? FILE_BDEV : bdev, stop);
            PrintWriter out = out();
            if (json) {
                out.print(PrettyJson.write(result));
            } else {
                print(out, result);
            }
            out.flush();
            return exitCode(result);
        } catch (Stop.StoppedException e) { // told here, for the process ends when the gate is closed
            PrintWriter err = spec.commandLine().getErr();
            err.println(spec.qualifiedName() + ": " + e.getMessage());
            err.flush();
            return ExitCode.SOFTWARE;
        } catch (ConfigException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }

    private SpdkApp.Builder builder(@Nullable Path config) {
        SpdkApp.Builder app = appOptions
                .apply(SpdkApp.builder())
                .name("blob")
                .memorySize(MEMORY_BYTES)
                .idlePolicy(appOptions.idlePolicy(IdlePolicy.ADAPTIVE))
                .limits(RuntimeLimits.DEFAULT.withStallLimit(PATIENCE))
                .ignoreSignals();
        if (config != null) {
            app.config(config);
        } else if (file != null) {
            FileBdev.Options how = new FileBdev.Options((int) blockSize, !writes(), null, false);
            app.configJson(BdevConfig.json(
                    FileBdev.of(FILE_BDEV, file, how, appOptions.engine()).config()));
        }
        CpuSet cores = appOptions.cores();
        return cores == null ? app : app.reactorMask(cores);
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** Whether the result is for programs. */
    boolean isJson() {
        return json;
    }

    /** The command line is wrong. */
    ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
