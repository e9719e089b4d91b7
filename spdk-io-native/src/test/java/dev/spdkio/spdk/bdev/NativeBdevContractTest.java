// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.spdk.NativeContract;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** SPDK's devices in the hub: each keeps what every block device promises. */
class NativeBdevContractTest {
    @Nested
    class Malloc extends NativeContract {
        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            return NativeApp.make(
                    "Malloc0",
                    "bdev_malloc_create",
                    Map.of("name", "Malloc0", "num_blocks", MIN_BYTES / BLOCK, "block_size", BLOCK));
        }
    }

    @Nested
    class Null extends NativeContract {
        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            return NativeApp.make(
                    "Null0",
                    "bdev_null_create",
                    Map.of("name", "Null0", "num_blocks", MIN_BYTES / BLOCK, "block_size", BLOCK));
        }

        @Override
        public boolean stores() {
            return false;
        }
    }

    /** Devices on a file. */
    abstract static class OnFile extends NativeContract {
        @TempDir
        Path folder;

        final String file() throws IOException {
            Path file = folder.resolve("device");
            Files.deleteIfExists(file);
            try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
                f.setLength(MIN_BYTES);
            }
            return file.toString();
        }
    }

    @Nested
    class Aio extends OnFile {
        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            return NativeApp.make(
                    "Aio0", "bdev_aio_create", Map.of("name", "Aio0", "filename", file(), "block_size", BLOCK));
        }
    }

    @Nested
    class Uring extends OnFile {
        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            try {
                return NativeApp.make(
                        "Uring0",
                        "bdev_uring_create",
                        Map.of("name", "Uring0", "filename", file(), "block_size", BLOCK));
            } catch (ExecutionException e) {
                NativeApp.assumeSince("v26.05", "makes no uring device of a file if it is built with zones: " + e);
                throw e;
            }
        }
    }

    @Nested
    class Delay extends NativeContract {
        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            return NativeApp.make(
                    "Delay0",
                    "bdev_delay_create",
                    Map.of(
                            "name", "Delay0",
                            "base_bdev_name", base("DelayBase"),
                            "avg_read_latency", 10,
                            "p99_read_latency", 20,
                            "avg_write_latency", 10,
                            "p99_write_latency", 20));
        }
    }

    @Nested
    class ErrorInjection extends NativeContract {
        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            return NativeApp.make("EE_ErrorBase", "bdev_error_create", Map.of("base_name", base("ErrorBase")));
        }
    }

    @Nested
    class Passthru extends NativeContract.Passthru {}

    @Nested
    class Split extends NativeContract {
        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            return NativeApp.make(
                    "SplitBasep0", "bdev_split_create", Map.of("base_bdev", base("SplitBase"), "split_count", 2));
        }

        /** All parts of a disk go at once. */
        @Override
        protected CompletableFuture<Void> remove(Bdev bdev) {
            return NativeApp.call("bdev_split_delete", Map.of("base_bdev", "SplitBase"))
                    .thenCompose(_ -> bdev.gone());
        }

        @Override
        public void removalWaitsForTheDescriptor() {
            Assumptions.abort("SPDK removes all parts of a disk at once, and answers before they are gone");
        }
    }

    @Nested
    class Raid0 extends NativeContract {
        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            return NativeApp.make(
                    "Raid0",
                    "bdev_raid_create",
                    Map.of(
                            "name",
                            "Raid0",
                            "raid_level",
                            "raid0",
                            "strip_size_kb",
                            64,
                            "base_bdevs",
                            List.of(base("StripeA"), base("StripeB"))));
        }
    }

    @Nested
    class Raid1 extends NativeContract.Raid1 {}
}
