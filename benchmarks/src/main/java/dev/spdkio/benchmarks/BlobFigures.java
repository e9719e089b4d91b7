// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.Engine;
import dev.spdkio.EnvOptions;
import dev.spdkio.SpdkApp;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.IdlePolicy;
import dev.spdkio.runtime.SpdkThread;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * How many blobs a second are made, loaded, changed and deleted, by the store in Java on a malloc device of Java, and
 * by that of SPDK on one of SPDK, by turns.
 *
 * <p>Arguments: rounds, by default 5; blobs, by default 2000.
 */
final class BlobFigures {
    private static final int CLUSTER = 64 << 10;
    private static final long MEMORY = 512L << 20;
    private static final int WARM_UP = 12;
    private static final String[] WHAT = {"create", "load", "open, set an attribute, sync and close", "delete"};

    private final int blobs;

    private BlobFigures(int blobs) {
        this.blobs = blobs;
    }

    /** Prints the table. */
    public static void main(String[] args) throws Exception {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
        int blobs = args.length > 1 ? Integer.parseInt(args[1]) : 2000;
        BlobFigures figures = new BlobFigures(blobs);
        double[][] spdk = new double[rounds][];
        double[][] java = new double[rounds][];
        for (int round = -1; round < rounds; round++) {
            double[] theirs = figures.rates(Engine.SPDK);
            double[] ours = figures.rates(Engine.JAVA);
            if (round >= 0) {
                spdk[round] = theirs;
                java[round] = ours;
            }
        }
        TextTable table = new TextTable("K blobs a second", "SPDK", "Java", "ratio");
        for (int i = 0; i < WHAT.length; i++) {
            int what = i;
            double theirs = median(Arrays.stream(spdk).mapToDouble(r -> r[what]));
            double ours = median(Arrays.stream(java).mapToDouble(r -> r[what]));
            double ratio = median(IntStream.range(0, rounds).mapToDouble(r -> java[r][what] / spdk[r][what]));
            table.add(List.of(WHAT[i], text(theirs), text(ours), text(ratio)));
        }
        System.out.println(String.join("\n", Machine.describe("")));
        System.out.println(table.columns());
    }

    private static double median(DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static String text(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    /** The rates of one application, whose first passes only warm it up. */
    private double[] rates(Engine engine) throws Exception {
        String config = """
                {"subsystems": [{"subsystem": "bdev", "config": [
                  {"method": "bdev_malloc_create", "params": {"name": "Malloc0", "num_blocks": %d, "block_size": 4096}}
                ]}]}
                """.formatted(2L * blobs * CLUSTER / 4096);
        try (SpdkApp app = SpdkApp.builder()
                .name("blobs")
                .ignoreSignals()
                .engine(engine)
                .idlePolicy(IdlePolicy.BUSY)
                .env(EnvOptions.DEFAULT.withoutHugepages().withoutPci())
                .memorySize(MEMORY)
                .configJson(config)
                .start()) {
            SpdkThread thread = app.runtime().createThread("metadata");
            double[] rates = new double[WHAT.length];
            for (int pass = 0; pass <= WARM_UP; pass++) {
                BlobstoreOptions options = BlobstoreOptions.DEFAULT.withClusterSize(CLUSTER);
                Blobstore made = Blobstore.init(app, thread, "Malloc0", options).join();
                BlobId[] ids = new BlobId[blobs];
                rates[0] = rate(
                        thread, i -> made.createBlob(BlobOptions.ofClusters(1)).thenAccept(id -> ids[i] = id));
                made.unload().join();
                long start = System.nanoTime();
                Blobstore store =
                        Blobstore.load(app, thread, "Malloc0", options).join();
                rates[1] = perSecond(start);
                rates[2] = rate(thread, i -> store.openBlob(ids[i]).thenCompose(BlobFigures::change));
                rates[3] = rate(thread, i -> store.deleteBlob(ids[i]));
                store.unload().join();
            }
            return rates;
        }
    }

    private static CompletableFuture<Void> change(Blob blob) {
        try {
            blob.setXattr("name", new byte[16]);
        } catch (SpdkException e) {
            return CompletableFuture.failedFuture(e);
        }
        return blob.sync().thenCompose(_ -> blob.close());
    }

    /** Thousands a second, one after the other, each begun on the thread where the one before has ended. */
    private double rate(SpdkThread thread, IntFunction<CompletableFuture<Void>> step) {
        CompletableFuture<Void> end = new CompletableFuture<>();
        long start = System.nanoTime();
        thread.execute(() -> next(0, step, end));
        end.join();
        return perSecond(start);
    }

    private double perSecond(long start) {
        return blobs * 1e6 / (System.nanoTime() - start);
    }

    private void next(int i, IntFunction<CompletableFuture<Void>> step, CompletableFuture<Void> end) {
        if (i == blobs) {
            end.complete(null);
            return;
        }
        var _ = step.apply(i).whenComplete((_, failure) -> {
            if (failure != null) {
                end.completeExceptionally(failure);
            } else {
                next(i + 1, step, end);
            }
        });
    }
}
