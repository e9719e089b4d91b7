// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.ClaimType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;

/**
 * How the devices of a store are opened: its own, and those that its blobs stand on.
 *
 * <p>Thread rule: the metadata thread.
 */
interface Devices {
    /** Where they are. Any thread. */
    BdevManager bdevs();

    /** Opens the device of the store, for nobody else to write; {@code removed} is run when it is about to go. */
    BdevDesc open(String name, Runnable removed) throws SpdkException;

    /** Opens a device that a blob stands on, to read it. */
    BdevDesc openBelow(String name, Runnable removed) throws SpdkException;

    /** Whether a blob may be opened without the device it stands on. */
    boolean mayBeMissing();

    /** Those of an application, on any thread. */
    record OfApplication(BdevManager bdevs) implements Devices {
        @Override
        public BdevDesc open(String name, Runnable removed) throws SpdkException {
            BdevDesc desc = openBelow(name, removed);
            try {
                desc.claim(Claim.of("blobstore", ClaimType.READ_MANY_WRITE_ONE));
            } catch (SpdkException | RuntimeException e) {
                desc.close();
                throw e;
            }
            return desc;
        }

        @Override
        public BdevDesc openBelow(String name, Runnable removed) throws SpdkException {
            return bdevs.open(name, OpenMode.READ_ONLY, (event, _) -> {
                if (event == BdevEvent.REMOVED) {
                    removed.run();
                }
            });
        }

        @Override
        public boolean mayBeMissing() {
            return false;
        }
    }
}
