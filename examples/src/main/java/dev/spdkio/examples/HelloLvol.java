// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.lvol.Lvol;
import dev.spdkio.bdev.lvol.LvolOptions;
import dev.spdkio.bdev.lvol.LvolStore;
import dev.spdkio.bdev.lvol.LvolStoreOptions;
import dev.spdkio.bdev.lvol.LvolStores;
import dev.spdkio.error.SpdkException;
import java.nio.ByteBuffer;

/** A store of logical volumes: a thin one, a snapshot of it, and a clone of that. */
public final class HelloLvol {
    private static final String CONFIG = """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "bdev_malloc_create", "params": {"name": "Malloc0", "num_blocks": 16384, "block_size": 4096}}
            ]}]}
            """;

    private HelloLvol() {}

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        try (SpdkApp app = SpdkApp.builder().configJson(CONFIG).start()) {
            hello(app);
        }
        System.out.println("goodbye, lvol");
    }

    private static void hello(SpdkApp app) throws SpdkException {
        // docs: lvol-store
        LvolStores stores = LvolStores.of(app.bdevs());
        LvolStore store = stores.create(new LvolStoreOptions("Malloc0", "lvs").withClusterSize(1 << 20))
                .join();
        // docs: end
        // docs: lvol-create
        Lvol lvol = store.create(LvolOptions.thin("data", 16 << 20)).join();
        // docs: end
        // docs: lvol-use
        try (BlockDevice device = BlockDevice.open(app.bdevs(), "lvs/data", OpenMode.READ_WRITE)) {
            device.write(ByteBuffer.allocate(4096).putInt(0, 42), 1 << 20);
        }
        // docs: end
        // docs: lvol-snapshot
        Lvol snapshot = lvol.snapshot("monday").join();
        Lvol clone = snapshot.createClone("experiment").join();
        // docs: end
        ByteBuffer back = ByteBuffer.allocate(4096);
        try (BlockDevice device = BlockDevice.open(app.bdevs(), clone.bdevName(), OpenMode.READ_ONLY)) {
            device.read(back, 1 << 20);
        }
        System.out.println("the clone holds " + back.getInt(0));
    }
}
