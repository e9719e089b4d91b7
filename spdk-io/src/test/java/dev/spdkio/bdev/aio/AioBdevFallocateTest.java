// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.aio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.file.FileBdevContract;
import dev.spdkio.bdev.file.FileWorld;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.FileHandle;
import org.junit.jupiter.api.Test;

/** With {@code fallocate}, so that unmap and zeroes are native. */
class AioBdevFallocateTest extends FileBdevContract {
    @Override
    protected void rescan(BdevManager bdevs, String name) throws SpdkException {
        AioBdev.rescan(bdevs, name);
    }

    @Override
    protected Bdev create(BdevManager bdevs, Wish wish) throws SpdkException {
        assumeTrue(FileHandle.isAvailable(), "no native access");
        return AioBdev.create(bdevs, AioBdevTest.options(wish).withFallocate(true));
    }

    @Test
    void unmapsNatively() throws Exception {
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            Bdev bdev = create(world.bdevs, new Wish("a", file("a", MIB), 4096, false));
            assertThat(bdev.supports(IoType.UNMAP)).isTrue();
            assertThat(bdev.emulates(IoType.WRITE_ZEROES)).isFalse();
        }
    }
}
