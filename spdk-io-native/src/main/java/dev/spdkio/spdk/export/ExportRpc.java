// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.export;

import dev.spdkio.EngineProvider;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.sys.Errno;
import java.util.concurrent.CompletionStage;

/** The methods {@code java_bdev_export} and {@code java_bdev_unexport}; {@link BdevExport} is what they do. */
public final class ExportRpc {
    static final String EXPORT = EngineProvider.JAVA_PREFIX + "bdev_export";
    private static final String UNEXPORT = EngineProvider.JAVA_PREFIX + "bdev_unexport";

    private ExportRpc() {}

    private record Device(String name) {
        Bdev find(BdevManager bdevs) throws SpdkException {
            Bdev bdev = bdevs.lookup(name);
            if (bdev == null) {
                throw new SpdkException(Errno.ENODEV, "there is no bdev " + name);
            }
            return bdev;
        }
    }

    /** Registers the methods. */
    public static void register(RpcRegistry registry, BdevManager bdevs) {
        registry.register(
                EXPORT,
                Device.class,
                p -> BdevExport.register(p.find(bdevs)).bdev().name());
        registry.register(UNEXPORT, Device.class, p -> {
            BdevExport export = BdevExport.of(p.find(bdevs));
            if (export == null) {
                throw new SpdkException(Errno.ENODEV, "bdev " + p.name() + " is not exported");
            }
            export.unregister();
            CompletionStage<Void> gone = export.gone();
            return gone.thenApply(_ -> true);
        });
    }
}
