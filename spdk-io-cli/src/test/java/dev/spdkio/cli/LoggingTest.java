// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class LoggingTest {

    @Test
    void aRecordIsALine() {
        LogRecord r = new LogRecord(Level.WARNING, "{0} left");
        r.setLoggerName("dev.spdkio.x");
        r.setParameters(new Object[] {3});
        assertThat(new Logging.OneLine().format(r))
                .matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} WARN dev.spdkio.x: 3 left\\R");
    }

    @Test
    void aThrowableFollows() {
        LogRecord r = new LogRecord(Level.SEVERE, "broken");
        r.setThrown(new IllegalStateException("why"));
        assertThat(new Logging.OneLine().format(r)).contains(" ERROR ", "IllegalStateException: why", "\tat ");
    }
}
