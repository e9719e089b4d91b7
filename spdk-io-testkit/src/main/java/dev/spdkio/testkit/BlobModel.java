// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static dev.spdkio.testkit.BlobBed.assertFilled;
import static dev.spdkio.testkit.BlobBed.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.memory.DmaBuf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A store as it must be after random operations. What a new cluster holds where it was not written is nobody's promise,
 * and is not looked at.
 *
 * <p>Thread rule: the test's thread.
 */
final class BlobModel {
    private static final int UNKNOWN = -1;
    private static final int MOST_BLOBS = 12;
    private static final int MOST_CLUSTERS = 8;

    private final class Content {
        final BlobId id;
        boolean thin;
        boolean readOnly;

        @Nullable
        Content parent;

        @Nullable
        Blob open;

        /** By cluster, its io units; null where the blob has no cluster. */
        final List<int @Nullable []> clusters = new ArrayList<>();

        Content(BlobId id, boolean thin) {
            this.id = id;
            this.thin = thin;
        }

        void resize(int count) {
            while (clusters.size() > count) {
                clusters.removeLast();
            }
            while (clusters.size() < count) {
                clusters.add(thin ? null : filled(UNKNOWN));
            }
        }

        int[] values(int cluster) {
            if (cluster >= clusters.size()) {
                return filled(0);
            }
            int[] own = clusters.get(cluster);
            Content p = parent;
            return own != null ? own : p != null ? p.values(cluster) : filled(0);
        }

        /** Whether the store sees that there is nothing, and therefore copies nothing to a new cluster. */
        boolean isNothing(int cluster) {
            Content p = parent;
            return cluster < clusters.size() && clusters.get(cluster) == null && (p == null || p.isNothing(cluster));
        }

        int[] own(int cluster) {
            int[] own = clusters.get(cluster);
            if (own == null) {
                Content p = parent;
                own = p == null || p.isNothing(cluster)
                        ? filled(UNKNOWN)
                        : p.values(cluster).clone();
                clusters.set(cluster, own);
            }
            return own;
        }
    }

    private final BlobBed bed;
    private final RandomGenerator random;
    private final int per;
    private final List<Content> blobs = new ArrayList<>();
    private Blobstore store;

    BlobModel(BlobBed bed, Blobstore store, RandomGenerator random) {
        this.bed = bed;
        this.store = store;
        this.random = random;
        this.per = (int) store.ioUnitsPerCluster();
    }

    Blobstore store() {
        return store;
    }

    private int[] filled(int value) {
        int[] units = new int[per];
        Arrays.fill(units, value);
        return units;
    }

    private Blob open(Content c) throws Exception {
        Blob b = c.open;
        if (b == null) {
            b = bed.open(store, c.id);
            c.open = b;
        }
        return b;
    }

    private void close(Content c) throws Exception {
        Blob b = c.open;
        if (b != null) {
            c.open = null;
            bed.close(b);
        }
    }

    // ---- operations -----------------------------------------------------------------------------------------------

    /** One operation. */
    void step() throws Exception {
        if (blobs.isEmpty()) {
            create();
            return;
        }
        Content c = blobs.get(random.nextInt(blobs.size()));

        switch (random.nextInt(20)) {
            case 0 -> create();
            case 1, 2 -> resize(c);
            case 3, 4 -> snapshot(c);
            case 5 -> cloneOf(c);
            case 6 -> inflate(c);
            case 7 -> decouple(c);
            case 8, 9 -> delete(c);
            case 10 -> close(c);
            case 11 -> check(c);
            case 12, 13 -> zero(c);
            case 14 -> unmap(c);
            default -> write(c);
        }
    }

    private void create() throws Exception {
        if (blobs.size() < MOST_BLOBS) {
            int clusters = random.nextInt(MOST_CLUSTERS);
            boolean thin = random.nextBoolean();
            BlobOptions options = (thin ? BlobOptions.thin(clusters) : BlobOptions.ofClusters(clusters))
                    .withExtentTable(random.nextBoolean());
            Content c = new Content(bed.create(store, options), thin);
            c.resize(clusters);
            blobs.add(c);
        }
    }

    private void resize(Content c) throws Exception {
        if (!c.readOnly) {
            int clusters = random.nextInt(MOST_CLUSTERS);
            Blob b = open(c);
            await(b.resize(clusters));
            c.resize(clusters);
        }
    }

    private void snapshot(Content c) throws Exception {
        if (!c.readOnly && blobs.size() < MOST_BLOBS) {
            BlobId id = await(store.createSnapshot(c.id, Map.of()));
            Content s = new Content(id, c.thin);
            s.readOnly = true;
            s.parent = c.parent;
            s.clusters.addAll(c.clusters);
            c.clusters.replaceAll(_ -> null);
            c.parent = s;
            c.thin = true;
            blobs.add(s);
        }
    }

    private void cloneOf(Content c) throws Exception {
        if (c.readOnly && blobs.size() < MOST_BLOBS) {
            Content clone = new Content(await(store.createClone(c.id, Map.of())), true);
            clone.parent = c;
            clone.resize(c.clusters.size());
            blobs.add(clone);
        }
    }

