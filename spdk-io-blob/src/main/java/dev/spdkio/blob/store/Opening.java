// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blob.format.Layout;
import dev.spdkio.blob.format.MalformedMetadataException;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.blob.spi.BlobstoreBase;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.BitSet;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/** How a store comes up. */
final class Opening {
    private final Devices devices;
    private final SpdkThread thread;
    private final String name;
    private final BlobstoreOptions options;
    private final Mode mode;
    private final String what;
    private final CompletableFuture<Void> deviceRemoved;

    Opening(Devices devices, SpdkThread thread, String name, BlobstoreOptions options, Mode mode) {
        this.devices = devices;
        this.thread = thread;
        this.name = name;
        this.options = options;
        this.mode = mode;
        this.what = "blobstore on bdev " + name + ": " + mode.name().toLowerCase(Locale.ROOT);
        this.deviceRemoved = thread.runtime().newFuture();
    }

    /** Opens the store. Any thread. */
    CompletableFuture<JavaBlobstore> start() {
        return BlobstoreBase.begin(thread, this::open, this::told);
    }

    private Throwable told(Throwable failure) {
        return failure instanceof MalformedMetadataException e
                ? Failures.of(
                        Errno.EILSEQ,
                        what,
                        "there is no blobstore on it that can be read; init makes one (" + e.getMessage() + ")")
                : failure;
    }

    private CompletableFuture<JavaBlobstore> open() throws SpdkException {
        if (devices.bdevs().lookup(name) == null) {
            throw Failures.of(Errno.ENODEV, what, "there is no such device: create it first, or look at its name");
        }
        BdevDesc desc = openDevice();
        thread.beginOperation();
        StoreDevice device = new StoreDevice(desc);
        return Steps.undo(
                Steps.begin(() -> mode == Mode.INIT ? init(device) : load(device))
                        .thenApply(this::loaded),
                () -> device.close().thenRun(thread::endOperation));
    }

    private BdevDesc openDevice() throws SpdkException {
        try {
            return devices.open(name, () -> deviceRemoved.complete(null));
        } catch (SpdkException e) {
            throw Failures.of(e.errno(), what, "it cannot be open for writing by a store alone: " + e.getMessage());
        }
    }

    private JavaBlobstore loaded(Store store) {
        return new JavaBlobstore(store, deviceRemoved);
    }

    // ---- a new one --------------------------------------------------------------------------------------------------

    private CompletableFuture<Store> init(StoreDevice device) throws SpdkException {
        Bdev bdev = device.bdev();
        int page = Math.max(Math.max(options.metadataPageSize(), SuperBlock.BYTES), bdev.blockSize());
        long clusters = bdev.sizeBytes() / options.clusterSize();
        if (options.clusterSize() % bdev.blockSize() != 0 || page > options.clusterSize()) {
            throw Failures.of(Errno.EINVAL, what, "blocks of " + bdev.blockSize() + " bytes do not suit " + options);
        }
        if (clusters < 1 || clusters > SuperBlock.MAX_CLUSTERS) {
            throw Failures.of(Errno.ENOSPC, what, fit());
        }
        int pages = options.metadataPages() == 0
                ? (int) Math.min(clusters, SuperBlock.MAX_METADATA_PAGES)
                : options.metadataPages();
        SuperBlock s =
                Layout.of(bdev.sizeBytes(), bdev.blockSize(), options.clusterSize(), pages, page, options.type());
        long metadataBytes = s.metadata().end() * page;
        if (pages > SuperBlock.MAX_METADATA_PAGES || s.metadataClusters() > clusters) {
            throw Failures.of(Errno.ENOMEM, what, fit());
        }
        BitSet used = new BitSet();
        used.set(0, s.metadataClusters());
        Space space = new Space(new BitSet(), pages, new BitSet(), used, (int) clusters);
        Store store = new Store(devices, thread, options, device, s, space);
        ClearMethod clear = options.clearMethod();
        return device.zero(0, metadataBytes)
                .thenCompose(_ -> device.clear(clear, metadataBytes, bdev.sizeBytes() - metadataBytes))
                .thenCompose(_ -> store.writeSuper(s))
                .thenApply(_ -> store);
    }

    private String fit() {
        return "clusters of " + options.clusterSize() + " bytes with "
                + (options.metadataPages() == 0 ? "a metadata page each" : options.metadataPages() + " metadata pages")
                + " do not fit on it: take others";
    }

    // ---- one that is there ------------------------------------------------------------------------------------------

    private CompletableFuture<Store> load(StoreDevice device) {
        Bdev bdev = device.bdev();
        return device.with(
                        Math.max(SuperBlock.BYTES, bdev.blockSize()),
                        buf -> device.read(buf, 0)
                                .thenCompose(_ -> Steps.begin(() -> CompletableFuture.completedFuture(
                                        SuperBlock.decode(buf.segment(), bdev.sizeBytes())))))
                .thenCompose(s -> Steps.begin(() -> load(device, s)));
    }

    private CompletableFuture<Store> load(StoreDevice device, SuperBlock s) throws SpdkException {
        if (!options.type().isEmpty() && !options.type().equals(s.type().text())) {
            throw Failures.of(
                    Errno.ENXIO,
                    what,
                    "its blobstore is of type '" + s.type().text() + "', not '" + options.type() + "'");
        }
        checkBlocks(what, device.bdev(), s);
        Store store = new Store(devices, thread, options, device, s, Space.unknown(s));
        return Recovery.load(store)
                .thenCompose(_ -> mode == Mode.GROW ? Growth.grow(store) : Steps.done())
                .thenApply(_ -> store);
    }

    /** Refuses a device whose blocks are larger than what a store reads and writes. */
    static void checkBlocks(String what, Bdev bdev, SuperBlock s) throws SpdkException {
        int block = bdev.blockSize();
        if (s.ioUnitSize() % block != 0 || s.metadataPageSize() % block != 0) {
            throw Failures.of(
                    Errno.EINVAL,
                    what,
                    "its io units of " + s.ioUnitSize() + " bytes are not whole blocks of " + block + " bytes");
        }
    }
}
