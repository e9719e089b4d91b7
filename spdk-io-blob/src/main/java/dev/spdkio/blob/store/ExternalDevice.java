// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.blob.BlobId;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/**
 * A device that a blob stands on, open for reading. Its name is kept with the blob as SPDK's logical volumes do, with a
 * zero at the end.
 *
 * <p>Thread rule: opened and closed on the metadata thread, read on any with a channel of {@link #desc}.
 */
final class ExternalDevice implements Backing {
    private static final Logger LOG = System.getLogger(ExternalDevice.class.getName());

    private final BdevDesc desc;
    private final BdevChannel channel;
    private volatile boolean failed;

    private ExternalDevice(BdevDesc desc) {
        this.desc = desc;
        this.channel = desc.openChannel();
    }

    static byte[] encode(String name) {
        return (name + '\0').getBytes(StandardCharsets.UTF_8);
    }

    static String decode(byte[] id) {
        int end = 0;
        while (end < id.length && id[end] != 0) {
            end++;
        }
        return new String(id, 0, end, StandardCharsets.UTF_8);
    }

    /** Opens one for a blob. */
    static ExternalDevice open(Store store, long id, String name) throws SpdkException {
        String what = "opening blob " + new BlobId(id) + " of " + store;
        if (!store.options.externalSnapshots()) {
            throw Failures.of(
                    Errno.EOPNOTSUPP, what, "it stands on bdev " + name + ": load the store with externalSnapshots");
        }
        if (store.app.bdevs().lookup(name) == null) {
            throw Failures.of(Errno.ENODEV, what, "there is no bdev " + name + ", on which it stands: create that");
        }
        boolean[] removed = new boolean[1];
        ExternalDevice[] self = new ExternalDevice[1];
        BdevDesc desc = store.app.bdevs().open(name, OpenMode.READ_ONLY, (event, _) -> {
            if (event == BdevEvent.REMOVED) {
                LOG.log(Level.WARNING, "bdev {0}, on which blobs of {1} stand, is about to go", name, store);
                removed[0] = true;
                if (self[0] != null) {
                    self[0].fail();
                }
            }
        });
        int block = desc.bdev().blockSize();
        if (store.ioUnitSize % block != 0) {
            desc.close();
            throw Failures.of(
                    Errno.EINVAL, what, desc.bdev() + " has blocks of " + block + " bytes: not parts of io units");
        }
        self[0] = new ExternalDevice(desc);
        if (removed[0]) {
            self[0].fail();
        }
        return self[0];
    }

    /** It goes: blobs on it are degraded. */
    private void fail() {
        failed = true;
        desc.close();
    }

    BdevDesc desc() {
        return desc;
    }

    Bdev bdev() {
        return desc.bdev();
    }

    boolean hasFailed() {
        return failed;
    }

    /** Reads whole clusters, for those who copy them. */
    CompletableFuture<Void> read(DmaBuf buf, long offset) {
        return channel.readAsync(buf, offset);
    }

    void close() {
        desc.close();
    }
}
