// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.uring.UringBdev;
import dev.spdkio.bdev.uring.UringBdevOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.IoUring;
import java.nio.file.Path;

class UringBdevContractTest extends FileBdevContractInWorlds {
    @Override
    Bdev create(BdevManager bdevs, Path file) throws SpdkException {
        assumeTrue(IoUring.isAvailable(), () -> "no io_uring: " + IoUring.unavailabilityCause());
        return UringBdev.create(bdevs, new UringBdevOptions("Uring0", file.toString()).withBlockSize(512));
    }
}
