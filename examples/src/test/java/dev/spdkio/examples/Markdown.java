// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the checks need to know of one Markdown file: its blocks of code, its words, its tables. */
final class Markdown {
    /**
     * A fenced block of code.
     *
     * @param line the number of the line of its opening fence
     * @param info what stands behind that fence
     * @param lines what is in it
     */
    record Block(int line, String info, List<String> lines) {
        String language() {
            return info.split(" ", 2)[0];
        }

        /** The word behind the language, or nothing. */
        String name() {
            String[] words = info.split(" ", 2);
            return words.length == 2 ? words[1].strip() : "";
        }
    }

    /** A piece of the text, with the number of its line. */
    record Piece(int line, String text) {}

    /** A row of a table, with the header of that table. */
    record Row(int line, List<String> header, List<String> cells) {
        /** The cell in the column with that header, or null if there is no such column. */
        String cell(String column) {
            int i = header.indexOf(column);
            return i < 0 || i >= cells.size() ? null : cells.get(i);
        }
    }

    private static final Pattern FENCE = Pattern.compile("^\\s*```\\s*(.*)$");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");
    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("^#+\\s+(.*)$");

    private final List<String> lines;
    private final List<Block> blocks = new ArrayList<>();
    private final List<Piece> prose = new ArrayList<>();

    Markdown(List<String> lines) {
        this.lines = List.copyOf(lines);
        parse();
    }

    static Markdown read(Path file) throws IOException {
        return new Markdown(Files.readAllLines(file));
    }

    private void parse() {
        for (int i = 0; i < lines.size(); i++) {
            Matcher fence = FENCE.matcher(lines.get(i));
            if (!fence.matches()) {
                prose.add(new Piece(i + 1, lines.get(i)));
                continue;
            }
            int open = i;
            List<String> body = new ArrayList<>();
            for (i++; i < lines.size() && !FENCE.matcher(lines.get(i)).matches(); i++) {
                body.add(lines.get(i));
            }
            blocks.add(new Block(open + 1, fence.group(1).strip(), body));
        }
    }

    /** All lines, as they are. */
    List<String> lines() {
        return lines;
    }

    List<Block> blocks() {
        return blocks;
    }

    /** The lines that are not in a block of code. */
    List<Piece> prose() {
        return prose;
    }

    /** What stands between back quotes. */
    List<Piece> code() {
        return matches(CODE);
    }

    /** The targets of links. */
    List<Piece> links() {
        return matches(LINK);
    }

    private List<Piece> matches(Pattern pattern) {
        List<Piece> found = new ArrayList<>();
        for (Piece line : prose) {
            found.addAll(matches(pattern, line));
        }
        return found;
    }

    /** What stands between back quotes in one piece of text. */
    static List<Piece> codeIn(Piece piece) {
        return matches(CODE, piece);
    }

    private static List<Piece> matches(Pattern pattern, Piece piece) {
        return pattern.matcher(piece.text())
                .results()
                .map(m -> new Piece(piece.line(), m.group(1)))
                .toList();
    }

    /** The headings, without their marks. */
    List<Piece> headings() {
        return prose.stream()
                .map(line -> new Piece(line.line(), HEADING.matcher(line.text()).replaceFirst("§$1")))
                .filter(line -> line.text().startsWith("§"))
                .map(line -> new Piece(line.line(), line.text().substring(1).strip()))
                .toList();
    }

    /** What links to headings may say behind the hash. */
    Set<String> anchors() {
        Set<String> anchors = new HashSet<>();
        for (Piece heading : headings()) {
            anchors.add(heading.text()
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N} _-]", "")
                    .replace(' ', '-'));
        }
        return anchors;
    }

    List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        List<String> header = List.of();
        boolean inTable = false;
        for (Piece line : prose) {
            if (!line.text().startsWith("|")) {
                inTable = false;
                continue;
            }
            List<String> cells = cells(line.text());
            if (!inTable) {
                header = cells;
                inTable = true;
            } else if (!cells.stream().allMatch(c -> c.matches(":?-+:?"))) {
                rows.add(new Row(line.line(), header, cells));
            }
        }
        return rows;
    }

    private static List<String> cells(String line) {
        String inner = line.strip().replaceAll("^\\||\\|$", "");
        return Arrays.stream(inner.split("(?<!\\\\)\\|", -1)).map(String::strip).toList();
    }
}
