// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.spi.BlobstoreProvider;
import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import dev.spdkio.blobfs.FileOption;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.testkit.BlobBed;
import dev.spdkio.testkit.BlobFsContract;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** File systems on SPDK's blobstore keep what every file system promises, and can be had by the one in Java. */
class NativeBlobFsContractTest {
    @Nested
    class OnMalloc extends BlobFsContract implements BlobBed.Devices {
        @Override
        protected SpdkApp app() throws Exception {
            return NativeApp.get();
        }

        @Override
        protected BlobBed.Devices devices() {
            return this;
        }

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

    @Test
    @Timeout(60)
    void goesFromOneBlobstoreToTheOther() throws Exception {
        SpdkApp app = NativeApp.get();
        Bdev device = NativeApp.make(
                "Both",
                "bdev_malloc_create",
                Map.of("name", "Both", "num_blocks", BlobBed.DEVICE_BYTES / 512, "block_size", 512));
        SpdkThread thread = app.runtime().createThread("both");
        try {
            try (BlobFs fs = BlobFs.init(app, device.name(), BlobFsOptions.DEFAULT)) {
                append(fs, "by SPDK", 300_000);
                fs.create("gone");
                fs.rename("by SPDK", "gone");
            }
            Blobstore store = BlobstoreProvider.of(Engine.JAVA)
                    .orElseThrow()
                    .open(app, thread, device.name(), BlobstoreOptions.DEFAULT, BlobstoreProvider.Mode.LOAD)
                    .get(30, TimeUnit.SECONDS);
            try (BlobFs fs =
                    BlobFs.mountAsync(app, store, BlobFsOptions.DEFAULT).get(30, TimeUnit.SECONDS)) {
                check(fs, "gone", 300_000);
                append(fs, "by Java", 123_456);
            }
            try (BlobFs fs = BlobFs.load(app, device.name(), BlobFsOptions.DEFAULT)) {
                assertThat(fs.files()).hasSize(2);
                check(fs, "gone", 300_000);
                check(fs, "by Java", 123_456);
            }
        } finally {
            thread.exit().get(30, TimeUnit.SECONDS);
            NativeApp.rpc("bdev_malloc_delete", Map.of("name", device.name()));
        }
    }

    private static byte[] content(int bytes) {
        byte[] b = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            b[i] = (byte) (i * 31 >> 3);
        }
        return b;
    }

    private static void append(BlobFs fs, String name, int bytes) throws Exception {
        try (BlobFile f = fs.open(name, FileOption.WRITE, FileOption.CREATE_NEW)) {
            f.append(ByteBuffer.wrap(content(bytes)));
        }
    }

    private static void check(BlobFs fs, String name, int bytes) throws Exception {
        try (BlobFile f = fs.open(name)) {
            ByteBuffer b = ByteBuffer.allocate(bytes + 1);
            assertThat(f.read(b, 0)).isEqualTo(bytes);
            assertThat(b.flip()).isEqualTo(ByteBuffer.wrap(content(bytes)));
        }
    }
}
