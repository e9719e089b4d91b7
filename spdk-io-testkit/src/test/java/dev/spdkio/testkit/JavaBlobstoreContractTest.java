// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.aio.AioBdev;
import dev.spdkio.bdev.aio.AioBdevOptions;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The blobstore in Java keeps what every blobstore promises, on memory and on files. */
class JavaBlobstoreContractTest {
    /** A suite in an application of its own. */
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class Contract extends BlobstoreContract implements BlobBed.Devices {
        private SpdkApp app;

        @BeforeAll
        void start() throws Exception {
            app = SpdkApp.builder()
                    .name("blobstore")
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

        BdevManager hub() {
            return app.bdevs();
        }

        Bdev register(Callable<Bdev> creation) throws Exception {
            return hub().appThread().call(creation).get(10, TimeUnit.SECONDS);
        }

        @Override
        public void remove(Bdev bdev) throws Exception {
            hub().unregister(bdev).get(30, TimeUnit.SECONDS);
        }
    }

    @Nested
    class OnMalloc extends Contract {
        @Override
        public Bdev create(String name, long bytes) throws Exception {
            return register(() -> MallocBdev.create(hub(), new MallocBdevOptions(name, 512, bytes / 512)));
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
            setLength(file, bytes);
            return register(() -> AioBdev.create(
                    hub(),
                    new AioBdevOptions(name, file.toString())
                            .withBlockSize(4096)
                            .withFallocate(true)));
        }

        @Override
        public boolean grow(Bdev bdev, long bytes) throws Exception {
            setLength(folder.resolve(bdev.name()), bytes);
            Bdev _ = register(() -> {
                bdev.notifyBlockCount(bytes / bdev.blockSize());
                return bdev;
            });
            return true;
        }

        private static void setLength(Path file, long bytes) throws IOException {
            try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
                f.setLength(bytes);
            }
        }
    }
}
