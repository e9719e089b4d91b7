// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.gpt.GptBdev;
import dev.spdkio.bdev.gpt.GptPartition;
import dev.spdkio.bdev.gpt.GptTable;
import java.nio.ByteBuffer;
import java.util.UUID;

/** The second of two partitions. */
class GptBdevContractTest extends BdevContractInWorlds {
    @Override
    protected Bdev create(BdevManager bdevs) throws Exception {
        long blocks = MIN_BYTES / 512;
        GptImage image = new GptImage(512, 2 * blocks + 100, new UUID(1, 2));
        image.partition(1, GptPartition.SPDK, new UUID(3, 4), image.firstUsable(), blocks - 1, "first")
                .partition(3, GptPartition.SPDK, new UUID(5, 6), blocks, 2 * blocks - 1, "second");
        Stacked.base(bdevs, 512, 2 * blocks + 100);
        GptTable table = GptTable.primary(ByteBuffer.wrap(image.head()), 512, 2 * blocks + 100);
        return world().on(
                        bdevs.appThread(),
                        () -> GptBdev.createAll(bdevs, "Base0", table).getLast());
    }
}
