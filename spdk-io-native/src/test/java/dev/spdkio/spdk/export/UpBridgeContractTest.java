// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.export;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.spdk.SpdkBdevs;
import dev.spdkio.testkit.BdevContract;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;

/** SPDK's devices on Java's: each keeps what every block device promises. */
class UpBridgeContractTest {
    private static final int BLOCK = 512;

    /** A suite in the application that all tests share. */
    abstract static class Contract extends BdevContract {
        @BeforeEach
        void start() throws Exception {
            use(NativeApp.get());
        }

        /** A Java device that SPDK has; that of the test before goes first. */
        final String base(String name) throws Exception {
            BdevManager bdevs = NativeApp.get().bdevs();
            Bdev old = bdevs.lookup(name);
            if (old != null) {
                bdevs.unregister(old).get(10, TimeUnit.SECONDS);
            }
            Bdev bdev = MallocBdev.create(bdevs, new MallocBdevOptions(name, BLOCK, 2 * MIN_BYTES / BLOCK));
            SpdkBdevs.export(bdev).get(10, TimeUnit.SECONDS);
            return name;
        }
    }

    @Nested
    class Passthru extends Contract {
        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            return NativeApp.make(
                    "PassthruJ",
                    "bdev_passthru_create",
                    Map.of("name", "PassthruJ", "base_bdev_name", base("PassthruJavaBase")));
        }
    }

    @Nested
    class Raid1 extends Contract {
        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            return NativeApp.make(
                    "Raid1J",
                    "bdev_raid_create",
                    Map.of(
                            "name", "Raid1J",
                            "raid_level", "raid1",
                            "base_bdevs", List.of(base("MirrorJavaA"), base("MirrorJavaB"))));
        }
    }
}
