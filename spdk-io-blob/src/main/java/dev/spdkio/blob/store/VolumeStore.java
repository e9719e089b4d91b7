// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.ClaimType;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.format.MalformedMetadataException;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.error.SpdkException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A store on a device, whose blobs are devices themselves. It needs no application, but a thread of the hub; a blob may
 * be open while the device it stands on is missing.
 *
 * <p>Thread rule: the app thread of the hub, which is the metadata thread, except {@link #openChannel}.
 */
public final class VolumeStore {
    /** The claim on a device with a store. */
    public static final ClaimType CLAIM = ClaimType.READ_MANY_WRITE_ONE;

    /** Claims what blobs stand on: there may be several, and nobody writes. */
    private record Below(BaseBdev base, String claimant) implements Devices {
        @Override
        public BdevManager bdevs() {
            return base.bdev().manager();
        }

        @Override
        public BdevDesc open(String name, Runnable removed) {
            return base.desc(); // whoever opened it hears of its removal
        }

        @Override
        public BdevDesc openBelow(String name, Runnable removed) throws SpdkException {
            Claim claim = Claim.of(claimant, ClaimType.READ_MANY_WRITE_NONE);
            return BaseBdev.open(bdevs(), name, claim, (event, _) -> {
                        if (event == BdevEvent.REMOVED) {
                            removed.run();
                        }
                    })
                    .desc();
        }

        @Override
        public boolean mayBeMissing() {
            return true;
        }
    }

    private final JavaBlobstore blobs;

    private VolumeStore(JavaBlobstore blobs) {
        this.blobs = blobs;
    }

    /**
     * Opens a store, which closes {@code base} at its end, or at once if that fails.
     *
     * @param base claimed by {@link #CLAIM}, without channels
     * @param claimant who claims what blobs stand on
     */
    public static CompletableFuture<VolumeStore> open(
            BaseBdev base, String claimant, BlobstoreOptions options, Mode mode) {
        BdevManager bdevs = base.bdev().manager();
        Devices devices = new Below(base, claimant);
        return new Opening(devices, bdevs.appThread(), base.bdev().name(), options, mode)
                .start()
                .thenApply(VolumeStore::new);
    }

    /** Whether the first {@link SuperBlock#BYTES} of a device begin a store of a type. */
    public static boolean isStore(MemorySegment first, long deviceBytes, String type) {
        try {
            return SuperBlock.decode(first, deviceBytes).type().text().equals(type);
        } catch (MalformedMetadataException e) {
            return false;
        }
    }

    /** The store. */
    public Blobstore blobs() {
        return blobs;
    }

    /** The way of the calling thread, any, to the data of an open blob. */
    public VolumeChannel openChannel(Blob blob) {
        return new VolumeChannel(blobs, ((JavaBlob) blob).state());
    }

    /**
     * Unloads it, whatever becomes of its device: at the end nobody has that open. Fails as {@link Blobstore#unload},
     * and the store is recovered then when it is loaded.
     */
    public CompletableFuture<Void> unload() {
        return Steps.after(
                blobs.unload(),
                (_, failure) -> failure == null || !blobs.isLoaded()
                        ? Steps.ended(failure)
                        : Steps.after(blobs.abandon(), (_, _) -> Steps.ended(failure)));
    }

    /** A device has come: blobs in memory that stand on one of its names, and miss it, have it from now on. */
    public void found(List<String> names) {
        for (BlobState state : List.copyOf(blobs.store().states.values())) {
            if (state.backing() instanceof ExternalDevice d && names.contains(d.name())) {
                d.found();
            }
        }
    }
}
