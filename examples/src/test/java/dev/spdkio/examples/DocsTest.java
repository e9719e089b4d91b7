// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the guides quote and name must be there: sources, files, headings, commands, types, methods, RPC methods. */
class DocsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path EXAMPLES = ROOT.resolve("examples/src/main/java/dev/spdkio/examples");

    private static final Pattern COMMAND = Pattern.compile("\\./spdkio((?: +[^\\s`|&;)]+)*)");
    private static final Pattern EXAMPLE = Pattern.compile("examples/run +([A-Z]\\w+)");
    private static final Pattern COMMAND_NAME = Pattern.compile("@Command\\(\\s*name = \"([^\"]+)\"");
    private static final Pattern PROJECT_FILE = Pattern.compile("[\\w.-]+(?:/[\\w.-]+)+/?|[\\w-]+\\.md");
    private static final Pattern RPC_METHOD = Pattern.compile("[a-z]+(?:_[a-z0-9]+)+");

    /** What stands in a message for what varies. */
    private static final Pattern VARYING =
            Pattern.compile("\\b(?:NAMES?|LIST|SOMETHING|PATH|LINE|COLUMN|N)\\b|reactor_N|0xN|…|PT\\d+S|[()\\[\\]=]");

    /** Shorter parts of a message say too little. */
    private static final int SHORTEST_PART = 8;

    /** Tables whose other columns name what other projects have; the last has a test of its own. */
    private static final Set<String> COMPARING = Set.of("docs/features.md", "docs/naming.md", "docs/conformance.md");

    private static final String OUR_COLUMN = "Java";

    private static final Map<String, Markdown> DOCS = new LinkedHashMap<>();
    private static Snippets snippets;
    private static SourceNames names;

    @BeforeAll
    static void read() throws IOException {
        snippets = Snippets.in(ROOT.resolve("examples/src"));
        names = SourceNames.of(ROOT);
        try (Stream<Path> top = Files.list(ROOT);
                Stream<Path> guides = Files.walk(ROOT.resolve("docs"))) {
            List<Path> files = Stream.concat(top, guides)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList();
            for (Path file : files) {
                DOCS.put(ROOT.relativize(file).toString(), Markdown.read(file));
            }
        }
        if (Boolean.getBoolean("docs.update")) {
            for (Map.Entry<String, Markdown> doc : DOCS.entrySet()) {
                List<String> lines = snippets.updated(doc.getValue());
                Files.write(ROOT.resolve(doc.getKey()), lines);
                doc.setValue(new Markdown(lines));
            }
        }
    }

    @Test
    void looksAtTheRealFiles() {
        assertThat(DOCS.keySet()).contains("README.md", "CHANGELOG.md", "docs/README.md", "docs/features.md");
        assertThat(snippets.regions()).containsKey("runtime-hello");
        assertThat(names.isOurs("SpdkThread.send(…)")).isTrue();
    }

    @Test
    void javaBlocksAreCompiled() {
        Set<String> used = new HashSet<>();
        List<String> complaints = new ArrayList<>(snippets.complaints());
        DOCS.forEach((file, text) -> complaints.addAll(snippets.check(file, text, used)));
        complaints.addAll(snippets.unused(used));
        assertThat(complaints).isEmpty();
    }

    @Test
    void linksLeadSomewhere() throws IOException {
        List<String> complaints = new ArrayList<>();
        for (Map.Entry<String, Markdown> doc : DOCS.entrySet()) {
            Path file = ROOT.resolve(doc.getKey());
            for (Markdown.Piece link : doc.getValue().links()) {
                if (link.text().contains("://")) {
                    continue;
                }
                String[] parts = link.text().split("#", 2);
                Path target = parts[0].isEmpty()
                        ? file
                        : file.resolveSibling(parts[0]).normalize();
                if (!Files.exists(target)) {
                    complaints.add(at(doc.getKey(), link) + "there is no file " + parts[0]);
                } else if (parts.length == 2 && !Markdown.read(target).anchors().contains(parts[1])) {
                    complaints.add(at(doc.getKey(), link) + "there is no heading #" + parts[1]);
                }
            }
        }
        assertThat(complaints).isEmpty();
    }

    /** A name with a slash whose first folder is ours is meant to be a file of this project. */
    @Test
    void namedFilesExist() {
        List<String> complaints = new ArrayList<>();
        DOCS.forEach((file, text) -> text.code().forEach(code -> {
            if (PROJECT_FILE.matcher(code.text()).matches()) {
                Path folder = ROOT.resolve(code.text().split("/", 2)[0]);
                Path beside = ROOT.resolve(file).resolveSibling(code.text());
                boolean meant = code.text().endsWith(".md") || Files.exists(folder);
                if (meant && !Files.exists(ROOT.resolve(code.text())) && !Files.exists(beside)) {
                    complaints.add(at(file, code) + "there is no file " + code.text());
                }
            }
        }));
        assertThat(complaints).isEmpty();
    }

    @Test
    void commandsExist() throws IOException {
        String cli = sourcesBelow(ROOT.resolve("spdk-io-cli/src/main/java"));
        Set<String> commands = new HashSet<>(Set.of("help"));
        COMMAND_NAME.matcher(cli).results().forEach(m -> commands.add(m.group(1)));
        List<String> complaints = new ArrayList<>();
        DOCS.forEach((file, text) -> {
            for (int i = 0; i < text.lines().size(); i++) {
                Matcher m = COMMAND.matcher(text.lines().get(i));
                while (m.find()) {
                    for (String complaint : unknownWords(m.group(1).strip(), commands, cli)) {
                        complaints.add(file + ":" + (i + 1) + ": " + complaint);
                    }
                }
            }
        });
        assertThat(complaints).isEmpty();
    }

    private static List<String> unknownWords(String arguments, Set<String> commands, String cli) {
        List<String> unknown = new ArrayList<>();
        String[] words = arguments.isEmpty() ? new String[0] : arguments.split(" +");
        if (words.length > 0 && words[0].matches("[a-z][a-z-]*") && !commands.contains(words[0])) {
            unknown.add("spdkio has no command " + words[0]);
        }
        for (String word : words) {
            String option = word.split("=", 2)[0];
            boolean standard = Set.of("--help", "--version").contains(option);
            if (option.matches("--[a-z-]+") && !standard && !cli.contains("\"" + option + "\"")) {
                unknown.add("spdkio has no option " + option);
            }
        }
        return unknown;
    }

    @Test
    void namedExamplesExist() {
        List<String> complaints = new ArrayList<>();
        DOCS.forEach((file, text) -> {
            for (int i = 0; i < text.lines().size(); i++) {
                Matcher m = EXAMPLE.matcher(text.lines().get(i));
                while (m.find()) {
                    if (!Files.exists(EXAMPLES.resolve(m.group(1) + ".java"))) {
                        complaints.add(file + ":" + (i + 1) + ": there is no example " + m.group(1));
                    }
                }
            }
        });
        assertThat(complaints).isEmpty();
    }

    @Test
    void namedTypesAndMethodsExist() {
        List<String> complaints = new ArrayList<>();
        DOCS.forEach((file, text) -> {
            if (!COMPARING.contains(file)) {
                text.code().forEach(code -> checkName(file, code, complaints));
                return;
            }
            for (Markdown.Row row : text.rows()) {
                String ours = row.cell(OUR_COLUMN);
                if (ours != null) {
                    Markdown.codeIn(new Markdown.Piece(row.line(), ours))
                            .forEach(code -> checkName(file, code, complaints));
                }
            }
        });
        assertThat(complaints).isEmpty();
    }

    private static void checkName(String file, Markdown.Piece code, List<String> complaints) {
        if (SourceNames.looksLikeType(code.text())
                && !names.isOurs(code.text())
                && !SourceNames.isOfJdk(code.text())
                && !Files.exists(EXAMPLES.resolve(code.text() + ".java"))) {
            complaints.add(at(file, code) + code.text() + " is no type or method of this project or of the JDK");
        }
    }

    /** The table of features says of each row what is there, and names it. */
    @Test
    void featuresAreHonest() {
        List<String> complaints = new ArrayList<>();
        List<Markdown.Row> rows = DOCS.get("docs/features.md").rows().stream()
                .filter(row -> row.header().contains("State"))
                .toList();
        for (Markdown.Row row : rows) {
            String where = "docs/features.md:" + row.line() + ": ";
            if (row.cells().size() != row.header().size()) {
                complaints.add(where + row.cells().size() + " cells under "
                        + row.header().size() + " headers");
                continue;
            }
            String state = row.cell("State");
            String ours = row.cell(OUR_COLUMN);
            boolean named =
                    !Markdown.codeIn(new Markdown.Piece(row.line(), ours)).isEmpty();
            switch (state) {
                case "done", "partly" -> {
                    if (!named) {
                        complaints.add(where + "is " + state + ", but names nothing of ours between back quotes");
                    }
                    if (row.cell("Engine").equals("–")) {
                        complaints.add(where + "is " + state + " on no engine");
                    }
                }
                case "planned", "not planned" -> {
                    if (named || !row.cell("Engine").equals("–")) {
                        complaints.add(where + "is " + state + ", but claims something");
                    }
                }
                default -> complaints.add(where + "state " + state + " is none of done, partly, planned, not planned");
            }
        }
        assertThat(rows).hasSizeGreaterThan(100);
        assertThat(complaints).isEmpty();
    }

    /** A heading that is the name of an RPC method names one that somebody registers. */
    @Test
    void describedRpcMethodsExist() throws IOException {
        String sources = sourcesBelow(ROOT.resolve("spdk-io/src/main/java"))
                + sourcesBelow(ROOT.resolve("spdk-io-blob/src/main/java"));
        List<String> complaints = new ArrayList<>();
        DOCS.forEach((file, text) -> text.headings()
                .forEach(heading -> Markdown.codeIn(heading).forEach(code -> {
                    if (RPC_METHOD.matcher(code.text()).matches() && !sources.contains("\"" + code.text() + "\"")) {
                        complaints.add(at(file, code) + "nobody registers " + code.text());
                    }
                })));
        assertThat(complaints).isEmpty();
    }

    /** Below a heading with a record that has a {@code DEFAULT}, and in rows of its components, defaults are its values. */
    @Test
    void documentedDefaultsAreTrue() throws ReflectiveOperationException {
        List<String> complaints = new ArrayList<>();
        int checked = 0;
        for (Map.Entry<String, Markdown> doc : DOCS.entrySet()) {
            for (Markdown.Row row : doc.getValue().rows()) {
                String stated = row.cell("default");
                List<Markdown.Piece> names = Markdown.codeIn(
                        new Markdown.Piece(row.line(), row.cells().getFirst()));
                if (stated == null || names.size() != 1) {
                    continue;
                }
                String[] name = names.getFirst().text().split("\\.");
                Object defaults = defaultsOf(name.length == 2 ? name[0] : recordAbove(doc.getValue(), row.line()));
                Object actual = defaults == null ? null : component(defaults, name[name.length - 1]);
                if (actual != null) {
                    checked++;
                    if (!forms(actual).contains(stated)) {
                        complaints.add(doc.getKey() + ":" + row.line() + ": default of "
                                + row.cells().getFirst() + " is " + actual + ", not " + stated);
                    }
                }
            }
        }
        assertThat(complaints).isEmpty();
        assertThat(checked).isGreaterThan(20);
    }

    private static String recordAbove(Markdown text, int line) {
        Markdown.Piece above = new Markdown.Piece(0, "");
        for (Markdown.Piece heading : text.headings()) {
            above = heading.line() < line ? heading : above;
        }
        List<Markdown.Piece> code = Markdown.codeIn(above);
        return code.isEmpty() ? "" : code.getFirst().text();
    }

    private static Object defaultsOf(String type) throws ReflectiveOperationException {
        Class<?> c = names.type(type);
        return c == null
                        || !c.isRecord()
                        || Stream.of(c.getFields()).noneMatch(f -> f.getName().equals("DEFAULT"))
                ? null
                : c.getField("DEFAULT").get(null);
    }

    private static Object component(Object of, String name) throws ReflectiveOperationException {
        for (RecordComponent c : of.getClass().getRecordComponents()) {
            if (c.getName().equals(name)) {
                return c.getAccessor().invoke(of);
            }
        }
        return null;
    }

    /** How a guide may write a value. */
    private static Set<String> forms(Object value) {
        Set<String> forms = new HashSet<>(Set.of(String.valueOf(value)));
        if (value instanceof Number n) {
            forms.add(String.format(Locale.ROOT, "%,d", n.longValue()));
            forms.add(n.longValue() / 1024 + " KiB");
            forms.add(n.longValue() / (1024 * 1024) + " MiB");
        } else if (value instanceof Duration d) {
            forms.add(d.toMillis() + " ms");
            forms.add(d.toMillis() % 1000 == 0 ? d.toSeconds() + " s" : "");
        }
        return forms;
    }

    /** What the guide to operations says of a message must be a message: its fixed parts are in the sources. */
    @Test
    void describedMessagesExist() throws IOException {
        String sources = sourcesBelow(ROOT.resolve("spdk-io/src/main/java")).replaceAll("\"\\s*\\+\\s*\"", "");
        List<String> complaints = new ArrayList<>();
        for (Markdown.Piece heading : DOCS.get("docs/operations.md").headings()) {
            for (Markdown.Piece message : Markdown.codeIn(heading)) {
                for (String part : VARYING.split(message.text())) {
                    if (part.strip().length() >= SHORTEST_PART && !sources.contains(part.strip())) {
                        complaints.add(at("docs/operations.md", heading) + "no message says: " + part.strip());
                    }
                }
            }
        }
        assertThat(complaints).isEmpty();
    }

    private static String sourcesBelow(Path folder) throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                all.append(Files.readString(file));
            }
        }
        return all.toString();
    }

    private static String at(String file, Markdown.Piece piece) {
        return file + ":" + piece.line() + ": ";
    }

    // ---- the checks themselves -------------------------------------------------------------------------------------

    @Test
    void findsWhatIsNotCompiled() {
        Snippets source = new Snippets();
        source.scan(
                "A.java",
                List.of("    // docs: one", "    int a;", "", "      int b;", "    // docs: end", "// docs: two"));
        assertThat(source.complaints()).containsExactly("A.java:6: region two has no end");
        Markdown text = new Markdown(List.of(
                "# Title",
                "```java one",
                "int a;",
                "",
                "  int b;",
                "```",
                "```java",
                "x",
                "```",
                "```java one",
                "int c;",
                "```"));
        Set<String> used = new HashSet<>();
        List<String> complaints = source.check("a.md", text, used);
        assertThat(complaints).hasSize(2);
        assertThat(complaints.get(0)).startsWith("a.md:7: this block has no source");
        assertThat(complaints.get(1)).startsWith("a.md:10: line 1 of the block differs from A.java:1");
        assertThat(source.updated(text))
                .containsSequence("```java one", "int a;", "", "  int b;", "```")
                .doesNotContain("int c;");
        source.scan("B.java", List.of("// docs: three", "// docs: end"));
        assertThat(source.unused(used)).containsExactly("B.java:1: no guide quotes region three");
    }

    @Test
    void readsTablesLinksAndHeadings() {
        Markdown text = new Markdown(List.of(
                "## Stall `watchdog`, limits",
                "| A | Java |",
                "|---|:--|",
                "| x\\|y | `T.m` |",
                "see [it](b.md#c)",
                "```",
                "`no`",
                "```"));
        assertThat(text.anchors()).containsExactly("stall-watchdog-limits");
        assertThat(text.rows()).hasSize(1);
        assertThat(text.rows().getFirst().cell("A")).isEqualTo("x\\|y");
        assertThat(text.rows().getFirst().cell("Java")).isEqualTo("`T.m`");
        assertThat(text.links()).extracting(Markdown.Piece::text).containsExactly("b.md#c");
        assertThat(text.code()).extracting(Markdown.Piece::text).containsExactly("watchdog", "T.m");
    }

    @Test
    void knowsTypesAndMembers() {
        assertThat(names.isOurs("RuntimeLimits.messagesPerThread")).isTrue();
        assertThat(names.isOurs("SpdkRuntime.Builder.cpus")).isTrue();
        assertThat(names.isOurs("IdlePolicy.ADAPTIVE")).isTrue();
        assertThat(names.isOurs("SpdkThread.sendd")).isFalse();
        assertThat(names.isOurs("SpdkThreat")).isFalse();
        assertThat(SourceNames.isOfJdk("CompletableFuture.thenAcceptAsync")).isTrue();
        assertThat(SourceNames.isOfJdk("CompletableFuture.thenDo")).isFalse();
        assertThat(SourceNames.looksLikeType("ENODEV")).isFalse();
        assertThat(unknownWords("nothing --such=1 --help", Set.of("help"), ""))
                .containsExactly("spdkio has no command nothing", "spdkio has no option --such");
    }
}
