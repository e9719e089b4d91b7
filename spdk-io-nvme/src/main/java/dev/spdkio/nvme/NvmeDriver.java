// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import dev.spdkio.SpdkApp;
import dev.spdkio.error.SpdkException;
import dev.spdkio.nvme.spi.NvmeDriverProvider;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * Finds and connects NVMe controllers. Where SPDK would wait in a loop, the reactor of the thread goes on with its
 * other work.
 *
 * <p>Futures fail with {@link SpdkException}. Thread rule: any thread.
 */
public interface NvmeDriver {
    /**
     * The driver of an application's engine. Controllers that are still attached when the application stops are
     * detached then.
     *
     * @throws SpdkException if the engine has none
     */
    static NvmeDriver of(SpdkApp app) throws SpdkException {
        for (NvmeDriverProvider provider : ServiceLoader.load(NvmeDriverProvider.class)) {
            if (provider.engine() == app.engine()) {
                return provider.driver(app);
            }
        }
        throw new SpdkException(
                Errno.ENOSYS,
                "engine " + app.engine() + " has no NVMe driver here: start the application with Engine.SPDK, and add"
                        + " the module spdk-io-native to the module path or class path");
    }

    /**
     * Connects one controller; {@code spdk_nvme_connect_async}.
     *
     * @param thread what the controller is to belong to
     * @param id where it is; with the name of its subsystem if it is on a fabric
     */
    CompletableFuture<NvmeController> connect(SpdkThread thread, TransportId id, ControllerOptions options);

    /**
     * Connects every controller at a place that is wanted; {@code spdk_nvme_probe_async}.
     *
     * @param thread what the controllers are to belong to
     * @param where {@code trtype:PCIe} for the PCI bus, or a discovery service
     * @param wanted which of those found to connect; called on {@code thread}
     * @return those connected; what failed was logged
     */
    CompletableFuture<List<NvmeController>> probe(
            SpdkThread thread, TransportId where, Predicate<TransportId> wanted, ControllerOptions options);

    /**
     * Asks a discovery service what there is; {@code spdk_nvme_ctrlr_get_discovery_log_page}.
     *
     * @param thread what drives the connection, which is closed at the end
     * @param service where it is; its name may be left out
     */
    CompletableFuture<List<DiscoveryEntry>> discover(SpdkThread thread, TransportId service, ControllerOptions options);
}
