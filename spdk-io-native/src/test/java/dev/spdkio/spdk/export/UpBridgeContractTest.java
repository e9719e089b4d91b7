// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.export;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.spdk.NativeContract;
import dev.spdkio.spdk.SpdkBdevs;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;

/** SPDK's devices on Java's: each keeps what every block device promises. */
class UpBridgeContractTest {
    private static String java(String name, long blocks, int blockSize) throws Exception {
        String javas = name + "Java";
        BdevManager bdevs = NativeApp.get().bdevs();
        Bdev old = bdevs.lookup(javas);
        if (old != null) {
            bdevs.unregister(old).get(10, TimeUnit.SECONDS);
        }
        Bdev bdev = MallocBdev.create(bdevs, new MallocBdevOptions(javas, blockSize, blocks));
        SpdkBdevs.export(bdev).get(10, TimeUnit.SECONDS);
        return javas;
    }

    @Nested
    class Passthru extends NativeContract.Passthru {
        @Override
        protected String base(String name) throws Exception {
            return java(name, 2 * MIN_BYTES / BLOCK, BLOCK);
        }
    }

    @Nested
    class Raid1 extends NativeContract.Raid1 {
        @Override
        protected String base(String name) throws Exception {
            return java(name, 2 * MIN_BYTES / BLOCK, BLOCK);
        }
    }
}
