// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract for a device on a file. */
abstract class FileBdevContractInWorlds extends BdevContractInWorlds {
    @TempDir(factory = DiskTempDir.class)
    Path dir;

    /** Makes the device. EOPNOTSUPP says that this file system or machine lacks what it needs: it is skipped. */
    abstract Bdev create(BdevManager bdevs, Path file) throws IOException;

    @Override
    protected final Bdev create(BdevManager bdevs) throws IOException {
        Path file = dir.resolve("device");
        try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
            made.setLength(MIN_BYTES);
        }
        try {
            return create(bdevs, file);
        } catch (SpdkException e) {
            if (e.errno() == Errno.EOPNOTSUPP) {
                return abort(e.getMessage());
            }
            throw e;
        }
    }
}
