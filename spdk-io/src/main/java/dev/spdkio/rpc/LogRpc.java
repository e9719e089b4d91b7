// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.error.SpdkException;
import java.util.List;

/** The {@code log_*} methods, over a {@link LogControl}. */
public final class LogRpc {
    private static final String ALL = "all";

    private LogRpc() {}

    private record SetLevel(LogLevel level) {}

    private record Flag(String flag) {}

    /** Registers the methods. */
    public static void register(RpcRegistry registry, LogControl log) {
        registry.register("log_get_level", RpcState.ALWAYS, NoParams.class, _ -> log.level());
        registry.register("log_set_level", RpcState.ALWAYS, SetLevel.class, p -> {
            log.setLevel(p.level());
            return true;
        });
        registry.register("log_get_print_level", RpcState.ALWAYS, NoParams.class, _ -> log.printLevel());
        registry.register("log_set_print_level", RpcState.ALWAYS, SetLevel.class, p -> {
            log.setPrintLevel(p.level());
            return true;
        });
        registry.register("log_get_flags", RpcState.ALWAYS, NoParams.class, _ -> log.flags());
        registry.register("log_set_flag", RpcState.ALWAYS, Flag.class, p -> setFlag(log, p.flag(), true));
        registry.register("log_clear_flag", RpcState.ALWAYS, Flag.class, p -> setFlag(log, p.flag(), false));
    }

    private static boolean setFlag(LogControl log, String flag, boolean enabled) throws SpdkException {
        for (String f : flag.equals(ALL) ? List.copyOf(log.flags().keySet()) : List.of(flag)) {
            log.setFlag(f, enabled);
        }
        return true;
    }
}
