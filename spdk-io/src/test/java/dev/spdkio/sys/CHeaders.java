// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Asks the C compiler of this machine what constants and layouts really are: a generated program prints the value of each
 * expression, and the values must be those that the Java code believes in. Expressions that the installed headers are too
 * old for are left out by {@code #ifdef}, and {@link #verify} insists that not all of them are.
 */
final class CHeaders {
    private final StringBuilder includes = new StringBuilder("#define _GNU_SOURCE\n");
    private final StringBuilder body = new StringBuilder();
    private final Map<String, Long> expected = new LinkedHashMap<>();

    CHeaders include(String... headers) {
        for (String header : headers) {
            includes.append("#include <").append(header).append(">\n");
        }
        return this;
    }

    /** Expects {@code offsetof} of a member, written as in C: {@code struct epoll_event, data}. */
    CHeaders offset(String structAndMember, long value) {
        return value("offsetof(" + structAndMember + ")", value);
    }

    CHeaders size(String type, long value) {
        return value("sizeof(" + type + ")", value);
    }

    /** Expects a constant that every supported version of the headers has. */
    CHeaders value(String expression, long value) {
        print(expression);
        expected.put(expression, value);
        return this;
    }

    /** Expects a macro that older headers do not have. */
    CHeaders macroIfDefined(String macro, long value) {
        body.append("#ifdef ").append(macro).append('\n');
        print(macro);
        body.append("#endif\n");
        expected.put(macro, value);
        return this;
    }

    /** Expects the offset of a member that came with the given macro. */
    CHeaders offsetIfDefined(String macro, String structAndMember, long value) {
        body.append("#ifdef ").append(macro).append('\n');
        offset(structAndMember, value);
        body.append("#endif\n");
        return this;
    }

    void verify(Path directory) throws Exception {
        Map<String, Long> actual = run(directory);
        assertThat(actual).hasSizeGreaterThan(expected.size() / 2);
        expected.keySet().retainAll(actual.keySet());
        assertThat(expected).isEqualTo(actual);
    }

    private void print(String expression) {
        body.append("    printf(\"%lld %s\\n\", (long long) (")
                .append(expression)
                .append("), \"")
                .append(expression)
                .append("\");\n");
    }

    private Map<String, Long> run(Path directory) throws Exception {
        assumeTrue(Platform.isLinux(), "needs Linux headers");
        assumeTrue(hasCompiler(), "needs gcc on the path");
        Path source = directory.resolve("probe.c");
        Files.writeString(
                source,
                includes + "#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n" + body + "    return 0;\n}\n");
        Path program = directory.resolve("probe");
        output(new ProcessBuilder("gcc", "-o", program.toString(), source.toString()));
        return output(new ProcessBuilder(program.toString()))
                .lines()
                .map(line -> line.split(" ", 2))
                .collect(Collectors.toMap(parts -> parts[1], parts -> Long.valueOf(parts[0])));
    }

    private static boolean hasCompiler() {
        try {
            output(new ProcessBuilder("gcc", "--version"));
            return true;
        } catch (IOException | InterruptedException missing) {
            return false;
        }
    }

    private static String output(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }
}
