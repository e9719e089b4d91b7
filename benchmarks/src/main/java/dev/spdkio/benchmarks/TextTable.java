// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Rows of cells, as Markdown or in columns. */
final class TextTable {
    private final List<List<String>> rows = new ArrayList<>();

    TextTable(String... header) {
        rows.add(List.of(header));
    }

    void add(List<String> cells) {
        rows.add(cells);
    }

    String markdown() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rows.size(); i++) {
            text.append("| ").append(String.join(" | ", rows.get(i))).append(" |\n");
            if (i == 0) {
                int columns = rows.getFirst().size();
                text.append("|---|")
                        .append(String.join("|", Collections.nCopies(columns - 1, "---:")))
                        .append("|\n");
            }
        }
        return text.toString();
    }

    String columns() {
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                String cell = row.get(i);
                String gap = " ".repeat(width(i) - cell.length());
                line.append(i == 0 ? cell + gap : "  " + gap + cell);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    private int width(int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
    }
}
