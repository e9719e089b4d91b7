// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.split;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.PartBase;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.List;
import java.util.Map;

/**
 * Devices that are parts of another: {@code Base} becomes {@code Basep0}, {@code Basep1} and so on. Stands for SPDK's
 * split bdev.
 *
 * <p>Thread rule: {@link #create} on the app thread.
 */
public final class SplitBdev {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "Split Disk";

    static final String MODULE = "split";

    private SplitBdev() {}

    /**
     * Splits a device; the parts go when it goes, and let it go when the last of them has gone.
     *
     * @throws SpdkException ENODEV if there is no such device, EPERM if it is claimed, EINVAL if it is too small or the
     *     parts are not whole blocks, EEXIST if a name is taken
     */
    public static List<Bdev> create(BdevManager bdevs, SplitBdevOptions options) throws SpdkException {
        return split(bdevs, options).parts();
    }

    static PartBase split(BdevManager bdevs, SplitBdevOptions options) throws SpdkException {
        PartBase base = PartBase.open(bdevs, options.baseBdev(), MODULE);
        try {
            long blocks = partBlocks(base.bdev(), options);
            long count = Math.min(options.splitCount(), base.bdev().blockCount() / blocks);
            for (int i = 0; i < count; i++) {
                base.add(options.baseBdev() + "p" + i, PRODUCT_NAME, i * blocks, blocks, null, MODULE, Map.of());
            }
            return base;
        } catch (SpdkException | RuntimeException e) {
            var _ = base.remove();
            throw e;
        }
    }

    private static long partBlocks(Bdev base, SplitBdevOptions o) throws SpdkException {
        long bytes = o.splitSizeMb() << 20;
        if (bytes % base.blockSize() != 0) {
            throw new SpdkException(
                    Errno.EINVAL,
                    "bdev " + base.name() + " cannot be split into parts of " + o.splitSizeMb()
                            + " MiB: they are not whole blocks of " + base.blockSize() + " bytes");
        }
        long blocks = bytes == 0 ? base.blockCount() / o.splitCount() : bytes / base.blockSize();
        if (blocks == 0 || blocks > base.blockCount()) {
            throw new SpdkException(
                    Errno.EINVAL,
                    "bdev " + base.name() + " with " + base.blockCount() + " blocks of " + base.blockSize()
                            + " bytes is too small for "
                            + (bytes == 0 ? o.splitCount() + " parts" : "a part of " + o.splitSizeMb() + " MiB"));
        }
        return blocks;
    }
}
