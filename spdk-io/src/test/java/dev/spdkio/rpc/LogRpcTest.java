// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import static dev.spdkio.rpc.ServerHarness.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class LogRpcTest {
    private final Logger root = Logger.getLogger("dev.spdkio");
    private final Logger flagged = Logger.getLogger("dev.spdkio.logrpctest");
    private final Handler console = new ConsoleHandler();
    private final Handler[] before = Logger.getLogger("").getHandlers();
    private final Level levelBefore = root.getLevel();
    private final RpcRegistry registry = new RpcRegistry();

    @BeforeEach
    void register() {
        for (Handler h : before) {
            Logger.getLogger("").removeHandler(h);
        }
        Logger.getLogger("").addHandler(console);
        LogRpc.register(registry, new JulLogControl(List.of("logrpctest", "logrpctest2")));
    }

    @AfterEach
    void restore() {
        Logger.getLogger("").removeHandler(console);
        for (Handler h : before) {
            Logger.getLogger("").addHandler(h);
        }
        root.setLevel(levelBefore);
        flagged.setLevel(null);
    }

    private JsonNode call(String method, String params) {
        return registry.call(method, params.isEmpty() ? null : json(params)).join();
    }

    @Test
    void levelsAreThoseOfTheLoggerAndTheConsole() {
        assertThat(JulLogControl.isAvailable()).isTrue();
        assertThat(call("log_get_level", "").stringValue()).isEqualTo("NOTICE");
        assertThat(call("log_get_print_level", "").stringValue()).isEqualTo("NOTICE");

        for (LogLevel l : LogLevel.values()) {
            assertThat(call("log_set_level", "{'level':'" + l + "'}").booleanValue())
                    .isTrue();
            assertThat(call("log_get_level", "").stringValue()).isEqualTo(l.name());
        }
        assertThat(root.isLoggable(Level.FINE)).isTrue();
        assertThat(console.getLevel()).isEqualTo(Level.INFO);

        call("log_set_level", "{'level':'ERROR'}");
        call("log_set_print_level", "{'level':'DEBUG'}");
        assertThat(call("log_get_print_level", "").stringValue()).isEqualTo("DEBUG");
        assertThat(console.getLevel()).isEqualTo(Level.FINE);
        assertThat(root.isLoggable(Level.FINE)).isTrue();
        call("log_set_print_level", "{'level':'WARNING'}");
        assertThat(root.isLoggable(Level.INFO)).isFalse();
        assertThat(root.isLoggable(Level.WARNING)).isTrue();
    }

    @Test
    void flagsAreLoggersOfPackages() {
        assertThat(call("log_get_flags", "")).isEqualTo(json("{'logrpctest':false,'logrpctest2':false}"));

        call("log_set_flag", "{'flag':'logrpctest'}");
        assertThat(flagged.isLoggable(Level.FINE)).isTrue();
        assertThat(call("log_get_flags", "")).isEqualTo(json("{'logrpctest':true,'logrpctest2':false}"));
        call("log_set_flag", "{'flag':'all'}");
        assertThat(call("log_get_flags", "")).isEqualTo(json("{'logrpctest':true,'logrpctest2':true}"));
        call("log_clear_flag", "{'flag':'all'}");
        assertThat(flagged.isLoggable(Level.FINE)).isFalse();

        assertThat(registry.call("log_set_flag", json("{'flag':'nope'}")).exceptionNow())
                .hasMessage("parameter 'flag' is 'nope': expected all or one of logrpctest, logrpctest2");
        assertThat(registry.call("log_set_level", json("{'level':'FOO'}")).exceptionNow())
                .hasMessageContaining("expected one of ERROR, WARNING, NOTICE, INFO, DEBUG");
    }

    @Test
    void withoutAConsoleThereIsNoPrintLevel() {
        Logger.getLogger("").removeHandler(console);

        assertThat(registry.call("log_set_print_level", json("{'level':'INFO'}"))
                        .exceptionNow())
                .isInstanceOfSatisfying(
                        RpcException.class, e -> assertThat(e.code()).isEqualTo(-95));
    }
}
