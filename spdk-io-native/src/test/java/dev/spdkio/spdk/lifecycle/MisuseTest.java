// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.spdk.Spdk;
import dev.spdkio.sys.Hugepages;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What would crash a C program ends in an exception here; each case runs in a JVM of its own. */
class MisuseTest {
    @TempDir
    Path folder;

    static Stream<Arguments> cases() {
        return Stream.of(
                of(
                        "wrongThread",
                        "submit in main: WrongThreadException: .*belongs to SpdkThread owner.*OS thread main",
                        "submit in another: WrongThreadException: .*called on SpdkThread other",
                        "channel in main: WrongThreadException"),
                of(
                        "closeTwice",
                        "read: IllegalStateException: .*is closed",
                        "channel: IllegalStateException: .*is closed",
                        "message: IllegalStateException: SpdkThread app_thread has exited",
                        "thread: IllegalStateException: runtime child is closed"),
                of("flood", "received 900000", "from a reactor: LimitExceededException: .*messagesPerThread = 1024"),
                of("exitWithChannels", "exited EXITED", "read: IllegalStateException: .*has exited"),
                of("exitWithIo", "exited EXITED", "read: SpdkException: .*SpdkThread owner has exited"),
                of(
                        "stopWithIo",
                        "stopped",
                        "read: SpdkException: .*SpdkThread owner has exited",
                        "again: SpdkException: .*was stopped while its devices were in use"),
                of("throwing", "method: RpcException: .*thrown by a method", "SPDK's method: RpcException"),
                of("removed", "open: SpdkException: .*ENODEV", "read after the close: IllegalStateException"),
                of("twoApplications", "second: SpdkException: SPDK runs in this JVM already"),
                of("environment", "memory 0 TiB behind its base"),
                of("badToken", "start: SpdkException: .*cannot be initialised.*no UUID"),
                of("manyIos", "channel: LimitExceededException: .*100000 I/Os.*take fewer.*bdevIoPoolSize = 65536"),
                of("littleMemory", "start: LimitExceededException: .*raise the limit"),
                of("manyThreads", "used by \\d+"),
                of("manyThreadsWithRoom", "used by 100"),
                of("moving", "moved"));
    }

    private static Arguments of(String name, String... patterns) {
        return Arguments.of(name, List.of(patterns));
    }

    @Test
    void withoutHugepagesItSaysWhatToDo() throws Exception {
        assumeTrue(!Hugepages.anyFree(), "hugepages are free here: SPDK starts with them");
        endsInAnException("noHugepages", List.of("start: SpdkException: .*EnvOptions.withoutHugepages"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void endsInAnException(String name, List<String> patterns) throws Exception {
        assumeTrue(
                Spdk.isAvailable(),
                () -> Spdk.unavailabilityCause().orElseThrow().getMessage());
        ChildJvm.Result result = ChildJvm.run(folder, Misuse.class, name);
        assertThat(result.exitCode()).as(result.output()).isZero();
        for (String pattern : patterns) {
            assertThat(result.output()).containsPattern("> " + pattern);
        }
        assertThat(result.output()).contains("> done");
    }
}
