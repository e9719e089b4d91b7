// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.SpdkApp;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * What every blobstore promises: of stores and their lives, of blobs, their sizes and attributes, of data, of snapshots
 * and clones, and of misuse. What SPDK's {@code blob_ut} looks at, as far as an application can see it.
 *
 * <p>A subclass has an application whose engine has a blobstore, and makes devices.
 */
@Timeout(120)
public abstract class BlobstoreContract
        implements BlobStoreLifeContract,
                BlobMetadataContract,
                BlobIoContract,
                BlobScriptContract,
                BlobSnapshotContract,
                BlobMisuseContract {
    private @Nullable BlobBed bed;

    /** A running application whose engine has a blobstore. It may be shared, and is not closed here. */
    protected abstract SpdkApp app() throws Exception;

    /** Makes devices of {@link BlobBed#DEVICE_BYTES} and more. */
    protected abstract BlobBed.Devices devices() throws Exception;

    @BeforeEach
    final void makeBed() throws Exception {
        bed = new BlobBed(app(), devices());
    }

    @AfterEach
    final void closeBed() throws Exception {
        BlobBed b = bed;
        if (b != null) {
            b.close();
        }
    }

    @Override
    public final BlobBed bed() {
        return Objects.requireNonNull(bed);
    }
}
