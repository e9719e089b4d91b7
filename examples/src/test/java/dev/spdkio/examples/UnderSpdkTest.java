// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.spdkio.Engine;
import dev.spdkio.EnvOptions;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.Cores;
import dev.spdkio.sys.Errno;
import dev.spdkio.testkit.BdevContract;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import tools.jackson.databind.json.JsonMapper;

/** The devices of the examples below SPDK's passthru device, in SPDK's own bdev layer. */
class UnderSpdkTest {
    private static SpdkApp app;

    @BeforeAll
    static void start() throws SpdkException {
        try {
            app = SpdkApp.builder()
                    .name("examples-under-spdk")
                    .engine(Engine.SPDK)
                    .env(EnvOptions.DEFAULT.withoutHugepages().withoutPci())
                    .reactorMask(Cores.available())
                    .memorySize(256L << 20)
                    .shutdownTimeout(Duration.ofSeconds(5))
                    .start();
        } catch (SpdkException e) {
            if (e.errno() == Errno.ENOSYS) {
                abort("no real SPDK: " + e.getMessage());
            }
            throw e;
        }
    }

    @AfterAll
    static void stop() {
        if (app != null) {
            app.close();
        }
    }

    private static void rpc(String method, Map<String, Object> params) throws Exception {
        app.appThread()
                .call(() -> app.rpc().call(method, JsonMapper.shared().valueToTree(params)))
                .thenCompose(reply -> reply)
                .get(30, TimeUnit.SECONDS);
    }

    /** A passthru device of SPDK on a device of ours. */
    abstract static class Under extends BdevContract {
        @BeforeEach
        void open() throws Exception {
            use(app);
        }

        abstract Bdev device(BdevManager bdevs, String name) throws Exception;

        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            String name = getClass().getSimpleName();
            for (Bdev old : bdevs.bdevs().reversed()) {
                if (old.name().startsWith(name) && old.isRegistered()) {
                    bdevs.unregister(old).get(10, TimeUnit.SECONDS);
                }
            }
            Bdev device = device(bdevs, name);
            rpc("java_bdev_export", Map.of("name", name));
            String upper = "On" + name;
            if (bdevs.lookup(upper) == null) {
                rpc("bdev_passthru_create", Map.of("name", upper, "base_bdev_name", device.name()));
            }
            return Objects.requireNonNull(bdevs.lookup(upper), upper);
        }
    }

    @Nested
    class Ram extends Under {
        @Override
        Bdev device(BdevManager bdevs, String name) throws Exception {
            return RamDisk.create(bdevs, name, 512, MIN_BYTES / 512);
        }
    }

    @Nested
    class Mirrored extends Under {
        @Override
        Bdev device(BdevManager bdevs, String name) throws Exception {
            return MirrorContractTest.create(world(), bdevs, name);
        }
    }

    @Nested
    class Encrypted extends Under {
        @Override
        Bdev device(BdevManager bdevs, String name) throws Exception {
            return EncryptingFilterContractTest.create(world(), bdevs, name);
        }
    }
}
