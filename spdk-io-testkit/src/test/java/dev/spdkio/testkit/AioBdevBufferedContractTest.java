// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.aio.AioBdev;
import dev.spdkio.bdev.aio.AioBdevOptions;
import dev.spdkio.error.SpdkException;
import java.nio.file.Path;

/** Through the page cache, with zeroes that are written. */
class AioBdevBufferedContractTest extends FileBdevContractInWorlds {
    @Override
    Bdev create(BdevManager bdevs, Path file) throws SpdkException {
        return AioBdev.create(
                bdevs,
                new AioBdevOptions("Aio0", file.toString()).withBlockSize(512).withDirect(false));
    }
}
