// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.testkit.BlobBed;
import dev.spdkio.testkit.BlobstoreContract;
import dev.spdkio.testkit.Seeded;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SPDK's blobstore keeps what every blobstore promises, on devices of SPDK and of Java. */
class NativeBlobstoreContractTest {
    /** A suite in the application that all tests share. */
    abstract static class Contract extends BlobstoreContract implements BlobBed.Devices {
        @Override
        protected SpdkApp app() throws Exception {
            return NativeApp.get();
        }

        @Override
        protected BlobBed.Devices devices() {
            return this;
        }

        @Override
        @Test
        public void takesOtherPagesAndClusters() throws Exception {
            NativeApp.assumeSince("v25.05", "has metadata pages of 4096 bytes only");
            super.takesOtherPagesAndClusters();
        }

        @Override
        @Test
        public void standsOnADeviceLater() throws Exception {
            NativeApp.assumeSince("v25.05", "loses the device of such a blob when a snapshot is made of it");
            super.standsOnADeviceLater();
        }

        @Override
        @Test
        @Seeded
        public void agreesWithTheModel(RandomGenerator random) throws Exception {
            NativeApp.assumeSince("v25.05", "gives up clusters of clones when they are unmapped");
            super.agreesWithTheModel(random);
        }
    }

    @Nested
    class OnMalloc extends Contract {
        @Override
        public Bdev create(String name, long bytes) throws Exception {
            return NativeApp.make(
                    name, "bdev_malloc_create", Map.of("name", name, "num_blocks", bytes / 512, "block_size", 512));
        }

        @Override
        public void remove(Bdev bdev) throws Exception {
            NativeApp.rpc("bdev_malloc_delete", Map.of("name", bdev.name()));
        }
    }

    @Nested
    class OnFile extends Contract {
        @TempDir
        Path folder;

        @Override
        public Bdev create(String name, long bytes) throws Exception {
            Path file = folder.resolve(name);
            Files.deleteIfExists(file);
            setLength(file, bytes);
            return NativeApp.make(
                    name, "bdev_aio_create", Map.of("name", name, "filename", file.toString(), "block_size", 4096));
        }

        @Override
        public void remove(Bdev bdev) throws Exception {
            NativeApp.rpc("bdev_aio_delete", Map.of("name", bdev.name()));
        }

        @Override
        public boolean grow(Bdev bdev, long bytes) throws Exception {
            setLength(folder.resolve(bdev.name()), bytes);
            NativeApp.rpc("bdev_aio_rescan", Map.of("name", bdev.name()));
            return true;
        }

        private static void setLength(Path file, long bytes) throws IOException {
            try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
                f.setLength(bytes);
            }
        }
    }

    @Nested
    class OnJava extends Contract {
        private static BdevManager hub() throws Exception {
            return NativeApp.get().bdevs();
        }

        @Override
        public Bdev create(String name, long bytes) throws Exception {
            BdevManager hub = hub();
            return hub.appThread()
                    .call(() -> MallocBdev.create(hub, new MallocBdevOptions(name, 512, bytes / 512)))
                    .get(10, TimeUnit.SECONDS);
        }

        @Override
        public void remove(Bdev bdev) throws Exception {
            hub().unregister(bdev).get(30, TimeUnit.SECONDS);
        }
    }
}
