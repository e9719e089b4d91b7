// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static dev.spdkio.testkit.BlobBed.assertErrno;
import static dev.spdkio.testkit.BlobBed.assertFilled;
import static dev.spdkio.testkit.BlobBed.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.IoStatus;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Data: in three styles, at the edges of clusters, thin and not, from many threads. */
interface BlobIoContract {
    /** The device under test. */
    BlobBed bed();

    @Test
    default void threeStylesDoTheSame() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(2));
        BlobChannel channel = bed().channel(store, bed().md);
        try (DmaBuf out = bed().units(store, 3);
                DmaBuf in = bed().units(store, 3)) {
            CompletableFuture<Object> called = new CompletableFuture<>();
            out.fill((byte) 1);
            bed().run(() -> {
                channel.submitWrite(
                        blob, out, 5, 3, (s, data) -> called.complete(s.isSuccess() ? data : s), "user data");
                assertThat(called).as("an end inside the submit").isNotDone();
                assertThat(channel.inFlight()).isEqualTo(1);
            });
            assertThat(await(called)).isEqualTo("user data");
            await(channel.readAsync(blob, in, 5, 3));
            assertThat(in.mismatch(out)).isEqualTo(-1);
            boolean _ = await(bed().md
                    .spawn("io", () -> {
                        out.fill((byte) 2);
                        channel.write(blob, out, 6, 2);
                        channel.read(blob, in, 5, 3);
                        channel.writeZeroes(blob, 7, 1);
                        channel.unmap(blob, 0, 1);
                        return true;
                    })
                    .future());
            long unit = store.ioUnitSize();
            assertFilled(in, 0, unit, 1, "before");
            assertFilled(in, unit, 3 * unit, 2, "after");
            bed().assertUnits(blob, 7, 1, 0);
            bed().assertUnits(blob, 6, 1, 2);
        }
        channel.close();
        await(channel.closed());
        bed().close(blob);
    }

    @Test
    default void crossesTheEdgesOfClusters() throws Exception {
        Blobstore store = bed().init();
        long per = store.ioUnitsPerCluster();
        for (BlobOptions options : List.of(BlobOptions.ofClusters(6), BlobOptions.thin(6))) {
            // Others in between, so that the clusters do not follow each other.
            Blob blob = bed().blob(store, options.withClusters(1));
            BlobId between = bed().create(store, BlobOptions.ofClusters(3));
            await(blob.resize(6));
            bed().zero(blob, 0, 6 * per);
            long[][] ranges = {
                {0, 1},
                {per - 1, 1},
                {per, 1},
                {per - 1, 2},
                {per - 2, per + 4},
                {3, 3 * per},
                {0, 6 * per},
                {6 * per - 1, 1},
                {5 * per, per},
                {2 * per, 2 * per}
            };
            int value = 1;
            for (long[] r : ranges) {
                bed().zero(blob, 0, 6 * per);
                bed().fill(blob, r[0], r[1], value);
                if (r[0] > 0) {
                    bed().assertUnits(blob, 0, r[0], 0);
                }
                bed().assertUnits(blob, r[0], r[1], value);
                long end = r[0] + r[1];
                if (end < 6 * per) {
                    bed().assertUnits(blob, end, 6 * per - end, 0);
                }
                value++;
            }
            bed().close(blob);
            await(store.deleteBlob(blob.id()));
            await(store.deleteBlob(between));
        }
    }

    @Test
    default void scattersAndGathers() throws Exception {
        Blobstore store = bed().init();
        long per = store.ioUnitsPerCluster();
        int unit = store.ioUnitSize();
        for (BlobOptions options : List.of(BlobOptions.ofClusters(4), BlobOptions.thin(4))) {
            Blob blob = bed().blob(store, options);
            BlobChannel channel = bed().channel(store, bed().md);
            long units = 2 * per + 3;
            try (DmaBuf out = bed().units(store, units);
                    DmaBuf in = bed().units(store, units)) {
                for (long i = 0; i < out.size(); i++) {
                    out.segment().set(ValueLayout.JAVA_BYTE, i, (byte) (i / unit * 31 + i % unit));
                }
                // Pieces whose borders are not those of io units.
                IoVec.Builder pieces = IoVec.builder();
                long[] cuts = {0, 512, 512 + unit / 2, out.size() / 3 / 8 * 8, out.size() - 8, out.size()};
                for (int i = 0; i + 1 < cuts.length; i++) {
                    pieces.add(out, cuts[i], cuts[i + 1] - cuts[i]);
                }
                await(channel.writevAsync(blob, pieces.build(), per - 1));
                await(channel.readAsync(blob, in, per - 1, units));
                assertThat(in.mismatch(out)).isEqualTo(-1);
                in.fill((byte) 0);
                IoVec.Builder back = IoVec.builder();
                for (long at = 0; at < in.size(); at += in.size() / 4 / unit * unit + unit) {
                    back.add(in, at, Math.min(in.size() - at, in.size() / 4 / unit * unit + unit));
                }
                IoVec vec = back.build();
                boolean _ = await(bed().md
                        .spawn("iov", () -> {
                            channel.readv(blob, vec, per - 1);
                            return true;
                        })
                        .future());
                assertThat(in.mismatch(out)).isEqualTo(-1);
            }
            channel.close();
            await(channel.closed());
            bed().close(blob);
        }
    }

    @Test
    default void unwrittenThinSpaceReadsAsZeroes() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        long per = store.ioUnitsPerCluster();
        Blob blob = bed().blob(store, BlobOptions.thin(6));
        bed().assertUnits(blob, 0, 6 * per, 0);
        assertThat(bed().free(store)).isEqualTo(free);
        bed().fillCluster(blob, 1, 1);
        bed().fillCluster(blob, 3, 3);
        assertThat(bed().free(store)).isEqualTo(free - 2);
        bed().assertCluster(blob, 0, 0);
        bed().assertCluster(blob, 1, 1);
        bed().assertCluster(blob, 2, 0);
        bed().assertCluster(blob, 3, 3);
        bed().run(() -> {
            assertThat(blob.allocatedClusters()).isEqualTo(2);
            assertThat(blob.nextAllocated(0)).isEqualTo(OptionalLong.of(per));
            assertThat(blob.nextAllocated(per + 1)).isEqualTo(OptionalLong.of(per + 1));
            assertThat(blob.nextAllocated(2 * per)).isEqualTo(OptionalLong.of(3 * per));
            assertThat(blob.nextAllocated(4 * per)).isEmpty();
            assertThat(blob.nextUnallocated(0)).isEqualTo(OptionalLong.of(0));
            assertThat(blob.nextUnallocated(per)).isEqualTo(OptionalLong.of(2 * per));
            assertThat(blob.nextUnallocated(3 * per + 1)).isEqualTo(OptionalLong.of(4 * per));
            assertThat(blob.nextUnallocated(6 * per)).isEmpty();
        });
        bed().close(blob);
        Blobstore again = bed().crash(store, "BlobThin");
        Blob found = bed().open(again, blob.id());
        bed().assertCluster(found, 1, 1);
        bed().assertCluster(found, 2, 0);
        bed().assertCluster(found, 3, 3);
        assertThat(bed().<Long>on(found::allocatedClusters)).isEqualTo(2);
        bed().close(found);
    }

    @Test
    default void unmapGivesThinClustersBack() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        long per = store.ioUnitsPerCluster();
        Blob blob = bed().blob(store, BlobOptions.thin(4));
        for (int i = 0; i < 4; i++) {
            bed().fillCluster(blob, i, i + 1);
        }
        bed().unmap(blob, per, per);
        assertThat(bed().free(store)).isEqualTo(free - 3);
        bed().assertCluster(blob, 1, 0);
        // Parts of clusters stay; what is beside them is not touched.
        bed().unmap(blob, per - 1, 2);
        bed().unmap(blob, 2 * per + 1, per - 1);
        assertThat(bed().free(store)).isEqualTo(free - 3);
        bed().assertUnits(blob, 0, per - 1, 1);
        bed().assertUnits(blob, 2 * per, 1, 3);
        bed().assertCluster(blob, 3, 4);
        bed().unmap(blob, 0, 4 * per);
        assertThat(bed().free(store)).isEqualTo(free);
        bed().assertUnits(blob, 0, 4 * per, 0);
        bed().close(blob);
        Blobstore again = bed().reload(store);
        assertThat(bed().free(again)).isEqualTo(free);
    }

    @Test
    default void aFullStoreSaysSo() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        long per = store.ioUnitsPerCluster();
        Blob thin = bed().blob(store, BlobOptions.thin(10));
        bed().fillCluster(thin, 0, 1);
        BlobId hog = bed().create(store, BlobOptions.ofClusters(free - 3));
        bed().fillCluster(thin, 1, 2);
        bed().fillCluster(thin, 2, 3);
        BlobChannel channel = bed().channel(store, bed().md);
        try (DmaBuf buf = bed().units(store, 2 * per)) {
            buf.fill((byte) 9);
            assertErrno(
                    Errno.ENOSPC,
                    channel.writeAsync(thin, buf, 3 * per, 1),
                    thin.id().toString());
            assertErrno(Errno.ENOSPC, channel.writeAsync(thin, buf, 2 * per, 2 * per));
            assertErrno(Errno.ENOSPC, channel.writevAsync(thin, IoVec.of(buf), 4 * per));
            assertErrno(Errno.ENOSPC, channel.writeZeroesAsync(thin, 5 * per, 1));
            bed().assertCluster(thin, 1, 2);
            bed().assertCluster(thin, 3, 0);
            bed().close(bed().open(store, hog));
            await(store.deleteBlob(hog));
            await(channel.writeAsync(thin, buf, 2 * per, 2 * per));
            bed().assertCluster(thin, 3, 9);
        }
        channel.close();
        await(channel.closed());
        bed().close(thin);
    }

    @Test
    default void moreRequestsThanThereIsRoomForWait() throws Exception {
        Blobstore store = bed().init(BlobBed.OPTIONS.withLimits(4, 8));
        long per = store.ioUnitsPerCluster();
        Blob blob = bed().blob(store, BlobOptions.thin(100));
        BlobChannel channel = bed().channel(store, bed().md);
        int requests = 2000;
        List<DmaBuf> bufs = new ArrayList<>();
        CompletableFuture<Integer> all = new CompletableFuture<>();
        int[] ended = {0, 0};
        for (int i = 0; i < 100; i++) {
            DmaBuf buf = bed().units(store, 1);
            buf.fill((byte) i);
            bufs.add(buf);
        }
        bed().run(() -> {
            for (int i = 0; i < requests; i++) {
                int cluster = i % 100;
                channel.submitWrite(
                        blob,
                        bufs.get(cluster),
                        cluster * per + i / 100 % per,
                        1,
                        (status, _) -> {
                            ended[1] += status.isSuccess() ? 0 : 1;
                            if (++ended[0] == requests) {
                                all.complete(ended[1]);
                            }
                        },
                        null);
            }
            assertThat(channel.inFlight()).isEqualTo(requests);
        });
        assertThat(await(all)).as("requests that failed").isZero();
        for (int i = 0; i < 100; i++) {
            bed().assertUnits(blob, i * per, Math.min(per, requests / 100), i);
        }
        bufs.forEach(DmaBuf::close);
        channel.close();
        await(channel.closed());
        bed().close(blob);
    }

    @Test
    default void manyThreadsWriteAtOnce() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        long per = store.ioUnitsPerCluster();
        int threads = 4;
        int rounds = 24;
        Blob blob = bed().blob(store, BlobOptions.thin((long) threads * rounds));
        List<CompletableFuture<Boolean>> writers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int number = t;
            SpdkThread thread = bed().thread("blob-writer" + t);
            writers.add(thread.spawn("writer", () -> {
                        try (BlobChannel channel = store.openChannel();
                                DmaBuf buf = bed().units(store, per)) {
                            for (int i = 0; i < rounds; i++) {
                                long cluster = (long) i * threads + number;
                                buf.fill((byte) cluster);
                                channel.write(blob, buf, cluster * per, per);
                                channel.write(blob, buf, cluster * per, 1);
                            }
                        }
                        return true;
                    })
                    .future());
        }
        for (CompletableFuture<Boolean> w : writers) {
            await(w);
        }
        assertThat(bed().free(store)).isEqualTo(free - (long) threads * rounds);
        for (int i = 0; i < threads * rounds; i++) {
            bed().assertCluster(blob, i, i);
        }
        bed().close(blob);
    }

    @Test
    default void threadsThatTakeTheSameClusterShareIt() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        long per = store.ioUnitsPerCluster();
        int clusters = 40;
        Blob blob = bed().blob(store, BlobOptions.thin(clusters));
        List<CompletableFuture<Boolean>> writers = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int number = t;
            writers.add(bed().thread("blob-sharer" + t)
                    .spawn("writer", () -> {
                        try (BlobChannel channel = store.openChannel();
                                DmaBuf buf = bed().units(store, per)) {
                            buf.fill((byte) (number + 1));
                            for (int i = 0; i < clusters; i++) {
                                channel.write(blob, buf, i * per + number * per / 4, per / 4);
                            }
                        }
                        return true;
                    })
                    .future());
        }
        for (CompletableFuture<Boolean> w : writers) {
            await(w);
        }
        assertThat(bed().free(store)).isEqualTo(free - clusters);
        for (int i = 0; i < clusters; i++) {
            for (int t = 0; t < 4; t++) {
                bed().assertUnits(blob, i * per + t * per / 4, per / 4, t + 1);
            }
        }
        bed().close(blob);
    }

    @Test
    default void aResizeUnderIoLosesNothing() throws Exception {
        Blobstore store = bed().init();
        long per = store.ioUnitsPerCluster();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(4));
        CompletableFuture<Integer> writer = bed().thread("blob-under-resize")
                .spawn("writer", () -> {
                    int refused = 0;
                    try (BlobChannel channel = store.openChannel();
                            DmaBuf buf = bed().units(store, 1)) {
                        for (int i = 0; i < 400; i++) {
                            buf.fill((byte) i);
                            channel.write(blob, buf, i % (2 * per), 1);
                            CompletableFuture<IoStatus> end = new CompletableFuture<>();
                            try {
                                dev.spdkio.runtime.Task.call(() -> {
                                    channel.submitRead(blob, buf, 3 * per, 1, (s, _) -> end.complete(s), null);
                                    return true;
                                });
                                IoStatus s = dev.spdkio.runtime.Task.await(end);
                                assertThat(s.errno()).isIn(0, Errno.EINVAL);
                            } catch (IllegalArgumentException smaller) {
                                refused++;
                            }
                        }
                    }
                    return refused;
                })
                .future();
        while (!writer.isDone()) {
            await(blob.resize(2));
            await(blob.resize(5));
        }
        assertThat(await(writer)).isBetween(0, 400);
        bed().close(blob);
    }
}
