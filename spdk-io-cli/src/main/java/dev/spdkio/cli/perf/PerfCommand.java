// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.SpdkApp;
import dev.spdkio.cli.AppOptions;
import dev.spdkio.cli.BdevConfig;
import dev.spdkio.cli.ByteSize;
import dev.spdkio.cli.CommandFailedException;
import dev.spdkio.cli.FileBdev;
import dev.spdkio.cli.Seconds;
import dev.spdkio.cli.SignalGate;
import dev.spdkio.cli.Version;
import dev.spdkio.rpc.ConfigException;
import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.IdlePolicy;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code spdkio perf}: the options; {@link PerfRun} does the work. */
@Command(
        name = "perf",
        description = "Measure or verify block devices, with the flags of SPDK's bdevperf.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footer = {
            "",
            "Each core of the mask runs one job for each device, on its own part of the device, as bdevperf -C does.",
            "Write workloads overwrite the device. Latencies of devices in memory are told by the reactor's"
                    + " clock, which is read once a round; those of others by a clock read for each I/O.",
            "",
            "  spdkio perf --null 1G -q 128 -t 10            what the stack itself costs",
            "  spdkio perf --malloc 64M -w verify -m 0x3     two cores, every byte checked",
            "  spdkio perf --file data --size 1G -w randrw -M 70",
        })
