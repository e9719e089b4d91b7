// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A folder of libraries that look like SPDK's and do nothing, for what must not happen to the real ones. */
final class FakeSpdk {
    final Path folder;
    final Path packages;

    FakeSpdk(Path folder) throws IOException, InterruptedException {
        assumeCompiler();
        this.folder = Files.createDirectories(folder);
        this.packages = Files.createDirectories(folder.resolve("pkgconfig"));
    }

    static void assumeCompiler() throws InterruptedException {
        assumeTrue(exists("cc"), "there is no C compiler (cc)");
    }

    private static boolean exists(String command) throws InterruptedException {
        try {
            return new ProcessBuilder(command, "--version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** Functions of which the loader makes sure. */
    static String essentials() {
        return Libraries.ESSENTIAL.stream()
                .map(name -> "void " + name + "(void) {}\n")
                .collect(Collectors.joining());
    }

    /** Compiles a library, and links its plain name to it where the soname has a version. */
    Path library(String soname, String source, String... options) throws IOException, InterruptedException {
        Path c = Files.writeString(folder.resolve(soname + ".c"), source);
        Path library = folder.resolve(soname);
        List<String> command =
                new ArrayList<>(List.of("cc", "-shared", "-fPIC", "-w", "-Wl,--no-as-needed,-soname," + soname, "-o"));
        command.addAll(List.of(library.toString(), c.toString(), "-L" + folder));
        command.addAll(List.of(options));
        Process cc = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(cc.getInputStream().readAllBytes());
        assertThat(cc.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(cc.exitValue()).as(output).isZero();
        Path plain = folder.resolve(soname.substring(0, soname.indexOf(".so") + 3));
        if (!plain.equals(library)) {
            Files.createSymbolicLink(plain, library.getFileName());
        }
        return library;
    }

    void pc(String name, String requires, String libs) throws IOException {
        Files.writeString(packages.resolve(name + ".pc"), "Requires: " + requires + "\nLibs: " + libs + "\n");
    }
}
