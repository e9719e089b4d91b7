// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.aio.AioBdev;
import dev.spdkio.bdev.aio.AioBdevOptions;
import dev.spdkio.sys.FileHandle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Past the page cache, with unmap and zeroes by the file system where it can. */
class AioBdevDirectContractTest extends FileBdevContractInWorlds {
    @Override
    Bdev create(BdevManager bdevs, Path file) throws IOException {
        return AioBdev.create(
                bdevs,
                new AioBdevOptions("Aio0", file.toString())
                        .withBlockSize((int) Files.getFileStore(file).getBlockSize())
                        .withDirect(true)
                        .withFallocate(FileHandle.isAvailable()));
    }
}
