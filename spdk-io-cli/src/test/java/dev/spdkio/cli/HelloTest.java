// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.ExitCode;

class HelloTest {

    @TempDir
    private Path folder;

    @Test
    void makesItsOwnFile() {
        Cli cli = Cli.run("hello");
        assertThat(cli.exitCode()).as(cli.err()).isZero();
        assertThat(cli.err()).isEmpty();
        assertThat(cli.out())
                .contains("engine   java", "device   File0", "written  \"Hello", "read     \"Hello", "result   equal");
    }

    @Test
    void aFileOfTheUserIsAsBefore() throws IOException {
        byte[] content = new byte[8192];
        new Random(1).nextBytes(content);
        Path file = Files.write(folder.resolve("data"), content);
        Cli cli = Cli.run("hello", file.toString());
        assertThat(cli.exitCode()).as(cli.err()).isZero();
        assertThat(cli.out()).contains(file.toString(), "result   equal");
        assertThat(file).hasBinaryContent(content);
    }

    @Test
    void aMissingFileIsABadCommandLine() {
        Cli cli = Cli.run("hello", "/nonexistent/file");
        assertThat(cli.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(cli.errorLine())
                .isEqualTo("spdkio hello: FILE /nonexistent/file does not exist; see spdkio hello --help");
    }

    @Test
    void aFileThatIsTooSmallIsRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("tiny"), "x");
        Cli cli = Cli.run("hello", file.toString());
        assertThat(cli.exitCode()).isNotZero();
        assertThat(cli.errorLine()).startsWith("spdkio hello: ");
        assertThat(file).hasContent("x");
    }
}
