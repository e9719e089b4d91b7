// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command as a process of its own: what only the end of a JVM shows. */
@Timeout(120)
class ProcessTest {
    private static final String MODULE_PATH = System.getProperty("jdk.module.path", "");

    @TempDir
    private Path folder;

    @BeforeEach
    void needsAModulePath() {
        assumeTrue(!MODULE_PATH.isEmpty(), "the tests run on the class path: there is no module path to start with");
    }

    private Process start(String... args) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "-Djava.io.tmpdir=" + folder));
        command.addAll(List.of(
                "--enable-native-access=dev.spdkio,dev.spdkio.spdk", "--add-opens", "java.base/java.lang=dev.spdkio"));
        command.addAll(List.of("-p", MODULE_PATH, "-m", "dev.spdkio.cli/dev.spdkio.cli.Main"));
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectError(err()).start();
    }

    private File err() {
        return folder.resolve("err.txt").toFile();
    }

    private Cli finish(Process process, String outSoFar) throws Exception {
        String out = outSoFar + process.inputReader().readAllAsString();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        String err = Files.readString(err().toPath());
        Files.delete(err().toPath());
        return new Cli(process.exitValue(), out, err);
    }

    private static String readUntil(Process process, String text) throws IOException {
        BufferedReader reader = process.inputReader();
        StringBuilder seen = new StringBuilder();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            seen.append(line).append('\n');
            if (line.contains(text)) {
                break;
            }
        }
        return seen.toString();
    }

    @Test
    void perfPrintsWhatItHasWhenItIsTerminated() throws Exception {
        Process perf = start("perf", "--malloc", "16M", "-w", "verify", "-t", "60", "--warmup", "0");
        String out = readUntil(perf, "from block 0");
        TimeUnit.SECONDS.sleep(1);
        perf.toHandle().destroy(); // unlike Process.destroy, it leaves the streams open
        Cli cli = finish(perf, out);
        assertThat(cli.exitCode()).as(cli.err()).isEqualTo(128 + 15);
        assertThat(cli.err()).isEmpty();
        assertThat(cli.out()).contains("stopped by signal", "Malloc0 core ", "miscompares 0");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void serveEndsInOrderWhenItIsTerminated() throws Exception {
        Path socket = folder.resolve("s.sock");
        Process serve = start("serve", "-r", socket.toString());
        String out = readUntil(serve, "stop it by:");
        assertThat(socket).exists();
        serve.toHandle().destroy(); // unlike Process.destroy, it leaves the streams open
        Cli cli = finish(serve, out);
        assertThat(cli.exitCode()).as(cli.err()).isEqualTo(128 + 15);
        assertThat(cli.err()).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void helloLeavesNothingBehind() throws Exception {
        Cli cli = finish(start("hello"), "");
        assertThat(cli.exitCode()).as(cli.err()).isZero();
        assertThat(cli.err()).as("no warnings of the JVM").isEmpty();
        assertThat(cli.out()).contains("result   equal");
        assertThat(folder).isEmptyDirectory();
    }

    /** A store with one blob, and an import of many clusters under way into it. */
    private Process importing(Path store) throws Exception {
        byte[] small = content(3 << 19, 1);
        assertThat(Cli.run("blob", "init", "--file", store.toString(), "--size", "256M")
                        .exitCode())
                .isZero();
        Path source = Files.write(folder.resolve("small"), small);
        assertThat(Cli.run("blob", "import", source.toString(), "--file", store.toString())
                        .exitCode())
                .isZero();
        int before = written(store);
        Path large = Files.write(folder.resolve("large"), content(200 << 20, 2));
        Process process = start("blob", "import", large.toString(), "--file", store.toString());
        while (process.isAlive() && written(store) < before + 4) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
        return process;
    }

    private static byte[] content(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        for (int at = 0; at < bytes; at += 1 << 20) {
            content[at] = 1; // so that it is seen when it is written
        }
        return content;
    }

    /** Clusters whose first byte is not zero. */
    private static int written(Path store) throws IOException {
        int written = 0;
        try (FileChannel channel = FileChannel.open(store)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            for (long at = 1 << 20; at < channel.size(); at += 1 << 20) {
                channel.read(one.clear(), at);
                written += one.get(0) == 0 ? 0 : 1;
            }
        }
        return written;
    }

    private void isSoundWithItsFirstBlob(Path store, int blobs) throws IOException {
        Cli check = Cli.run("blob", "check", "--file", store.toString());
        assertThat(check.exitCode()).as(check.out() + check.err()).isZero();
        assertThat(check.out()).contains("blobs              " + blobs + "\n", "result             sound");
        Path back = folder.resolve("back");
        assertThat(Cli.run("blob", "export", "0x100000000", back.toString(), "--file", store.toString())
                        .exitCode())
                .isZero();
        assertThat(back).hasBinaryContent(content(3 << 19, 1));
    }

    @Test
    void aStoreThatIsKilledInTheMiddleOfWritesIsRecovered() throws Exception {
        Path store = folder.resolve("store");
        Process killed = importing(store);
        assertThat(killed.isAlive()).isTrue();
        killed.toHandle().destroyForcibly();
        assertThat(finish(killed, "").exitCode()).isEqualTo(128 + 9);
        Cli check = Cli.run("blob", "check", "--file", store.toString());
        assertThat(check.exitCode()).as(check.out() + check.err()).isEqualTo(3);
        assertThat(check.out()).contains("the store was not unloaded", "result             recoverable");
        Cli repair = Cli.run("blob", "check", "--repair", "--file", store.toString());
        assertThat(repair.exitCode()).as(repair.out() + repair.err()).isZero();
        isSoundWithItsFirstBlob(store, 2);
    }

    @Test
    void anImportThatIsTerminatedLeavesNothingAndUnloads() throws Exception {
        Path store = folder.resolve("store");
        Process stopped = importing(store);
        stopped.toHandle().destroy(); // unlike Process.destroy, it leaves the streams open
        Cli cli = finish(stopped, "");
        assertThat(cli.exitCode()).as(cli.err()).isEqualTo(128 + 15);
        assertThat(cli.errorLine()).startsWith("spdkio blob import: import stopped by a signal after ");
        isSoundWithItsFirstBlob(store, 1);
    }

    @Test
    void aBadFlagIsOneLineAndExitCode2() throws Exception {
        Cli cli = finish(start("perf", "--null", "1X"), "");
        assertThat(cli.exitCode()).isEqualTo(2);
        assertThat(cli.out()).isEmpty();
        assertThat(cli.errorLine())
                .isEqualTo("spdkio perf: invalid value for option '--null': '1X' is not a size: write it as 4096, 4k,"
                        + " 64M or 1G; see spdkio perf --help");
    }
}
