// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file system of 1 MiB in memory, where the tests may mount one. */
public record SmallFileSystem(Path path) implements AutoCloseable {
    /** Skips the test that asks if it may not mount. */
    public static SmallFileSystem mount(Path at) throws IOException, InterruptedException {
        Files.createDirectory(at);
        assumeTrue(
                Command.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", at.toString())
                        .isPresent(),
                "may not mount a tmpfs");
        return new SmallFileSystem(at);
    }

    /** A file that claims to be that large, and has nothing yet. */
    public Path sparse(String name, long bytes) throws IOException {
        Path file = path.resolve(name);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(bytes);
        }
        return file;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        Command.run("umount", "--lazy", path.toString());
    }
}
