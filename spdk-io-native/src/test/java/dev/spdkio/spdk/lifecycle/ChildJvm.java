// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.spdk.Spdk;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs a main class of these tests in a JVM of its own, with the same modules: what may end a process is tried there.
 *
 * <p>A signal, an abort, a crash report or a hang fails the test and shows what the child wrote.
 */
final class ChildJvm {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int KILLED_BY_SIGNAL = 128;

    private ChildJvm() {}

    /** What a child left. */
    record Result(int exitCode, String output) {}

    /** Runs {@code main}, whose files and crash report go to {@code folder}. */
    static Result run(Path folder, Class<?> main, String... arguments) throws IOException, InterruptedException {
        Path log = folder.resolve("output");
        Path report = folder.resolve("hs_err");
        List<String> command = command(main, report);
        command.addAll(List.of(arguments));
        Process child = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        boolean ended;
        try {
            ended = child.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            if (!ended) {
                stacks(child);
            }
        } finally {
            child.destroyForcibly().waitFor();
        }
        String output = Files.readString(log);
        assertThat(ended)
                .as("%s ends within %s; it wrote: %s", List.of(arguments), PATIENCE, output)
                .isTrue();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.filter(f -> f.getFileName().toString().startsWith("hs_err")))
                    .as("crash reports; the child wrote: %s", output)
                    .isEmpty();
        }
        assertThat(child.exitValue())
                .as("exit code; the child wrote: %s", output)
                .isBetween(0, KILLED_BY_SIGNAL - 1);
        return new Result(child.exitValue(), output);
    }

    /** A child that hangs shows where; it is killed soon, whether it has done so or not. */
    private static void stacks(Process child) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-QUIT", Long.toString(child.pid())).start().waitFor();
        child.waitFor(2, TimeUnit.SECONDS);
    }

    private static List<String> command(Class<?> main, Path report) {
        String module = Spdk.class.getModule().getName();
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx512m", "-XX:-CreateCoredumpOnCrash"));
        command.add("-XX:ErrorFile=" + report);
        command.add("--enable-native-access=dev.spdkio,dev.spdkio.spdk");
        command.addAll(List.of("--add-opens", "java.base/java.lang=dev.spdkio"));
        System.getProperties().stringPropertyNames().stream()
                .filter(p -> p.startsWith("dev.spdkio."))
                .forEach(p -> command.add("-D" + p + "=" + System.getProperty(p)));
        command.addAll(List.of("--module-path", System.getProperty("jdk.module.path", "")));
        command.addAll(List.of("--patch-module", module + "=" + tests()));
        command.addAll(List.of("--add-modules", "ALL-MODULE-PATH"));
        command.addAll(List.of("-m", module + "/" + main.getName()));
        return command;
    }

    /** The folder of the classes of the tests. */
    private static Path tests() {
        Path file;
        try {
            file = Path.of(Objects.requireNonNull(ChildJvm.class.getResource("ChildJvm.class"))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        Path folder = file;
        for (int i = 0; i < ChildJvm.class.getName().split("\\.").length; i++) {
            folder = Objects.requireNonNull(folder.getParent());
        }
        return folder;
    }
}
