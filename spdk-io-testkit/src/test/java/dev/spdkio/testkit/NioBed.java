// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.aio.AioBdev;
import dev.spdkio.bdev.aio.AioBdevOptions;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.blobfs.nio.BlobFileSystem;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An application with a file system for programs that take paths. */
final class NioBed implements AutoCloseable {
    final SpdkApp app;
    final FileBed files;
    final BlobFileSystem system;

    /**
     * @param folder where the file is that is the device; null for one in memory
     */
    NioBed(@Nullable Path folder) throws Exception {
        app = SpdkApp.builder().name("nio").engine(Engine.JAVA).ignoreSignals().start();
        files = new FileBed(app, new BlobBed.Devices() {
            @Override
            public Bdev create(String name, long bytes) throws Exception {
                return folder == null ? memory(name, bytes) : file(folder.resolve(name), name, bytes);
            }

            @Override
            public void remove(Bdev bdev) throws Exception {
                app.bdevs().unregister(bdev).get(30, TimeUnit.SECONDS);
            }
        });
        system = BlobFileSystem.of(files.init());
    }

    private Bdev memory(String name, long bytes) throws Exception {
        return app.call(() -> MallocBdev.create(app.bdevs(), new MallocBdevOptions(name, 512, bytes / 512)))
                .get(10, TimeUnit.SECONDS);
    }

    private Bdev file(Path file, String name, long bytes) throws Exception {
        try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
            f.setLength(bytes);
        }
        AioBdevOptions options =
                new AioBdevOptions(name, file.toString()).withBlockSize(4096).withFallocate(true);
        return app.call(() -> AioBdev.create(app.bdevs(), options)).get(10, TimeUnit.SECONDS);
    }

    Path root() {
        return system.getPath("/");
    }

    @Override
    public void close() throws Exception {
        try (app) {
            system.close();
            files.close();
        }
    }
}
