// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.SpdkApp;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * What a file system promises, whatever blobstore it stands on: of names, of data, and of what a crash leaves.
 *
 * <p>A subclass has an application, and makes devices.
 */
@Timeout(120)
public abstract class BlobFsContract implements FileNameContract, FileDataContract, FileScriptContract {
    private @Nullable FileBed bed;

    /** A running application. It may be shared, and is not closed here. */
    protected abstract SpdkApp app() throws Exception;

    /** Makes devices of {@link BlobBed#DEVICE_BYTES}. */
    protected abstract BlobBed.Devices devices() throws Exception;

    @BeforeEach
    final void makeBed() throws Exception {
        bed = new FileBed(app(), devices());
    }

    @AfterEach
    final void closeBed() throws Exception {
        FileBed b = bed;
        if (b != null) {
            b.close();
        }
    }

    @Override
    public final FileBed bed() {
        return Objects.requireNonNull(bed);
    }
}
