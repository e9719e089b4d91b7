// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where a {@link RpcServer} listens, and within which bounds.
 *
 * @param path the socket file, used as it is; null for {@code <name>.sock} in a directory of this process alone:
 *     {@code spdkio-<user>-<pid>} in {@code $XDG_RUNTIME_DIR}, else in {@code java.io.tmpdir}
 * @param name the name of the application, for the file where no path is given
 * @param limits the bounds
 * @param idlePeriod how often the server looks for clients and requests while there is no traffic
 * @param activePeriod how often while there is
 */
public record RpcServerOptions(
        @Nullable Path path, String name, RpcLimits limits, Duration idlePeriod, Duration activePeriod) {

    /** A private socket file, looked at every 4 ms as in SPDK, and every 100 µs while there is traffic. */
    public static final RpcServerOptions DEFAULT =
            new RpcServerOptions(null, "spdkio", RpcLimits.DEFAULT, Duration.ofMillis(4), Duration.ofNanos(100_000));

    /** Checks the name and the periods. */
    public RpcServerOptions {
        Objects.requireNonNull(limits, "limits");
        if (!name.matches("[A-Za-z0-9._-]{1,32}")) {
            throw new IllegalArgumentException("name '" + name
                    + "' of an RPC server becomes a file name: use 1 to 32 letters, digits, or any of . - _");
        }
        if (idlePeriod.isNegative() || activePeriod.isNegative()) {
            throw new IllegalArgumentException(
                    "idlePeriod (" + idlePeriod + ") and activePeriod (" + activePeriod + ") must not be negative");
        }
    }

    /** The same, listening at a path. */
    public RpcServerOptions withPath(Path value) {
        return new RpcServerOptions(value, name, limits, idlePeriod, activePeriod);
    }

    /** The same for another name. */
    public RpcServerOptions withName(String value) {
        return new RpcServerOptions(path, value, limits, idlePeriod, activePeriod);
    }

    /** The same with other bounds. */
    public RpcServerOptions withLimits(RpcLimits value) {
        return new RpcServerOptions(path, name, value, idlePeriod, activePeriod);
    }
}