public final class PerfCommand implements Callable<Integer> {
    private static final int MAX_QUEUE_DEPTH = 65_536;
    private static final int DEFAULT_READ_PERCENT = 50;
    private static final int NO_READ_PERCENT = -1;
    private static final int DEFAULT_BLOCK_SIZE = 512;
    private static final long MAX_IO_SIZE = 64 << 20;
    private static final long MEMORY_BYTES = 1L << 30;
    private static final int MANY_DEVICES = 16;
    private static final double MILLIS = 1e3;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--file",
            paramLabel = "PATH",
            description =
                    "Make a device of this file or block device: by io_uring if there is one, else by FileChannel.")
    private @Nullable Path file;

    @Option(
            names = "--malloc",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "Make a device of memory of this size.")
    private @Nullable Long malloc;

    @Option(
            names = "--null",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "Make a device of this size that does nothing.")
    private @Nullable Long nullSize;

    @Option(
            names = {"-b", "--bdev"},
            paramLabel = "NAME",
            description = "Device of the configuration to use; may be repeated. By default all.")
    private List<String> bdevs = List.of();

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private AppOptions appOptions;

    @Option(
            names = {"-q", "--queue-depth"},
            paramLabel = "N",
            defaultValue = "128",
            description = "I/Os in flight of each job; default ${DEFAULT-VALUE}.")
    private int queueDepth;

    @Option(
            names = {"-o", "--io-size"},
            paramLabel = "SIZE",
            defaultValue = "4k",
            converter = ByteSize.class,
            description = "Size of an I/O; default ${DEFAULT-VALUE}.")
    private long ioSize;

    @Option(
            names = {"-w", "--workload"},
            paramLabel = "KIND",
            defaultValue = "randread",
            converter = Workload.Converter.class,
            description = {
                "read, write, randread, randwrite, rw, randrw, verify, write_zeroes, unmap, flush or reset;"
                        + " default ${DEFAULT-VALUE}. verify writes, reads back and compares;"
                        + " reset does the same and resets the device every second."
            })
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Workload workload;

    @Option(
            names = {"-M", "--read-percent"},
            paramLabel = "PERCENT",
            defaultValue = "" + NO_READ_PERCENT,
            description = "Share of reads of rw and randrw; default " + DEFAULT_READ_PERCENT + ".")
    private int readPercent;

    @Option(
            names = {"-t", "--time"},
            paramLabel = "SECONDS",
            defaultValue = "10",
            converter = Seconds.class,
            description = "How long to measure; default ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Duration time;

    @Option(
            names = "--warmup",
            paramLabel = "SECONDS",
            defaultValue = "2",
            converter = Seconds.class,
            description = "How long to run before, so that the JVM has compiled the code; default ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Duration warmup;

    @Option(
            names = {"-f", "--continue-on-error"},
            description = "Go on after an I/O that failed or a miscompare; by default the run ends there.")
    private boolean continueOnError;

    @Option(
            names = "--style",
            paramLabel = "STYLE",
            converter = IoStyle.Converter.class,
            defaultValue = "callback",
            description = "callback, future or task; default ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private IoStyle style;

    @Option(
            names = "--block-size",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "Block size of --file, --malloc or --null; default 512.")
    private @Nullable Long blockSize;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "Make the file of --file, this large and fully written. It stays.")
    private @Nullable Long size;

    @Option(names = "--aio", description = "Use --file by FileChannel even if there is io_uring.")
    private boolean aio;

    @Option(
            names = "--direct",
            negatable = true,
            description = "Make --file go past the page cache, or through it; by default past it where that works.")
    private @Nullable Boolean direct;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all figures into this file as one JSON object.")
    private @Nullable Path json;

    private String driver = "the configuration";

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        PerfOptions options = options();
        makeFile(out);
        CompletableFuture<StopReason> stop = new CompletableFuture<>();
        try (SignalGate gate = new SignalGate(() -> stop.complete(StopReason.SIGNAL))) {
            PerfResult result = measure(options, out, stop);
            out.println();
            out.print(PerfReport.write(result));
            out.flush();
            if (json != null) {
                Files.writeString(json, PerfJson.write(result));
            }
            String failure = result.firstFailure();
            if (failure != null) {
                throw new CommandFailedException(failure);
            }
            return ExitCode.OK;
        }
    }

    private PerfResult measure(PerfOptions options, PrintWriter out, CompletableFuture<StopReason> stop)
            throws IOException, InterruptedException {
        SpdkApp.Builder app = appOptions.apply(PerfRun.application(options, memory(options)));
        if (options.config() != null) {
            app.config(options.config());
        } else if (options.device() != null) {
            app.configJson(BdevConfig.json(options.device()));
        }
        try (SpdkApp running = app.start()) {
            out.printf(
                    "engine %s, devices by %s%s, style %s, cores %s, warm-up %s s, time %s s%n",
                    running.engine().name().toLowerCase(Locale.ROOT),
                    driver,
                    file == null ? "" : FileBdev.mode(running.bdevs().bdevs().getFirst()),
                    style,
                    options.cores().toListString(),
                    warmup.toMillis() / MILLIS,
                    time.toMillis() / MILLIS);
            return new PerfRun(running, options, out, new Progress(out, Progress.isTerminal()), stop).run();
        } catch (UnfitException | ConfigException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }

    /** DMA memory for the buffers of all jobs and for what devices take; it is only taken as it is needed. */
    private long memory(PerfOptions options) {
        long buffers =
                options.ioSize() * (long) options.queueDepth() * options.cores().count();
        return MEMORY_BYTES + 2 * buffers * MANY_DEVICES + 2 * (malloc == null ? 0 : malloc);
    }

    private PerfOptions options() {
        Path config = appOptions.config();
        CpuSet cores = appOptions.cores();
        if (Stream.of(config, file, malloc, nullSize).filter(Objects::nonNull).count() != 1) {
            throw wrong("give one of -c FILE, --file PATH, --malloc SIZE and --null SIZE");
        }
        inRange("-q", queueDepth, 1, MAX_QUEUE_DEPTH);
        inRange("-o", ioSize, 1, MAX_IO_SIZE);
        if (readPercent != NO_READ_PERCENT) {
            inRange("-M", readPercent, 0, 100);
            if (!workload.isMixed()) {
                throw wrong("-M is only for -w rw and -w randrw, not for -w " + workload);
            }
        }
        if (time.isZero()) {
            throw wrong("-t is 0: measure for some time");
        }
        if (workload.verifies() && style != IoStyle.CALLBACK) {
            throw wrong("-w " + workload + " is only there in --style callback, not in " + style);
        }
        if (config != null) {
            onlyWith("--block-size", blockSize != null, "--file, --malloc or --null");
        } else if (!bdevs.isEmpty()) {
            throw wrong("-b is only for the devices of -c");
        }
        if (file == null) {
            onlyWith("--size", size != null, "--file");
            onlyWith("--aio", aio, "--file");
            onlyWith("--direct", direct != null, "--file");
        }
        return new PerfOptions(
                config,
                device(),
                bdevs,
                queueDepth,
                (int) ioSize,
                workload,
                readPercent == NO_READ_PERCENT ? DEFAULT_READ_PERCENT : readPercent,
                style,
                cores != null ? cores : CpuSet.of(Cores.available().first()),
                appOptions.idlePolicy(IdlePolicy.BUSY),
                warmup,
                time,
                continueOnError);
    }

    private void onlyWith(String option, boolean given, String others) {
        if (given) {
            throw wrong(option + " is only for " + others);
        }
    }

    private void inRange(String option, long value, long min, long max) {
        if (value < min || value > max) {
            throw wrong(option + " is " + value + ": must be from " + min + " to " + max);
        }
    }

    private @Nullable BdevConfig device() {
        int block = (int) (blockSize == null ? DEFAULT_BLOCK_SIZE : blockSize.longValue());
        inRange("--block-size", blockSize == null ? block : blockSize, 1, MAX_IO_SIZE);
        if (ioSize % block != 0 && appOptions.config() == null) {
            throw wrong("-o " + ioSize + " is not a multiple of the block size, " + block);
        }
        if (malloc != null) {
            driver = "malloc";
            inRange("--malloc", malloc, ioSize, Long.MAX_VALUE);
            return BdevConfig.malloc("Malloc0", malloc, block);
        }
        if (nullSize != null) {
            driver = "null";
            inRange("--null", nullSize, ioSize, Long.MAX_VALUE);
            return BdevConfig.nullDevice("Null0", nullSize, block);
        }
        if (file != null) {
            FileBdev bdev = FileBdev.of(
                    "File0",
                    file,
                    new FileBdev.Options(block, workload.isReadOnly(), direct, aio),
                    appOptions.engine());
            driver = bdev.driver();
            return bdev.config();
        }
        return null;
    }

    private void makeFile(PrintWriter out) throws IOException {
        if (file == null) {
            return;
        }
        boolean there = Files.exists(file);
        if (size == null && !there) {
            throw wrong("--file " + file + " does not exist: add --size SIZE to make it");
        }
        if (size != null) {
            if (there) {
                throw wrong("--file " + file + " exists: leave --size out to use it as it is");
            }
            inRange("--size", size, ioSize, Long.MAX_VALUE);
            FileBdev.create(file, size);
            out.println("made " + file + ", " + ByteSize.format(size));
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
