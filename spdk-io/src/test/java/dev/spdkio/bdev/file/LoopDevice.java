// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** A block device over a file, where the tests may make one. */
record LoopDevice(Path path) implements AutoCloseable {
    /** Skips the test that asks if there is no loop device to be had. */
    static LoopDevice attach(Path file, int sectorSize) throws IOException, InterruptedException {
        Optional<String> device = Command.run(
                "losetup", "--find", "--show", "--sector-size", String.valueOf(sectorSize), file.toString());
        assumeTrue(device.isPresent(), "may not attach a loop device with sectors of " + sectorSize);
        return new LoopDevice(Path.of(device.orElseThrow()));
    }

    @Override
    public void close() throws IOException, InterruptedException {
        Command.run("losetup", "--detach", path.toString());
    }
}
