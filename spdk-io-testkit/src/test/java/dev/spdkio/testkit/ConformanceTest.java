// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/conformance.md} names tests that exist, and leaves no case out. */
class ConformanceTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern TITLE = Pattern.compile("## .*, (\\d+) cases\\)");
    private static final Pattern TEST = Pattern.compile("`(\\w+)\\.(\\w+)`");
    private static final List<String> MODULES = List.of("spdk-io", "spdk-io-blob", "spdk-io-testkit", "spdk-io-native");

    private record Row(String section, String name, String tests, String result) {}

    private static List<Row> rows(Map<String, Integer> counts) throws IOException {
        List<Row> rows = new ArrayList<>();
        String section = "";
        for (String line : Files.readAllLines(ROOT.resolve("docs/conformance.md"))) {
            Matcher title = TITLE.matcher(line);
            if (line.startsWith("## ")) {
                section = title.matches() ? line : "";
                if (!section.isEmpty()) {
                    counts.put(section, Integer.valueOf(title.group(1)));
                }
            }
            String[] cells = line.split(" \\| ");
            if (!section.isEmpty() && cells.length == 3 && line.startsWith("| ") && !line.startsWith("| case")) {
                rows.add(new Row(section, cells[0].substring(2), cells[1], cells[2].replaceFirst(" \\|$", "")));
            }
        }
        return rows;
    }

    @Test
    void everyCaseHasARowAndEveryTestExists() throws IOException {
        Map<String, Integer> counts = new TreeMap<>();
        List<Row> rows = rows(counts);
        Map<String, Integer> found = new TreeMap<>();
        Set<String> names = new HashSet<>();
        for (Row row : rows) {
            found.merge(row.section(), 1, Integer::sum);
            assertThat(names.add(row.section() + row.name()))
                    .as("%s is there once", row.name())
                    .isTrue();
            checkTests(row);
        }
        assertThat(found).as("rows of each part").isEqualTo(counts).hasSizeGreaterThanOrEqualTo(4);
    }

    private static void checkTests(Row row) throws IOException {
        Matcher test = TEST.matcher(row.tests());
        int tests = 0;
        while (test.find()) {
            tests++;
            Path source = source(test.group(1));
            assertThat(Files.readString(source))
                    .as("%s names %s", row.name(), test.group())
                    .containsPattern("void " + test.group(2) + "\\(");
        }
        assertThat(row.result()).as(row.name()).matches(tests > 0 ? "(same|differs: ).*" : "not applicable: .+");
    }

    private static Path source(String name) {
        for (String module : MODULES) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src"))) {
                Path found = files.filter(f -> f.getFileName().toString().equals(name + ".java"))
                        .findAny()
                        .orElse(null);
                if (found != null) {
                    return found;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        throw new AssertionError("no source file of a class " + name);
    }
}
