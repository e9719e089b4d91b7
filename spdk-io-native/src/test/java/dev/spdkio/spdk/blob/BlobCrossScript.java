// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import dev.spdkio.SpdkApp;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;

/** Operations that a seed chooses, the same ones for every store in the same state, and what can be seen of a store. */
final class BlobCrossScript {
    private final SpdkApp app;
    private final SpdkThread thread;
    private final Blobstore store;
    private final SplittableRandom random;

    /**
     * Whether blobs are inflated. If so, all clear their clusters: SPDK shows what was left in a cluster where an
     * inflated blob has read as zeroes.
     */
    private final boolean inflates;

    BlobCrossScript(SpdkApp app, SpdkThread thread, Blobstore store, long seed, boolean inflates) {
        this.app = app;
        this.thread = thread;
        this.store = store;
        this.random = new SplittableRandom(seed);
        this.inflates = inflates;
    }

    private interface Body<T> {
        T run() throws Exception;
    }

    private <T> T run(Body<T> body) throws Exception {
        CompletableFuture<T> end = thread.<T>spawn("script", body::run).future();
        return end.get(60, TimeUnit.SECONDS);
    }

    /** Does something, and says what, and how it ended. */
    String step() throws Exception {
        int choice = random.nextInt(14);
        long bits = random.nextLong();
        return run(() -> {
            List<BlobId> ids = Task.call(store::blobIds);
            if (ids.isEmpty() || choice == 0) {
                return "create " + outcome(() -> create(bits));
            }
            BlobId id = ids.get((int) Long.remainderUnsigned(bits, ids.size()));
            long n = bits >>> 40;
            return switch (choice) {
                case 1 -> "delete " + id + outcome(() -> Task.await(store.deleteBlob(id)));
                case 2, 3, 4, 5 -> "write " + id + outcome(() -> write(id, n));
                case 6 -> "unmap " + id + outcome(() -> unmap(id, n));
                case 7, 8 -> "xattr " + id + outcome(() -> xattr(id, n));
                case 9 -> "resize " + id + outcome(() -> resize(id, n));
                case 10 -> "snapshot " + id + outcome(() -> Task.await(store.createSnapshot(id, xattrs(n))));
                case 11 -> "clone " + id + outcome(() -> Task.await(store.createClone(id, xattrs(n))));
                case 12 -> "inflate " + id + outcome(() -> inflates && inflate(id, n));
                default -> "create " + outcome(() -> create(bits));
            };
        });
    }

    private static String outcome(Body<?> body) throws Exception {
        try {
            return " gives " + body.run();
        } catch (SpdkException e) {
            return " fails with " + Errno.name(e.errno());
        } catch (IllegalStateException e) {
            return " is refused";
        }
    }

    private static Map<String, byte[]> xattrs(long n) {
        return n % 3 == 0 ? Map.of() : Map.of("made", new byte[] {(byte) n});
    }

    private BlobId create(long bits) throws Exception {
        BlobOptions options =
                bits % 2 == 0 ? BlobOptions.ofClusters(bits >>> 8 & 7) : BlobOptions.thin(bits >>> 8 & 1023);
        return Task.await(store.createBlob(options.withExtentTable((bits & 4) != 0)
                .withClearMethod(clearMethod(bits))
                .withXattr("created", new byte[] {(byte) (bits >>> 20), 1})));
    }

    private ClearMethod clearMethod(long bits) {
        ClearMethod method = ClearMethod.values()[(int) (bits >>> 4 & 3)];
        return inflates && method == ClearMethod.NONE ? ClearMethod.DEFAULT : method;
    }

    private boolean inflate(BlobId id, long n) throws SpdkException {
        Task.await(n % 2 == 0 ? store.inflate(id) : store.decoupleParent(id));
        return true;
    }

    private interface WithBlob {
        void run(Blob blob) throws Exception;
    }

    private boolean with(BlobId id, WithBlob body) throws Exception {
        Blob blob = Task.await(store.openBlob(id));
        try {
            body.run(blob);
        } finally {
            Task.await(blob.close());
        }
        return true;
    }

    private boolean data(BlobId id, long n, boolean write) throws Exception {
        return with(id, blob -> {
            if (blob.clusters() == 0) {
                return;
            }
            long per = store.ioUnitsPerCluster();
            long cluster = n % Math.min(blob.clusters(), 700);
            long from = cluster * per + (write && (n & 1) == 0 ? n % per : 0);
            long count = write ? 1 + n % Math.min(2 * per, blob.ioUnits() - from) : per;
            BlobChannel channel = store.openChannel();
            try (DmaBuf buf = app.dmaPool().allocate(count * store.ioUnitSize())) {
                buf.fill((byte) (n | 1));
                if (write) {
                    channel.write(blob, buf, from, count);
                } else {
                    channel.unmap(blob, from, count);
                }
            } finally {
                channel.close();
                Task.await(channel.closed());
            }
        });
    }

    private boolean write(BlobId id, long n) throws Exception {
        return data(id, n, true);
    }

    private boolean unmap(BlobId id, long n) throws Exception {
        return data(id, n, false);
    }

    private boolean xattr(BlobId id, long n) throws Exception {
        return with(id, blob -> {
            boolean _ = Task.call(() -> {
                if (n % 5 == 0) {
                    blob.removeXattr("x" + n % 4);
                } else {
                    blob.setXattr("x" + n % 4, new byte[(int) (1 + n % (n % 3 == 0 ? 3000 : 60))]);
                }
                return true;
            });
            Task.await(blob.sync());
        });
    }

    private boolean resize(BlobId id, long n) throws Exception {
        return with(id, blob -> {
            boolean alone = Task.call(() -> !blob.isClone() && store.clones(id).isEmpty());
            if (alone) {
                Task.await(blob.resize(n % (Task.call(blob::isThin) ? 1200 : 9)));
            }
        });
    }

    /** All that can be seen, by blob. */
    TreeMap<BlobId, String> look() throws Exception {
        return run(() -> {
            TreeMap<BlobId, String> all = new TreeMap<>();
            BlobChannel channel = store.openChannel();
            try (DmaBuf buf = app.dmaPool().allocate(store.clusterSize())) {
                for (BlobId id : Task.call(store::blobIds)) {
                    boolean _ = with(id, blob -> all.put(id, look(blob, channel, buf)));
                }
            } finally {
                channel.close();
                Task.await(channel.closed());
            }
            long free = Task.call(store::freeClusters);
            all.put(new BlobId(0), "free " + free);
            return all;
        });
    }

    private static String look(Blob blob, BlobChannel channel, DmaBuf buf) throws Exception {
        List<Object> parts = new ArrayList<>();
        boolean _ = Task.call(() -> {
            parts.add(blob.clusters());
            parts.add(blob.allocatedClusters());
            parts.add(blob.isReadOnly());
            parts.add(blob.isThin());
            parts.add(blob.store().parentSnapshot(blob.id()));
            for (String name : blob.xattrNames()) {
                parts.add(name + java.util.Arrays.toString(blob.xattr(name)).hashCode());
            }
            return true;
        });
        long per = blob.store().ioUnitsPerCluster();
        CRC32 crc = new CRC32();
        for (long at = 0; at < Math.min(blob.clusters(), 700); at++) {
            channel.read(blob, buf, at * per, per);
            crc.update(buf.segment().asSlice(0, buf.size()).asByteBuffer());
        }
        parts.add(crc.getValue());
        return parts.toString();
    }
}
