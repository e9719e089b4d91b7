// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.testkit.BdevContract;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;

/** What every block device promises, for one of SPDK's, in the application that all tests share. */
public abstract class NativeContract extends BdevContract {
    protected static final int BLOCK = 512;

    @BeforeEach
    public final void start() throws Exception {
        use(NativeApp.get());
    }

    /**
     * Makes a device below the one under test, twice as large; that of the test before goes first.
     *
     * @return its name, which begins with {@code name}
     */
    protected String base(String name) throws Exception {
        if (NativeApp.get().bdevs().lookup(name) != null) {
            NativeApp.rpc("bdev_malloc_delete", Map.of("name", name));
        }
        NativeApp.rpc(
                "bdev_malloc_create", Map.of("name", name, "num_blocks", 2 * MIN_BYTES / BLOCK, "block_size", BLOCK));
        return name;
    }

    /** A device that passes everything on. */
    public abstract static class Passthru extends NativeContract {
        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            String base = base("PassthruBase");
            String name = "On" + base;
            return NativeApp.make(name, "bdev_passthru_create", Map.of("name", name, "base_bdev_name", base));
        }
    }

    /** A mirror. */
    public abstract static class Raid1 extends NativeContract {
        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            List<String> bases = List.of(base("MirrorA"), base("MirrorB"));
            String name = "Raid1On" + bases.getFirst();
            return NativeApp.make(
                    name, "bdev_raid_create", Map.of("name", name, "raid_level", "raid1", "base_bdevs", bases));
        }
    }
}
