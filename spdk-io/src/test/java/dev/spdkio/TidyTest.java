// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** House rules that a compiler does not check, over the main sources of every module. */
class TidyTest {

    private static final int MAX_COLUMNS = 120;
    private static final int MAX_LINES = 600;
    private static final String LICENCE = "// SPDX-License-Identifier: Apache-2.0";
    private static final Pattern OPEN_END = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");
    private static final Pattern PUBLIC_TYPE =
            Pattern.compile("public (?:[a-z-]+ )*(?:class|interface|@interface|record|enum) \\w+.*");

    private static List<Path> sources() throws IOException {
        try (Stream<Path> modules = Files.list(Path.of("..").toRealPath())) {
            return modules.filter(module -> Files.exists(module.resolve("pom.xml")))
                    .map(module -> module.resolve(Path.of("src", "main", "java")))
                    .filter(Files::isDirectory)
                    .flatMap(TidyTest::javaFiles)
                    .sorted()
                    .toList();
        }
    }

    private static Stream<Path> javaFiles(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void mainSourcesAreTidy() throws IOException {
        List<Path> sources = sources();
        assertThat(sources).as("the scan found this module").anyMatch(file -> file.endsWith("runtime/CpuSet.java"));
        List<String> complaints = new ArrayList<>();
        for (Path source : sources) {
            for (String complaint : complaints(Files.readAllLines(source))) {
                complaints.add(source + ":" + complaint);
            }
        }
        assertThat(complaints).isEmpty();
    }

    /** What is untidy in one file, each as {@code line: complaint}. */
    static List<String> complaints(List<String> lines) {
        List<String> found = new ArrayList<>();
        if (lines.isEmpty() || !lines.getFirst().equals(LICENCE)) {
            found.add("1: the first line must be " + LICENCE);
        }
        if (lines.size() > MAX_LINES) {
            found.add(lines.size() + ": more than " + MAX_LINES + " lines; split the file by concept");
        }
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.length() > MAX_COLUMNS) {
                found.add((i + 1) + ": " + line.length() + " columns; at most " + MAX_COLUMNS);
            }
            if (OPEN_END.matcher(line).find()) {
                found.add((i + 1) + ": open end; finish it or describe the limit in Javadoc");
            }
            if (PUBLIC_TYPE.matcher(line).matches() && !hasJavadoc(lines, i)) {
                found.add((i + 1) + ": public type without Javadoc");
            }
        }
        return found;
    }

    /** Javadoc ends above the type, with nothing but annotations between. */
    private static boolean hasJavadoc(List<String> lines, int type) {
        for (int i = type - 1; i >= 0; i--) {
            String line = lines.get(i);
            if (line.endsWith("*/")) {
                return true;
            }
            if (line.isBlank() || line.startsWith("import ") || line.equals("}")) {
                return false;
            }
        }
        return false;
    }

    @Test
    void findsWhatIsUntidy() {
        assertThat(complaints(
                        List.of(LICENCE, "package a;", "", "/** Doc. */", "@Deprecated", "public final class A {}")))
                .isEmpty();
        assertThat(complaints(List.of("package a;", "", "public sealed interface A {}", "//" + "x".repeat(119))))
                .containsExactly(
                        "1: the first line must be " + LICENCE,
                        "3: public type without Javadoc",
                        "4: 121 columns; at most 120");
        assertThat(complaints(List.of(LICENCE, "// TO" + "DO later")))
                .containsExactly("2: open end; finish it or describe the limit in Javadoc");
        List<String> longFile = new ArrayList<>(List.of(LICENCE));
        for (int i = 0; i < MAX_LINES; i++) {
            longFile.add("");
        }
        assertThat(complaints(longFile)).containsExactly("601: more than 600 lines; split the file by concept");
    }
}
