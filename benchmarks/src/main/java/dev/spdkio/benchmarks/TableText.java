// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The text of the table. */
final class TableText {
    private static final String NOTHING = "–";
    private static final double NANOS = 1e9;
    private static final int WHOLE_FROM = 100;

    private final TextTable table = new TextTable(
            "path; I/Os are random reads of 4 KiB",
            "best ns",
            "median ns",
            "per second",
            "CPU ns",
            "heap bytes",
            "budget ns",
            "bdevperf ns",
            "times bdevperf",
            "rounds kept");
    private final List<String> remarks = new ArrayList<>();
    private int kept;
    private int total;

    private TableText() {}

    static String write(Map<MeasuredPath, Result> results, List<String> heading, boolean markdown, boolean quick) {
        TableText text = new TableText();
        results.forEach(text::row);
        List<String> notes = text.notes(results.values(), quick);
        if (markdown) {
            return bullets(heading) + "\n" + text.table.markdown() + "\n" + bullets(notes);
        }
        return String.join("\n", heading) + "\n\n" + text.table.columns() + "\n" + String.join("\n", notes) + "\n";
    }

    private static String bullets(List<String> lines) {
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append("- ").append(line).append('\n'));
        return text.toString();
    }

    private void row(MeasuredPath path, Result result) {
        Figures f = Figures.of(result.samples());
        Figures c = Figures.of(result.bdevperf());
        kept += f.kept() + c.kept();
        total += f.total() + c.total();
        table.add(List.of(
                path.title(),
                nanos(f.best()),
                nanos(f.median()),
                number(0, NANOS / f.median()),
                nanos(f.cpu()),
                number(3, f.heapBytes()),
                path.budget().isEmpty() ? NOTHING : path.budget(),
                nanos(c.median()),
                number(2, Figures.median(result.ratios(), Double::doubleValue)),
                f.total() == 0 ? NOTHING : f.kept() + " of " + f.total()));
        if (!result.remark().isEmpty()) {
            remarks.add(path.title() + ": " + result.remark() + ".");
        }
        if (path.key().equals(MeasuredPath.SATURATED)) {
            String bytes = number(3, f.heapBytes());
            List<String> cells = new ArrayList<>(Collections.nCopies(10, NOTHING));
            cells.set(0, "heap bytes of an I/O, callbacks");
            cells.set(5, bytes);
            cells.set(6, "0 bytes");
            table.add(cells);
        }
    }

    private List<String> notes(Collection<Result> results, boolean quick) {
        List<String> notes = new ArrayList<>();
        if (quick) {
            notes.add("A quick run: it shows that everything works, and its times mean nothing.");
        }
        notes.add(
                "Discarded: " + (total - kept) + " of " + total + " rounds, because the kernel gave the core to others"
                        + " meanwhile, or because they took over " + Figures.OUTLIER + " times the median.");
        if (results.stream().map(r -> Figures.of(r.samples())).anyMatch(f -> f.kept() == 0 && f.total() > 0)) {
            notes.add("Where 0 rounds were kept, the times are of all rounds, and others' work is in them.");
        }
        notes.add("CPU ns: the median CPU time of an operation, of all rounds; it holds on a busy machine, too.");
        notes.addAll(remarks);
        return notes;
    }

    private static String nanos(double value) {
        return number(value < WHOLE_FROM ? 1 : 0, value);
    }

    private static String number(int digits, double value) {
        return Double.isNaN(value) ? NOTHING : String.format(Locale.ROOT, "%." + digits + "f", value);
    }
}
