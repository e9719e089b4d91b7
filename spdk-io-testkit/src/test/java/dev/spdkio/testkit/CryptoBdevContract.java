// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevStats;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.crypto.CryptoBdev;
import dev.spdkio.bdev.crypto.CryptoBdevOptions;
import dev.spdkio.bdev.crypto.CryptoKey;
import java.util.Arrays;

/** The contract for a device that encrypts. */
abstract class CryptoBdevContract extends BdevContractInWorlds {
    abstract int blockSize();

    abstract int keyBytes();

    @Override
    protected final Bdev create(BdevManager bdevs) throws Exception {
        Stacked.base(bdevs, blockSize());
        byte[] key = new byte[keyBytes()];
        byte[] key2 = new byte[keyBytes()];
        Arrays.fill(key2, (byte) 1);
        CryptoBdevOptions options = new CryptoBdevOptions("Crypto0", "Base0", new CryptoKey("key", key, key2));
        Bdev bdev = world().on(bdevs.appThread(), () -> CryptoBdev.create(bdevs, options));
        // The zeroes that the contract begins with have to be written.
        BdevDesc desc =
                world().on(bdevs.appThread(), () -> bdevs.open("Crypto0", OpenMode.READ_WRITE, BdevEventListener.NONE));
        BdevChannel ch = world().on(bdevs.appThread(), desc::openChannel);
        world().await(ch.writeZeroesAsync(0, bdev.sizeBytes()));
        desc.close();
        world().await(desc.closed());
        world().await(bdev.stats(BdevStats.Reset.ALL));
        return bdev;
    }

    @Override
    public boolean unmapsToZeroes() {
        return false;
    }
}
