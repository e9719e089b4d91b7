// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether the table is complete. What it says depends on the machine and is nobody's test. */
class PerformanceTableTest {

    @Test
    void quickRunPrintsEveryRow(@TempDir Path dir) {
        StringWriter text = new StringWriter();

        int code = PerformanceTable.execute(new PrintWriter(text), "--quick", "--markdown", "--dir", dir.toString());

        assertThat(code).isZero();
        String table = text.toString();
        assertThat(table).contains("- Machine: ", "- Kernel: ", "- JVM: ", "- Date: ", "- A quick run");
        assertThat(table).contains("| heap bytes of an I/O, callbacks |");
        for (MeasuredPath path : MeasuredPath.ALL) {
            assertThat(table).contains("| " + path.title() + " | ");
        }
        assertThat(dir).isEmptyDirectory();
    }

    @Test
    void textHasTheRowsAskedForOnly(@TempDir Path dir) {
        StringWriter text = new StringWriter();

        int code =
                PerformanceTable.execute(new PrintWriter(text), "--quick", "--only", "poller", "--dir", dir.toString());

        assertThat(code).isZero();
        assertThat(text.toString()).contains("poller call").doesNotContain("null, QD 1", "|");
    }

    @Test
    void wrongPathIsRefused() {
        assertThat(PerformanceTable.execute(new PrintWriter(new StringWriter()), "--only", "no-such"))
                .isNotZero();
    }

    @Test
    void disturbedRoundsAreDiscarded() {
        Sample clean = new Sample(10, 9, 0, false);
        Sample slow = new Sample(16, 9, 0, false);
        Sample preempted = new Sample(5, 8, 0, true);

        assertThat(Figures.of(List.of(clean, clean, slow, preempted))).isEqualTo(new Figures(10, 10, 9, 0, 2, 4));
        assertThat(Figures.of(List.of(preempted, preempted))).isEqualTo(new Figures(5, 5, 8, 0, 0, 2));
    }
}
