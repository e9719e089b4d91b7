// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.spi.BlobstoreBase;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;

/** What is said of operations that fail. */
final class Failures {
    private Failures() {}

    static SpdkException of(int errno, String what, String why) {
        return BlobstoreBase.failure(errno, what, why);
    }

    static SpdkException noClusters(String what, long wanted, long free) {
        return of(
                Errno.ENOSPC,
                what,
                wanted + " clusters are wanted and " + free + " free: delete or shrink blobs, or grow the store");
    }

    static SpdkException noPages(String what) {
        return of(Errno.ENOMEM, what, "no metadata page is left: delete blobs or attributes");
    }
}
