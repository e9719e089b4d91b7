// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.lifecycle;

import dev.spdkio.Engine;
import dev.spdkio.EnvOptions;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.RuntimeLimits;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the programs in child JVMs share: a small application, devices, and how a failure is told. */
final class Child {
    static final int BLOCK = 512;
    static final long MEMORY_BYTES = 64L << 20;

    private Child() {}

    /** Something that should not do. */
    interface Body {
        Object run() throws Exception;
    }

    static SpdkApp.Builder builder() {
        return SpdkApp.builder()
                .name("child")
                .engine(Engine.SPDK)
                .env(EnvOptions.DEFAULT.withoutHugepages().withoutPci())
                .reactorMask(Cores.available())
                .memorySize(MEMORY_BYTES)
                .limits(RuntimeLimits.DEFAULT.withExitTimeout(Duration.ofSeconds(1)))
                .shutdownTimeout(Duration.ofSeconds(1));
    }

    /** Waits for an end, but not for ever. */
    static <T> T await(CompletableFuture<T> future) throws Exception {
        try {
            return future.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    static JsonNode rpc(SpdkApp app, String method, Map<String, Object> params) throws Exception {
        return await(app.call(() -> app.rpc().call(method, JsonMapper.shared().valueToTree(params)))
                .thenCompose(reply -> reply));
    }

    static Bdev malloc(SpdkApp app, String name) throws Exception {
        rpc(app, "bdev_malloc_create", Map.of("name", name, "num_blocks", 8192, "block_size", BLOCK));
        return Objects.requireNonNull(app.bdevs().lookup(name), name);
    }

    /** A device whose I/O takes as long as {@code micros} say. */
    static Bdev slow(SpdkApp app, long micros) throws Exception {
        malloc(app, "Base");
        rpc(
                app,
                "bdev_delay_create",
                Map.of(
                        "name", "Slow",
                        "base_bdev_name", "Base",
                        "avg_read_latency", micros,
                        "p99_read_latency", micros,
                        "avg_write_latency", micros,
                        "p99_write_latency", micros));
        return Objects.requireNonNull(app.bdevs().lookup("Slow"));
    }

    /** A descriptor of the thread and a channel there. */
    record Opened(BdevDesc desc, BdevChannel channel) {}

    static Opened open(SpdkApp app, SpdkThread thread, String bdev) throws Exception {
        return await(thread.call(() -> {
            BdevDesc desc = app.bdevs().open(bdev, OpenMode.READ_WRITE, (_, _) -> {});
            try {
                return new Opened(desc, desc.openChannel());
            } catch (RuntimeException e) {
                desc.close();
                throw e;
            }
        }));
    }

    /** Reads one block and waits. */
    static void read(SpdkApp app, Opened o) throws Exception {
        try (DmaBuf buffer = app.dmaPool().allocate(BLOCK)) {
            await(o.channel.thread().call(() -> o.channel.readAsync(buffer, 0)).thenCompose(io -> io));
        }
    }

    /** Tells which exception {@code body} ends in. */
    static void refused(String what, Body body) {
        try {
            say(what + ": accepted, " + body.run());
        } catch (Exception e) {
            say(what + ": " + e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }

    static void say(String line) {
        System.out.println("> " + line);
    }
}
