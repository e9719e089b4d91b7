// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.sys.Errno;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Looks again how large the file under a device is: {@code bdev_aio_rescan} and {@code bdev_uring_rescan}. */
public final class FileRescan {
    private static final Logger LOG = System.getLogger(FileRescan.class.getName());

    private FileRescan() {}

    /** How large the file under a device is, in bytes. */
    @FunctionalInterface
    public interface Size<T> {
        /** @throws IOException if the system does not tell */
        long of(T device) throws IOException;
    }

    /** Begins again what {@code rescan} does of a device. */
    @FunctionalInterface
    public interface Rescan {
        /** @throws SpdkException if that is not possible */
        void rescan(BdevManager bdevs, String name) throws SpdkException;
    }

    private record Params(String name) {}

    /** Registers the method of a module. */
    public static void register(RpcRegistry registry, String method, BdevManager bdevs, Rescan rescan) {
        registry.register(method, Params.class, p -> {
            rescan.rescan(bdevs, p.name());
            return true;
        });
    }

    /**
     * Gives a device the size that its file has now; one whose file holds no block any more is removed. Any thread that
     * may block.
     *
     * @throws SpdkException ENODEV if there is no such device of that kind, EBUSY if it would shrink while it is open
     */
    public static <T extends BdevOps<?>> void rescan(BdevManager bdevs, String name, Class<T> kind, Size<T> size)
            throws SpdkException {
        Bdev bdev = BdevRpc.find(bdevs, name);
        T device = bdev.opsAs(kind);
        if (device == null || !bdev.isRegistered()) {
            throw new SpdkException(
                    Errno.ENODEV,
                    "bdev " + name + " is a " + bdev.productName()
                            + (device == null ? ": it has no file to look at" : " that is being removed"));
        }
        long blocks;
        try {
            blocks = size.of(device) / bdev.blockSize();
        } catch (SpdkException e) {
            throw e;
        } catch (IOException e) {
            throw new SpdkException(Errno.EIO, "bdev " + name + ": the size of its file is not known: " + e, e);
        }
        if (blocks == 0) {
            LOG.log(Level.WARNING, "bdev {0} is removed: its file holds no block any more", bdev.name());
            var _ = bdevs.unregister(bdev);
        } else {
            bdev.notifyBlockCount(blocks);
        }
    }
}
