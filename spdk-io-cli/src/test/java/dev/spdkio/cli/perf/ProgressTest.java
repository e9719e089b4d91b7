// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private final StringWriter out = new StringWriter();

    @Test
    void writesOneLineOverAndOver() {
        Progress progress = new Progress(new PrintWriter(out), true);
        progress.show("running", 1.2, 10, 12_345_678, 48_225.3);
        progress.show("running", 2.2, 10, 12_345, 48.2);
        progress.show("running", 3.2, 10, 123, 0.5);
        progress.clear();
        progress.clear();
        assertThat(out)
                .hasToString("\r\033[Krunning 1/10 s  12.35 M IOPS  48225.3 MiB/s"
                        + "\r\033[Krunning 2/10 s  12.3 k IOPS  48.2 MiB/s"
                        + "\r\033[Krunning 3/10 s  123 IOPS  0.5 MiB/s"
                        + "\r\033[K");
    }

    @Test
    void isSilentWhereNobodyWatches() {
        Progress progress = new Progress(new PrintWriter(out), false);
        progress.show("running", 1, 10, 1, 1);
        progress.clear();
        assertThat(out.toString()).isEmpty();
    }
}
