// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.aio.AioBdev;
import dev.spdkio.bdev.aio.AioBdevOptions;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** File systems on the blobstore in Java keep what every file system promises, on memory and on files. */
class JavaBlobFsContractTest {
    /** A suite in an application of its own. */
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class Contract extends BlobFsContract implements BlobBed.Devices {
        SpdkApp app;

        @BeforeAll
        void start() throws Exception {
            app = SpdkApp.builder()
                    .name("blobfs")
                    .engine(Engine.JAVA)
                    .ignoreSignals()
                    .start();
        }

        @AfterAll
        void stop() {
            app.close();
        }

        @Override
        protected SpdkApp app() {
            return app;
        }

        @Override
        protected BlobBed.Devices devices() {
            return this;
        }

        @Override
        public void remove(Bdev bdev) throws Exception {
            app.bdevs().unregister(bdev).get(30, TimeUnit.SECONDS);
        }
    }

    @Nested
    class OnMalloc extends Contract {
        @Override
        public Bdev create(String name, long bytes) throws Exception {
            return app.call(() -> MallocBdev.create(app.bdevs(), new MallocBdevOptions(name, 512, bytes / 512)))
                    .get(10, TimeUnit.SECONDS);
        }
    }

    @Nested
    class OnFile extends Contract {
        @TempDir(factory = DiskTempDir.class)
        Path folder;

        @Override
        public Bdev create(String name, long bytes) throws Exception {
            Path file = folder.resolve(name);
            Files.deleteIfExists(file);
            try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
                f.setLength(bytes);
            }
            AioBdevOptions options = new AioBdevOptions(name, file.toString())
                    .withBlockSize(4096)
                    .withFallocate(true);
            return app.call(() -> AioBdev.create(app.bdevs(), options)).get(10, TimeUnit.SECONDS);
        }
    }
}
