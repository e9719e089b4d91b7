// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.aio.AioBdev;
import dev.spdkio.bdev.aio.AioBdevOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A device on a file: what was written is there in the next application, and a flush makes it survive a loss of power.
 */
public final class FileDevice {
    private FileDevice() {}

    /** Runs it. */
    public static void main(String[] args) throws IOException {
        Path file = Files.createTempFile("spdkio", ".img");
        try {
            try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
                f.setLength(1 << 20);
            }
            store(file);
            System.out.println("the file holds " + load(file));
        } finally {
            Files.delete(file);
        }
    }

    private static void store(Path file) throws IOException {
        // docs: file-device
        try (SpdkApp app = SpdkApp.builder().start()) {
            AioBdev.create(app.bdevs(), new AioBdevOptions("Aio0", file.toString()).withBlockSize(4096));
            try (BlockDevice device = BlockDevice.open(app.bdevs(), "Aio0", OpenMode.READ_WRITE)) {
                device.write(ByteBuffer.allocate(4096).putInt(0, 42), 0);
                device.flush();
            }
        }
        // docs: end
    }

    private static int load(Path file) throws IOException {
        try (SpdkApp app = SpdkApp.builder().start()) {
            AioBdev.create(app.bdevs(), new AioBdevOptions("Aio0", file.toString()).withReadonly(true));
            try (BlockDevice device = BlockDevice.open(app.bdevs(), "Aio0", OpenMode.READ_ONLY)) {
                ByteBuffer block = ByteBuffer.allocate(4096);
                device.read(block, 0);
                return block.getInt(0);
            }
        }
    }
}
