// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.cli.FileBdev;
import dev.spdkio.runtime.Cores;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/**
 * Prints what the paths with a budget cost on this machine.
 *
 * <p>Each path has a JVM of its own, as in JMH: what the compiler learned of one must not help or harm the next.
 */
@Command(
        name = "benchmarks/run",
        description = "Measure the paths that have a budget on one core, and print a table. --jmh runs JMH instead.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class PerformanceTable implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--markdown", description = "Print Markdown, for docs/performance.md.")
    private boolean markdown;

    @Option(names = "--quick", description = "Only show that everything works, in some seconds.")
    private boolean quick;

    @Option(names = "--core", paramLabel = "N", description = "Measure on this core; by default the last.")
    private @Nullable Integer core;

    @Option(names = "--only", paramLabel = "KEY", split = ",", description = "Only these paths, such as null-qd128.")
    private List<String> only = List.of();

    @Option(names = "--dir", paramLabel = "DIR", description = "Where to make the file that is read, on a real disk.")
    private Path dir = Path.of(System.getProperty("java.io.tmpdir"));

    @Option(
            names = "--bdevperf",
            paramLabel = "PATH",
            description = "Run this bdevperf in turns with what it can do as well, and tell the ratio.")
    private @Nullable Path bdevperf;

    @Option(
            names = "--env",
            paramLabel = "FILE|NAME=VALUE",
            description = "Source this shell file, or set this variable, for bdevperf; may be repeated.")
    private List<String> environment = List.of();

    @Option(names = "--file", hidden = true, description = "In the JVM of one path: the file.")
    private @Nullable Path given;

    /** The command line. */
    public static void main(String[] args) {
        System.exit(execute(new PrintWriter(System.out, true, StandardCharsets.UTF_8), args));
    }

    /** Runs the command in this JVM. */
    static int execute(PrintWriter out, String... args) {
        return new CommandLine(new PerformanceTable()).setOut(out).execute(args);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        List<MeasuredPath> paths = paths();
        if (given != null) {
            out.println(JsonMapper.shared()
                    .writeValueAsString(paths.getFirst().measurer().measure(measuring(given))));
            return ExitCode.OK;
        }
        Path folder = Files.createTempDirectory(dir, "spdkio-bench");
        Path file = folder.resolve("file");
        try {
            FileBdev.create(file, times().fileBytes());
            Map<MeasuredPath, Result> results = new LinkedHashMap<>();
            for (MeasuredPath path : paths) {
                progress(path.title());
                results.put(path, quick ? path.measurer().measure(measuring(file)) : elsewhere(path, file));
            }
            out.print(TableText.write(results, Machine.describe(", measured on core " + core()), markdown, quick));
            out.flush();
        } finally {
            Files.deleteIfExists(file);
            Files.delete(folder);
        }
        return ExitCode.OK;
    }

    @SuppressWarnings("SystemOut") // the table alone goes to the output, so that it can be a file
    private static void progress(String title) {
        System.err.println("measuring " + title + " …");
    }

    private List<MeasuredPath> paths() {
        for (String key : only) {
            if (MeasuredPath.ALL.stream().noneMatch(path -> path.key().equals(key))) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--only " + key + " is no path: there are "
                                + String.join(
                                        ", ",
                                        MeasuredPath.ALL.stream()
                                                .map(MeasuredPath::key)
                                                .toList()));
            }
        }
        return MeasuredPath.ALL.stream()
                .filter(path -> only.isEmpty() || only.contains(path.key()))
                .toList();
    }

    private Times times() {
        return quick ? Times.QUICK : Times.FULL;
    }

    private int core() {
        if (core == null) {
            // Interrupts prefer the first.
            return Cores.available().stream().max().orElseThrow();
        }
        if (!Cores.available().contains(core)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--core " + core + " is not a core that this process may use: "
                            + Cores.available().toListString());
        }
        return core;
    }

    private Measuring measuring(Path file) {
        return new Measuring(times(), core(), file, bdevperf == null ? null : new Bdevperf(bdevperf, environment));
    }

    /** Measures in a JVM of its own with the options of this one. */
    private Result elsewhere(MeasuredPath path, Path file) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), PerformanceTable.class.getName()));
        command.addAll(List.of("--only", path.key(), "--file", file.toString(), "--core", "" + core()));
        if (bdevperf != null) {
            command.addAll(List.of("--bdevperf", bdevperf.toString()));
        }
        environment.forEach(value -> command.addAll(List.of("--env", value)));
        return JsonMapper.shared().readValue(Programs.output(command), Result.class);
    }
}
