// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.RuntimeLimits;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spdkio hello}: the smallest real program. {@link #writeAndReadBack} is the part to copy. */
@Command(
        name = "hello",
        description = "Write to a file through the whole asynchronous stack, read back and compare.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
public final class HelloCommand implements Callable<Integer> {
    private static final long FILE_BYTES = 1 << 20;
    private static final int BLOCK_SIZE = 512;
    private static final int BYTES = 4096;
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final String TEXT = "Hello from spdk-io for Java!";

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private EngineOptions engineOptions;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "FILE",
            description = "A file or block device, whose first " + BYTES + " bytes are put back afterwards;"
                    + " by default one that is made and deleted.")
    private @Nullable Path file;

    @Override
    public Integer call() throws IOException {
        if (file != null) {
            if (!Files.exists(file)) {
                throw new ParameterException(spec.commandLine(), "FILE " + file + " does not exist");
            }
            return run(file);
        }
        Path own = Files.createTempFile("spdkio-hello-", ".dat");
        try {
            Files.delete(own);
            FileBdev.create(own, FILE_BYTES);
            return run(own);
        } finally {
            Files.deleteIfExists(own);
        }
    }

    private int run(Path path) throws SpdkException {
        PrintWriter out = spec.commandLine().getOut();
        FileBdev device = FileBdev.of(
                "File0", path, new FileBdev.Options(BLOCK_SIZE, false, null, false), engineOptions.engine());
        try (SpdkApp app = engineOptions
                .apply(SpdkApp.builder())
                .name("hello")
                .configJson(BdevConfig.json(device.config()))
                .limits(RuntimeLimits.DEFAULT.withStallLimit(PATIENCE)) // the JVM loads its first classes now
                .start()) {
            out.printf("engine   %s%n", app.engine().name().toLowerCase(Locale.ROOT));
            out.printf("device   File0, %s by %s%n", path, device.driver());
            long start = System.nanoTime();
            String read = app.appThread()
                    .spawn("hello", () -> writeAndReadBack(app, "File0", TEXT))
                    .join();
            long millis = (System.nanoTime() - start) / 1_000_000;
            out.printf("written  \"%s\" and %d bytes around it%n", TEXT, BYTES - TEXT.length());
            out.printf("read     \"%s\"%n", read);
            out.printf("time     %d ms, with all that the JVM does only once%n", millis);
            out.println(read.equals(TEXT) ? "result   equal" : "result   DIFFERENT");
            out.flush();
            return read.equals(TEXT) ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    /** Straight-line code of a task: each read and write parks the task, never the reactor. */
    private static String writeAndReadBack(SpdkApp app, String bdev, String text) throws SpdkException {
        try (BdevDesc desc = app.bdevs().open(bdev, OpenMode.READ_WRITE, BdevEventListener.NONE);
                BdevChannel channel = desc.openChannel();
                DmaBuf before = app.dmaPool().allocate(BYTES);
                DmaBuf buf = app.dmaPool().allocate(BYTES)) {
            channel.read(before, 0);
            buf.copyFrom(text.getBytes(UTF_8));
            channel.write(buf, 0);
            buf.fill((byte) 0);
            channel.read(buf, 0);
            channel.write(before, 0);
            byte[] bytes = new byte[text.length()];
            buf.copyTo(0, bytes, 0, bytes.length);
            return new String(bytes, UTF_8);
        }
    }
}
