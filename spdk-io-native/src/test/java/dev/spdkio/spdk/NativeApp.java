// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.Engine;
import dev.spdkio.EnvOptions;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.Cores;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The application that all tests of this JVM share: SPDK has one environment in a process. */
public final class NativeApp {
    /** Comes before the command of another program, which then leaves no file of its memory if it dies. */
    public static final List<String> NO_CORE_FILE = List.of("sh", "-c", "ulimit -c 0; exec \"$0\" \"$@\"");

    private static final long MEMORY_BYTES = 256L << 20;
    private static @Nullable SpdkApp app;

    private NativeApp() {}

    /** The running application; the test is skipped where there is no SPDK. */
    public static synchronized SpdkApp get() throws SpdkException {
        assumeThere();
        SpdkApp running = app;
        if (running == null) {
            running = SpdkApp.builder()
                    .name("native-tests")
                    .engine(Engine.SPDK)
                    .env(EnvOptions.DEFAULT.withoutHugepages().withoutPci())
                    .reactorMask(Cores.available())
                    .memorySize(MEMORY_BYTES)
                    .shutdownTimeout(Duration.ofSeconds(5))
                    .start();
            app = running;
        }
        return running;
    }

    private static void assumeThere() {
        assumeTrue(
                Spdk.isAvailable(),
                () -> "no real SPDK: "
                        + Spdk.unavailabilityCause().map(Throwable::getMessage).orElse(""));
    }

    /** Skips the rest of the test where SPDK is older, or not there. */
    public static void assumeSince(String release, String why) {
        assumeThere();
        assumeTrue(Spdk.version().compareTo(release) >= 0, () -> "SPDK " + Spdk.version() + " " + why);
    }

    /** Calls an RPC method, SPDK's or ours. */
    public static CompletableFuture<JsonNode> call(String method, Map<String, Object> params) {
        SpdkApp a = Objects.requireNonNull(app);
        return a.appThread()
                .call(() -> a.rpc().call(method, JsonMapper.shared().valueToTree(params)))
                .thenCompose(reply -> reply);
    }

    /** The same, waiting for the reply. */
    public static JsonNode rpc(String method, Map<String, Object> params) throws Exception {
        SpdkApp _ = get();
        return call(method, params).get(30, TimeUnit.SECONDS);
    }

    /**
     * Makes a device by an RPC method, and finds it in the hub. One that stands on another may be there already: SPDK
     * makes it again when what is below it comes back.
     */
    public static Bdev make(String name, String method, Map<String, Object> params) throws Exception {
        if (get().bdevs().lookup(name) == null) {
            rpc(method, params);
        }
        return Objects.requireNonNull(get().bdevs().lookup(name), name);
    }
}
