// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.nvme.NvmeController;
import dev.spdkio.nvme.NvmeDriver;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.nvme.spi.NvmeDriverProvider;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Brings SPDK's NVMe driver, and detaches what is left when SPDK stops. */
public final class NativeNvme implements NvmeDriverProvider {
    private static final Logger LOG = System.getLogger(NativeNvme.class.getName());

    /** How long SPDK's stop waits for controllers; one that answers nothing is left as it is then. */
    private static final long DETACH_SECONDS = 30;

    private static final Set<NativeController> ATTACHED = ConcurrentHashMap.newKeySet();

    @Override
    public Engine engine() {
        return Engine.SPDK;
    }

    @Override
    public NvmeDriver driver(SpdkApp app) {
        return new NativeDriver(app.dmaPool());
    }

    static void remember(NativeController controller) {
        ATTACHED.add(controller);
    }

    static boolean isAttached(long pointer) {
        return ATTACHED.stream().anyMatch(c -> c.pointer() == pointer);
    }

    static boolean isAttached(TransportId id) {
        return ATTACHED.stream().anyMatch(c -> c.transportId().equals(id));
    }

    static void forget(NativeController controller) {
        ATTACHED.remove(controller);
    }

    /** Detaches what is attached still. Not on a reactor. */
    public static void detachAll() {
        CompletableFuture<?>[] all =
                ATTACHED.stream().map(NvmeController::detach).toArray(CompletableFuture[]::new);
        boolean inTime = CompletableFuture.allOf(all)
                .handle((_, _) -> true)
                .completeOnTimeout(false, DETACH_SECONDS, TimeUnit.SECONDS)
                .join();
        if (!inTime) {
            LOG.log(Level.ERROR, "not detached within {0} s: {1}", DETACH_SECONDS, ATTACHED);
        }
    }
}
