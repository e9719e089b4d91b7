// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import java.util.concurrent.CompletableFuture;

/** With the longer key, and removed from below. */
class CryptoBdev4096ContractTest extends CryptoBdevContract {
    @Override
    int blockSize() {
        return 4096;
    }

    @Override
    int keyBytes() {
        return 32;
    }

    @Override
    protected CompletableFuture<Void> remove(Bdev bdev) {
        return Stacked.removeFromBelow(bdev);
    }
}
