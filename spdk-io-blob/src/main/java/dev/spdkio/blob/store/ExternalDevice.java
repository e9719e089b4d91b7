// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.blob.BlobId;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A device that a blob stands on, open for reading, or missing. Its name is kept with the blob as SPDK's logical
 * volumes do, with a zero at the end.
 *
 * <p>Thread rule: the metadata thread; {@link #desc} any.
 */
final class ExternalDevice implements Backing {
    private static final Logger LOG = System.getLogger(ExternalDevice.class.getName());

    private final Store store;
    private final String name;
    private @Nullable BdevChannel channel;
    private volatile @Nullable BdevDesc desc;

    private ExternalDevice(Store store, String name) {
        this.store = store;
        this.name = name;
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

    /** Opens one for a blob; it is there. */
    static ExternalDevice open(Store store, long id, String name) throws SpdkException {
        return open(store, id, name, false);
    }

    /** Opens one for a blob. */
    static ExternalDevice open(Store store, long id, String name, boolean mayBeMissing) throws SpdkException {
        String what = "opening blob " + new BlobId(id) + " of " + store;
        if (!store.options.externalSnapshots()) {
            throw Failures.of(
                    Errno.EOPNOTSUPP, what, "it stands on bdev " + name + ": load the store with externalSnapshots");
        }
        ExternalDevice device = new ExternalDevice(store, name);
        try {
            if (store.devices.bdevs().lookup(name) == null) {
                throw Failures.of(Errno.ENODEV, what, "there is no bdev " + name + ", on which it stands: create that");
            }
            device.attach(what);
        } catch (SpdkException e) {
            if (!mayBeMissing) {
                throw e;
            }
            LOG.log(Level.WARNING, "it is degraded: {0}", e.getMessage());
        }
        return device;
    }

    private void attach(String what) throws SpdkException {
        BdevDesc opened = store.devices.openBelow(name, this::removed);
        int block = opened.bdev().blockSize();
        if (store.ioUnitSize % block != 0) {
            opened.close();
            throw Failures.of(
                    Errno.EINVAL, what, opened.bdev() + " has blocks of " + block + " bytes: not parts of io units");
        }
        channel = opened.openChannel();
        desc = opened;
    }

    /** A device of its name is there, perhaps again. */
    void found() {
        if (desc == null) {
            try {
                attach("blobs of " + store + " that stand on bdev " + name);
            } catch (SpdkException e) {
                LOG.log(Level.WARNING, "they stay degraded: {0}", e.getMessage());
            }
        }
    }

    private void removed() {
        LOG.log(Level.WARNING, "bdev {0}, on which blobs of {1} stand, is about to go", name, store);
        close();
    }

    /** As the blob knows it. */
    String name() {
        return name;
    }

    /** Null if it is missing: blobs on it are degraded. */
    @Nullable
    BdevDesc desc() {
        return desc;
    }

    boolean isMissing() {
        return desc == null;
    }

    /** Reads what it has of a whole cluster, for those who copy it; beyond its end there are zeroes. */
    CompletableFuture<Void> read(DmaBuf buf, long offset) {
        BdevDesc d = desc;
        BdevChannel ch = channel;
        if (d == null || ch == null) {
            return CompletableFuture.failedFuture(Failures.of(
                    Errno.EIO, "reading bdev " + name, "it is missing, and blobs of " + store + " stand on it"));
        }
        buf.fill((byte) 0);
        long length = Math.clamp(d.bdev().sizeBytes() - offset, 0, buf.size());
        if (length == 0) {
            return Steps.done();
        }
        DmaBuf part = buf.slice(0, length);
        return Steps.begin(() -> ch.readAsync(part, offset)).whenComplete((_, _) -> part.close());
    }

    void close() {
        BdevDesc d = desc;
        desc = null;
        channel = null;
        if (d != null) {
            d.close();
        }
    }
}
