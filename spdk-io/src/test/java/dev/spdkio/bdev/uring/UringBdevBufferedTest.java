// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.uring;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.file.FileBdevContract;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.IoUring;
import org.junit.jupiter.api.BeforeEach;

/** Through the page cache. */
class UringBdevBufferedTest extends FileBdevContract {
    @BeforeEach
    void needsIoUring() {
        assumeTrue(IoUring.isAvailable(), () -> "no io_uring: " + IoUring.unavailabilityCause());
    }

    @Override
    protected void rescan(BdevManager bdevs, String name) throws SpdkException {
        UringBdev.rescan(bdevs, name);
    }

    @Override
    protected Bdev create(BdevManager bdevs, Wish wish) throws SpdkException {
        return UringBdev.create(bdevs, UringBdevTest.options(wish).withDirect(false));
    }
}
