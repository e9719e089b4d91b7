// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.uring.UringBdev;
import dev.spdkio.bdev.uring.UringBdevOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import dev.spdkio.blobfs.nio.BlobFileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Files of a {@link BlobFs} on a device that is a file, against files of the file system in which that lies, by turns
 * and all through {@link FileChannel}: appends with a sync every 16 MiB, and reads in order of what is in no cache; and
 * reads here and there against those of the device.
 *
 * <p>Arguments: the folder, by default that of the program; rounds, by default 5; MiB, by default 256.
 */
final class FileFigures {
    private static final int SYNC_EVERY = 16 << 20;
    private static final int[] CHUNKS = {4 << 10, 64 << 10, 1 << 20};
    private static final int RANDOM_READS = 20_000;
    private static final int BLOCK = 4096;

    private final Path plain;
    private final Path disk;
    private final long bytes;
    private final TextTable table = new TextTable("", "file system below", "BlobFs", "ratio");

    private FileFigures(Path folder, long bytes) {
        this.plain = folder.resolve("plain-file");
        this.disk = folder.resolve("blobfs-disk");
        this.bytes = bytes;
    }

    /** Prints the table. */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args.length > 0 ? args[0] : ".").toAbsolutePath();
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        long bytes = (args.length > 2 ? Long.parseLong(args[2]) : 256) << 20;
        FileFigures figures = new FileFigures(folder, bytes);
        try {
            figures.run(rounds);
        } finally {
            Files.deleteIfExists(figures.plain);
            Files.deleteIfExists(figures.disk);
        }
    }

    private void run(int rounds) throws Exception {
        fill(disk, 2 * bytes + (64 << 20)); // so that the file system below has its blocks already
        for (int chunk : CHUNKS) {
            List<double[]> writes = new ArrayList<>();
            List<double[]> reads = new ArrayList<>();
            for (int round = -1; round < rounds; round++) { // once to warm up
                double[] w = new double[2];
                double[] r = new double[2];
                plain(chunk, w, r);
                ours(chunk, w, r);
                if (round >= 0) {
                    writes.add(w);
                    reads.add(r);
                }
            }
            String what = " of " + (chunk >> 10) + " KiB, MB/s";
            row("append" + what, writes);
            row("read in order" + what, reads);
        }
        List<double[]> random = new ArrayList<>();
        for (int round = -1; round < rounds; round++) {
            double[] r = hereAndThere();
            if (round >= 0) {
                random.add(r);
            }
        }
        row("read here and there of 4 KiB, K/s; against the device", random);
        System.out.println(String.join("\n", Machine.describe("")));
        System.out.println(table.columns());
    }

    private void row(String what, List<double[]> pairs) {
        table.add(List.of(
                what,
                text(median(pairs.stream().mapToDouble(p -> p[0]).toArray())),
                text(median(pairs.stream().mapToDouble(p -> p[1]).toArray())),
                String.format(
                        Locale.ROOT,
                        "%.2f",
                        median(pairs.stream().mapToDouble(p -> p[1] / p[0]).toArray()))));
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }

    private static String text(double value) {
        return String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
    }

    // ---- what is measured -------------------------------------------------------------------------------------------

    private interface Work {
        void run() throws Exception;
    }

    /** Millions of {@code units} a second. */
    private static double rate(long units, Work work) throws Exception {
        long start = System.nanoTime();
        work.run();
        return units * 1000.0 / (System.nanoTime() - start);
    }

    private double append(Path file, int chunk) throws Exception {
        ByteBuffer buf = ByteBuffer.allocateDirect(chunk);
        return rate(bytes, () -> {
            try (FileChannel c = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                for (long at = 0; at < bytes; at += chunk) {
                    int _ = c.write(buf.clear());
                    if ((at + chunk) % SYNC_EVERY == 0) {
                        c.force(true);
                    }
                }
            }
        });
    }

    private double readAll(Path file, int chunk) throws Exception {
        ByteBuffer buf = ByteBuffer.allocateDirect(chunk);
        return rate(bytes, () -> {
            try (FileChannel c = FileChannel.open(file)) {
                for (long at = 0; at < bytes; at += chunk) {
                    int _ = c.read(buf.clear());
                }
            }
        });
    }

    private void plain(int chunk, double[] write, double[] read) throws Exception {
        Files.deleteIfExists(plain);
        write[0] = append(plain, chunk);
        forgetPages(plain);
        read[0] = readAll(plain, chunk);
    }

    private void ours(int chunk, double[] write, double[] read) throws Exception {
        try (SpdkApp app = start()) {
            try (BlobFs fs = BlobFs.init(app, "Disk", options());
                    BlobFileSystem files = BlobFileSystem.of(fs)) {
                write[1] = append(files.getPath("/file"), chunk);
            }
            try (BlobFs fs = BlobFs.load(app, "Disk", options());
                    BlobFileSystem files = BlobFileSystem.of(fs)) {
                read[1] = readAll(files.getPath("/file"), chunk);
            }
        }
    }

    private double[] hereAndThere() throws Exception {
        double[] rates = new double[2];
        ByteBuffer buf = ByteBuffer.allocateDirect(BLOCK);
        try (SpdkApp app = start();
                BlobFs fs = BlobFs.load(app, "Disk", options());
                BlobFile f = fs.open("file");
                BlockDevice device = BlockDevice.open(app.bdevs(), "Disk", OpenMode.READ_ONLY)) {
            for (int part = 0; part < 10; part++) { // by turns, the same places
                SplittableRandom a = new SplittableRandom(part);
                SplittableRandom b = new SplittableRandom(part);
                int count = RANDOM_READS / 10;
                rates[0] += rate(count, () -> {
                    for (int i = 0; i < count; i++) {
                        device.read(buf.clear(), a.nextLong(bytes / BLOCK) * BLOCK);
                    }
                });
                rates[1] += rate(count, () -> {
                    for (int i = 0; i < count; i++) {
                        int _ = f.read(buf.clear(), b.nextLong(bytes / BLOCK) * BLOCK);
                    }
                });
            }
        }
        rates[0] *= 100; // the mean, in thousands
        rates[1] *= 100;
        return rates;
    }

    // ---- what it needs ----------------------------------------------------------------------------------------------

    private SpdkApp start() throws Exception {
        SpdkApp app = SpdkApp.builder().name("files").ignoreSignals().start();
        var _ = app.call(() -> UringBdev.create(
                        app.bdevs(), new UringBdevOptions("Disk", disk.toString()).withBlockSize(BLOCK)))
                .get();
        return app;
    }

    private static BlobFsOptions options() {
        return BlobFsOptions.DEFAULT.withStore(BlobFsOptions.DEFAULT.store().withClearMethod(ClearMethod.NONE));
    }

    private static void fill(Path file, long size) throws IOException {
        ByteBuffer buf = ByteBuffer.allocateDirect(1 << 20);
        try (FileChannel c = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            while (c.size() < size) {
                int _ = c.write(buf.clear());
            }
            c.force(true);
        }
    }

    /** Has the kernel drop what it has of a file in its cache. */
    private static void forgetPages(Path file) throws IOException, InterruptedException {
        String _ =
                Programs.allOutput(new ProcessBuilder("dd", "if=" + file, "of=/dev/null", "iflag=nocache", "count=0"));
    }
}
