// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.cli.Cli;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.ExitCode;

/** What is wrong with the command line is one line and exit code 2, before anything starts. */
class PerfErrorsTest {

    @TempDir
    private Path folder;

    private static String error(String... args) {
        List<String> words = new ArrayList<>(List.of("perf"));
        words.addAll(List.of(args));
        Cli cli = Cli.run(words.toArray(String[]::new));
        assertThat(cli.exitCode()).as(cli.err()).isEqualTo(ExitCode.USAGE);
        assertThat(cli.errorLine()).startsWith("spdkio perf: ").endsWith("; see spdkio perf --help");
        return cli.errorLine().substring("spdkio perf: ".length()).replace("; see spdkio perf --help", "");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            -q 1 | give one of -c FILE, --file PATH, --malloc SIZE and --null SIZE
            --null 1G --malloc 1G | give one of -c FILE, --file PATH, --malloc SIZE and --null SIZE
            --null 1G -q 0 | -q is 0: must be from 1 to 65536
            --null 1G -q 65537 | -q is 65537: must be from 1 to 65536
            --null 1G -o 0 | -o is 0: must be from 1 to 67108864
            --null 1G -o 1000 | -o 1000 is not a multiple of the block size, 512
            --null 1G -o 4k --block-size 8k | -o 4096 is not a multiple of the block size, 8192
            --null 1k -o 4k | --null is 1024: must be from 4096 to 9223372036854775807
            --null 1G -w rw -M 101 | -M is 101: must be from 0 to 100
            --null 1G -w read -M 50 | -M is only for -w rw and -w randrw, not for -w read
            --null 1G -t 0 | -t is 0: measure for some time
            --null 1G -w verify --style task | -w verify is only there in --style callback, not in task
            --null 1G -b Null0 | -b is only for the devices of -c
            --null 1G --aio | --aio is only for --file
            --null 1G --size 1M | --size is only for --file
            --file /nonexistent | --file /nonexistent does not exist: add --size SIZE to make it
            -c /nonexistent | -c /nonexistent is not a file that can be read
            --null 1G --zap | unknown option: '--zap'
            """)
    void saysWhatIsWrong(String args, String message) {
        assertThat(error(args.split(" "))).isEqualTo(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            --null 1X | '1X' is not a size: write it as 4096, 4k, 64M or 1G
            --null 1G -t soon | 'soon' is not a time: write seconds as 10 or 0.5
            --null 1G -q many | 'many' is not an int
            --null 1G -w writ | 'writ' is not one of read, write, randread,
            --null 1G -m [0-9999] | [0-9999]
            --null 1G -m 0x0 | '0x0' names no core
            --null 1G --style fast | 'fast' is not one of callback, future, task
            --null 1G --idle lazy | 'lazy' is not one of busy, adaptive
            """)
    void namesTheOptionWithABadValue(String args, String message) {
        assertThat(error(args.split(" ")))
                .startsWith("invalid value for option '-")
                .contains(message);
    }

    @Test
    void anExistingFileIsNotOverwritten() throws IOException {
        Path file = Files.writeString(folder.resolve("data"), "precious");
        assertThat(error("--file", file.toString(), "--size", "1M"))
                .isEqualTo("--file " + file + " exists: leave --size out to use it as it is");
        assertThat(file).hasContent("precious");
    }

    @Test
    void badConfigurationIsABadCommandLine() throws IOException {
        Path config = Files.writeString(folder.resolve("c.json"), "{\"subsystems\": [ }");
        assertThat(error("-c", config.toString())).contains(config + ":1:", "not valid JSON");
    }

    @Test
    void unknownDeviceIsABadCommandLine() throws IOException {
        Path config = folder.resolve("c.json");
        Files.writeString(config, """
                {"subsystems": [{"subsystem": "bdev", "config": [
                  {"method": "bdev_null_create", "params": {"name": "N1", "num_blocks": 1000, "block_size": 4096}}]}]}
                """);
        assertThat(error("-c", config.toString(), "-b", "N2")).isEqualTo("there is no bdev N2 for -b: there are N1");
        assertThat(error("-c", config.toString(), "-o", "512"))
                .isEqualTo("-o 512 is not a multiple of the block size of bdev N1, 4096");
    }
}