    private void inflate(Content c) throws Exception {
        if (!c.readOnly) {
            await(store.inflate(c.id));
            for (int i = 0; i < c.clusters.size(); i++) {
                int[] _ = c.own(i);
            }
            c.parent = null;
            c.thin = false;
        }
    }

    private void decouple(Content c) throws Exception {
        Content p = c.parent;
        if (!c.readOnly && p != null && c.clusters.size() <= p.clusters.size()) {
            await(store.decoupleParent(c.id));
            for (int i = 0; i < c.clusters.size() && i < p.clusters.size(); i++) {
                if (p.clusters.get(i) != null) {
                    int[] _ = c.own(i);
                }
            }
            c.parent = p.parent;
        }
    }

    private void delete(Content c) throws Exception {
        List<Content> clones = blobs.stream().filter(b -> b.parent == c).toList();
        if (clones.size() > 1
                || (clones.size() == 1 && clones.getFirst().clusters.size() != c.clusters.size())) {
            return;
        }
        close(c);
        await(store.deleteBlob(c.id));
        for (Content clone : clones) {
            for (int i = 0; i < clone.clusters.size() && i < c.clusters.size(); i++) {
                if (clone.clusters.get(i) == null) {
                    clone.clusters.set(i, c.clusters.get(i));
                }
            }
            clone.parent = c.parent;
        }
        blobs.remove(c);
    }

    private interface Range {
        void apply(int from, int count) throws Exception;
    }

    private void range(Content c, Range body) throws Exception {
        int units = c.clusters.size() * per;
        if (!c.readOnly && units > 0) {
            int from = random.nextInt(units);
            int count = 1 + random.nextInt(Math.min(units - from, 2 * per));
            if (random.nextInt(4) == 0) {
                from = from / per * per;
                count = Math.min(units - from, per * (1 + random.nextInt(2)));
            }
            body.apply(from, count);
        }
    }

    private void write(Content c) throws Exception {
        int value = 1 + random.nextInt(250);
        range(c, (from, count) -> {
            bed.fill(open(c), from, count, value);
            set(c, from, count, value);
        });
    }

    private void zero(Content c) throws Exception {
        range(c, (from, count) -> {
            bed.zero(open(c), from, count);
            set(c, from, count, 0);
        });
    }

    private void set(Content c, int from, int count, int value) {
        for (int u = from; u < from + count; u++) {
            c.own(u / per)[u % per] = value;
        }
    }

    private void unmap(Content c) throws Exception {
        range(c, (from, count) -> {
            bed.unmap(open(c), from, count);
            for (int u = from; u < from + count; u++) {
                int[] own = c.clusters.get(u / per);
                if (own != null) {
                    own[u % per] = UNKNOWN;
                }
            }
            if (c.thin && c.parent == null) {
                for (int cluster = (from + per - 1) / per; (cluster + 1) * per <= from + count; cluster++) {
                    c.clusters.set(cluster, null);
                }
            }
        });
    }

    // ---- looking --------------------------------------------------------------------------------------------------

    /** Looks at everything. */
    void check() throws Exception {
        List<BlobId> ids = blobs.stream().map(c -> c.id).sorted().toList();
        assertThat(bed.<List<BlobId>>on(store::blobIds)).isEqualTo(ids);
        for (Content c : blobs) {
            check(c);
        }
    }

    private void check(Content c) throws Exception {
        Blob b = open(c);
        Content p = c.parent;
        assertThat(b.clusters()).as("clusters of " + b).isEqualTo(c.clusters.size());
        bed.run(() -> {
            assertThat(store.parentSnapshot(c.id).orElse(null))
                    .as("parent of " + b)
                    .isEqualTo(p == null ? null : p.id);
            assertThat(b.allocatedClusters())
                    .as("own clusters of " + b)
                    .isEqualTo(c.clusters.stream().filter(Objects::nonNull).count());
        });
        BlobChannel channel = bed.channel(store, bed.md);
        try (DmaBuf buf = bed.units(store, per)) {
            for (int i = 0; i < c.clusters.size(); i++) {
                await(channel.readAsync(b, buf, (long) i * per, per));
                int[] expected = c.values(i);
                int size = store.ioUnitSize();
                for (int u = 0; u < per; u++) {
                    if (expected[u] != UNKNOWN) {
                        long at = (long) u * size;
                        assertFilled(buf, at, at + size, expected[u], b + ", cluster " + i + ", io unit " + u);
                    }
                }
            }
        }
        channel.close();
        await(channel.closed());
        if (c.readOnly) {
            close(c);
        }
    }

    void syncAll() throws Exception {
        for (Content c : blobs) {
            Blob b = c.open;
            if (b != null) {
                await(b.sync());
            }
        }
    }

    void closeAll() throws Exception {
        for (Content c : blobs) {
            close(c);
        }
    }

    /** Goes on with another store that has the same blobs, all closed. */
    void reloaded(Blobstore other) {
        store = other;
    }
}
