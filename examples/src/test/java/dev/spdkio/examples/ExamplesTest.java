// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs every example in this JVM, and looks at the last line it prints. */
class ExamplesTest {
    private static final Map<String, String> LAST_LINES = new TreeMap<>(Map.ofEntries(
            Map.entry("AppLifecycle", "configuration of spdkio:1:16: subsystems: is 1: expected an array"),
            Map.entry("ConfigAndRpc", "devices: 2"),
            Map.entry("CustomBdev", "read back 1, stored 254"),
            Map.entry("DmaBuffers", "leaked: 1"),
            Map.entry("EitherEngine", "block 7 holds 42"),
            Map.entry("EncryptingFilter", "read back 42, stored as it is: false"),
            Map.entry("Errors", "written at try 3"),
            Map.entry("FileDevice", "the file holds 42"),
            Map.entry("H2OnBlobFs", "money in the bank: 100000"),
            Map.entry("HelloBdev", "hello, block device"),
            Map.entry("HelloBlob", "goodbye, blob"),
            Map.entry("HelloBlobFs", "goodbye, files"),
            Map.entry("HelloLvol", "goodbye, lvol"),
            Map.entry("HelloRuntime", "the answer is 42"),
            Map.entry("HotRemove", "devices left: 0"),
            Map.entry("HotRemoveStorm", "writes lost: 0, buffers left: 0, devices left: 0"),
            Map.entry("InPlace", "counted to 2"),
            Map.entry("LuceneOnBlobFs", "the index is clean"),
            Map.entry("ManyFutures", "sum read by virtual threads: 499500"),
            Map.entry("Messages", "counted 10001"),
            Map.entry("Mirror", "A is claimed: exclusive_write"),
            Map.entry("NioChannels", "a line that crosses the border of a block"),
            Map.entry(
                    "NvmeHost",
                    "give the transport id of a controller whose first block may be overwritten, such as trtype:TCP"
                            + " adrfam:IPv4 traddr:127.0.0.1 trsvcid:4420 subnqn:nqn.2016-06.io.spdk:cnode1"),
            Map.entry("PerThreadState", "4 contexts came, 0 are left"),
            Map.entry("Pollers", "ticked 5 times, then CLOSED"),
            Map.entry("RamDisk", "the RAM disk holds 42"),
            Map.entry("RateLimits", "no limits left: true"),
            Map.entry("ServeNvmf", "the target has ended"),
            Map.entry("Simulation", "b heard of it; hours: 3"),
            Map.entry("Tasks", "task sleeper of SpdkThread worker was cancelled"),
            Map.entry("ThreadPerCore", "20000 writes of 4096 bytes"),
            Map.entry("ThreeStyles", "straight-line: block 3 holds 7"),
            Map.entry("VectoredIo", "header 1, key 2, value 3")));

    private static Stream<String> examples() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("src/main/java/dev/spdkio/examples"))) {
            List<String> names = files.filter(ExamplesTest::hasMain)
                    .map(file -> file.getFileName().toString().replace(".java", ""))
                    .toList();
            return names.stream().sorted();
        }
    }

    private static boolean hasMain(Path file) {
        try {
            return Files.readString(file).contains("static void main(");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    @Timeout(60)
    void endsWithItsLastLine(String name) throws Exception {
        assertThat(LAST_LINES).as("every example has an expected last line").containsKey(name);
        String output = outputOf(name);
        assertThat(output.lines().toList()).last().isEqualTo(LAST_LINES.get(name));
    }

    @Test
    void expectsNoExampleThatIsNotThere() throws IOException {
        assertThat(examples()).containsAll(LAST_LINES.keySet());
    }

    private static String outputOf(String name) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream console = System.out;
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            Class.forName("dev.spdkio.examples." + name)
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) new String[0]);
        } catch (InvocationTargetException e) {
            throw new AssertionError(name + " failed after printing:\n" + bytes.toString(StandardCharsets.UTF_8), e);
        } finally {
            System.setOut(console);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
