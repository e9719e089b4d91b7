// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import dev.spdkio.Engine;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.sys.IoUring;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A file as a block device, through io_uring where the kernel has it, else through {@link FileChannel}.
 *
 * @param config what makes the device
 * @param driver which way it is, and why, for people
 */
public record FileBdev(BdevConfig config, String driver) {
    private static final int FILL_BYTES = 1 << 20;

    /**
     * How the file is used.
     *
     * @param blockSize bytes of a block
     * @param readonly whether it is only read
     * @param direct whether to go past the page cache; null to do so where the file system can
     * @param aio whether to leave io_uring alone
     */
    public record Options(
            int blockSize, boolean readonly, @Nullable Boolean direct, boolean aio) {}

    /** Takes the best way there is. */
    public static FileBdev of(String name, Path file, Options options, Engine engine) {
        String cause = options.aio() ? "as asked for" : unavailabilityCause(engine);
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", name);
        params.put("filename", file.toAbsolutePath().toString());
        params.put("block_size", options.blockSize());
        if (options.readonly()) {
            params.put("readonly", true);
        }
        if (options.direct() != null) {
            params.put("direct", options.direct());
        }
        return cause == null
                ? new FileBdev(new BdevConfig("bdev_uring_create", params), "uring")
                : new FileBdev(new BdevConfig("bdev_aio_create", params), "aio (" + cause + ")");
    }

    /** Why the file is not used by io_uring, or null. */
    private static @Nullable String unavailabilityCause(Engine engine) {
        return engine == Engine.SPDK ? "which every build of SPDK has" : IoUring.unavailabilityCause();
    }

    /** Whether the I/O of a device on a file goes past the page cache, for people; empty for other devices. */
    public static String mode(Bdev bdev) {
        Map<String, Object> info = new LinkedHashMap<>();
        bdev.dumpInfo(info);
        for (Object specific : info.values()) {
            if (specific instanceof Map<?, ?> map && map.get("direct") instanceof Boolean direct) {
                return direct ? ", direct" : ", through the page cache";
            }
        }
        return "";
    }

    /** Makes a file all of whose bytes are written, so that reading it reads the disk and not holes. */
    public static void create(Path file, long bytes) throws IOException {
        byte[] noise = new byte[FILL_BYTES];
        new Random(bytes).nextBytes(noise);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer chunk = ByteBuffer.wrap(noise);
            for (long at = 0; at < bytes; ) {
                chunk.clear().limit((int) Math.min(FILL_BYTES, bytes - at));
                at += channel.write(chunk, at);
            }
            channel.force(true);
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }
}
