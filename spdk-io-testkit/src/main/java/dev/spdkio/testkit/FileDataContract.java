// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static dev.spdkio.testkit.FileBed.assertErrno;
import static dev.spdkio.testkit.FileBed.bytes;
import static dev.spdkio.testkit.FileBed.newFile;
import static dev.spdkio.testkit.FileBed.put;
import static dev.spdkio.testkit.FileBed.read;
import static dev.spdkio.testkit.FileBed.readAll;
import static dev.spdkio.testkit.FileBed.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.IoStatus;
import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import dev.spdkio.blobfs.FileOption;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Data of files: any bytes, any order, any thread. */
interface FileDataContract {
    /** The device under test. */
    FileBed bed();

    @Test
    default void readsWhatWasWritten() throws Exception {
        BlobFs fs = bed().init();
        byte[] data = bytes(1, 1_000_003);
        try (BlobFile f = newFile(fs, "f")) {
            write(f, 0, data);
            assertThat(f.length()).isEqualTo(data.length);
            assertThat(readAll(f)).isEqualTo(data);
            assertThat(read(f, 777, 4242)).isEqualTo(Arrays.copyOfRange(data, 777, 777 + 4242));
            assertThat(read(f, data.length - 3, 100)).hasSize(3);
            assertThat(f.read(ByteBuffer.allocate(1), data.length)).isEqualTo(-1);
            assertThat(f.read(ByteBuffer.allocate(1), data.length + 99L)).isEqualTo(-1);
            assertThat(f.read(ByteBuffer.allocate(0), 0)).isZero();
        }
        assertThat(readAll(bed().reload(fs), "f")).isEqualTo(data);
    }

    @Test
    default void writesPartsOfUnits() throws Exception {
        BlobFs fs = bed().init();
        byte[] data = bytes(1, 300_000);
        put(fs, "f", data);
        BlobFs again = bed().reload(fs); // with nothing in the cache
        try (BlobFile f = again.open("f", FileOption.WRITE)) {
            for (int at : new int[] {1, 511, 512, 4095, 4097, 262_143, 262_144, 299_999}) {
                int count = Math.min(700, data.length - at);
                byte[] part = bytes(at, count);
                write(f, at, part);
                System.arraycopy(part, 0, data, at, count);
            }
            assertThat(readAll(f)).isEqualTo(data);
        }
        assertThat(readAll(bed().reload(again), "f")).isEqualTo(data);
    }

    @Test
    default void gapsAreZeroes() throws Exception {
        BlobFs fs = bed().init();
        put(fs, "before", bytes(9, 4_000_000)); // so that clusters hold something
        fs.delete("before");
        try (BlobFile f = newFile(fs, "f")) {
            write(f, 0, bytes(1, 10));
            write(f, 1_500_001, bytes(2, 10));
            byte[] all = readAll(f);
            assertThat(all).hasSize(1_500_011);
            byte[] expected = new byte[1_500_011];
            System.arraycopy(bytes(1, 10), 0, expected, 0, 10);
            System.arraycopy(bytes(2, 10), 0, expected, 1_500_001, 10);
            assertThat(all).isEqualTo(expected);
            f.truncate(5);
            f.truncate(700_000);
            assertThat(readAll(f)).isEqualTo(Arrays.copyOf(bytes(1, 5), 700_000));
        }
        assertThat(readAll(bed().reload(fs), "f")).isEqualTo(Arrays.copyOf(bytes(1, 5), 700_000));
    }

    @Test
    default void truncates() throws Exception {
        BlobFs fs = bed().init();
        long free = fs.space().freeBytes();
        byte[] data = bytes(1, 900_000);
        try (BlobFile f = newFile(fs, "f")) {
            write(f, 0, data);
            f.truncate(1_000);
            assertThat(f.length()).isEqualTo(1_000);
            assertThat(readAll(f)).isEqualTo(Arrays.copyOf(data, 1_000));
            assertThat(read(f, 1_000, 10)).isEmpty();
            write(f, 2_000, new byte[] {7});
            byte[] expected = Arrays.copyOf(data, 2_001);
            Arrays.fill(expected, 1_000, 2_000, (byte) 0);
            expected[2_000] = 7;
            assertThat(readAll(f)).isEqualTo(expected);
            f.sync();
            f.truncate(0);
        }
        assertThat(fs.space().freeBytes()).isGreaterThanOrEqualTo(free - BlobBed.CLUSTER);
        assertThat(bed().reload(fs).stat("f").orElseThrow().length()).isZero();
    }

    @Test
    default void appends() throws Exception {
        BlobFs fs = bed().init();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try (BlobFile f = newFile(fs, "f")) {
            for (int i = 0; i < 300; i++) {
                byte[] part = bytes(i, 1 + i * 13);
                assertThat(f.append(ByteBuffer.wrap(part))).isEqualTo(all.size());
                all.write(part);
            }
            assertThat(readAll(f)).isEqualTo(all.toByteArray());
        }
        assertThat(readAll(bed().reload(fs), "f")).isEqualTo(all.toByteArray());
    }

    @Test
    default void keepsMoreThanTheCacheHas() throws Exception {
        BlobFs fs = bed().init();
        byte[] data = bytes(1, (int) (2 * BlobFsOptions.MIN_CACHE_BYTES + 12345));
        try (BlobFile f = newFile(fs, "f")) {
            for (int at = 0; at < data.length; at += 100_000) {
                int n = Math.min(100_000, data.length - at);
                f.write(MemorySegment.ofArray(data).asSlice(at, n), at);
            }
            // What is in the cache now, of every buffer a part.
            for (int at = 0; at < data.length; at += BlobFsOptions.BUFFER_BYTES) {
                data[at] ^= 1;
                write(f, at, new byte[] {data[at]});
            }
            assertThat(fs.cachedBytes()).isLessThanOrEqualTo(BlobFsOptions.MIN_CACHE_BYTES);
            assertThat(readAll(f)).isEqualTo(data);
            for (int at = data.length - 10_000; at > 0; at -= 333_333) {
                assertThat(read(f, at, 10_000)).isEqualTo(Arrays.copyOfRange(data, at, at + 10_000));
            }
            byte[] inOrder = new byte[data.length];
            for (int at = 0; at < data.length; at += 50_000) {
                byte[] part = read(f, at, Math.min(50_000, data.length - at));
                System.arraycopy(part, 0, inOrder, at, part.length);
            }
            assertThat(inOrder).isEqualTo(data);
        }
        assertThat(readAll(bed().reload(fs), "f")).isEqualTo(data);
        assertThat(fs.cachedBytes()).isLessThanOrEqualTo(BlobFsOptions.MIN_CACHE_BYTES);
    }

    @Test
    default void aLongFileReadInOrderLeavesTheCacheToOthers() throws Exception {
        BlobFs fs = bed().init();
        byte[] used = bytes(1, 200_000);
        byte[] data = bytes(2, (int) (3 * BlobFsOptions.MIN_CACHE_BYTES + 12345));
        put(fs, "used", used);
        put(fs, "long", data);
        BlobFs loaded = bed().reload(fs);
        try (BlobFile f = loaded.open("used");
                BlobFile g = loaded.open("long")) {
            assertThat(readAll(f)).isEqualTo(used);
            for (int pass = 0; pass < 2; pass++) {
                for (int at = 0; at < data.length; at += 50_000) {
                    int n = Math.min(50_000, data.length - at);
                    assertThat(read(g, at, n)).isEqualTo(Arrays.copyOfRange(data, at, at + n));
                }
            }
            long before = bed().device.stats().join().read().ops();
            assertThat(readAll(f)).isEqualTo(used);
            assertThat(bed().device.stats().join().read().ops()).isEqualTo(before);
        }
    }

    @Test
    default void syncedSurvivesACrash() throws Exception {
        BlobFs fs = bed().init();
        byte[] data = bytes(1, 500_000);
        try (BlobFile f = newFile(fs, "f")) {
            write(f, 0, data);
            f.sync();
            write(f, data.length, bytes(2, 1000));
            BlobFs crashed = bed().crash("Crashed");
            assertThat(readAll(crashed, "f")).isEqualTo(data);
            f.sync();
            assertThat(readAll(bed().crash("CrashedAgain"), "f")).hasSize(501_000);
        }
    }

    @Test
    default void isFullWhenItIsFull() throws Exception {
        BlobFs fs = bed().init();
        try (BlobFile f = newFile(fs, "f");
                BlobFile g = newFile(fs, "g")) {
            write(f, 0, bytes(1, 100));
            long free = fs.space().freeBytes();
            assertErrno(Errno.ENOSPC, () -> write(f, free + BlobBed.CLUSTER, new byte[1]));
            assertErrno(Errno.ENOSPC, () -> f.truncate(free + 2 * BlobBed.CLUSTER));
            assertErrno(Errno.EFBIG, () -> write(f, Long.MAX_VALUE - 1, new byte[1]));
            write(f, free + BlobBed.CLUSTER - 1, new byte[1]);
            assertThat(fs.space().freeBytes()).isZero();
            write(g, 0, bytes(2, BlobBed.CLUSTER));
            assertErrno(Errno.ENOSPC, () -> g.append(ByteBuffer.wrap(new byte[1])));
            assertThat(readAll(g)).isEqualTo(bytes(2, BlobBed.CLUSTER));
            assertErrno(Errno.ENOSPC, () -> fs.create("h"));
        }
    }

    @Test
    default void isUsedFromManyThreads() throws Exception {
        BlobFs fs = bed().init();
        int threads = 6;
        int rounds = 40;
        int part = 7_001;
        try (BlobFile f = newFile(fs, "f");
                BlobFile log = newFile(fs, "log");
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Boolean>> work = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int me = t;
                work.add(() -> {
                    for (int i = 0; i < rounds; i++) {
                        long at = (long) (i * threads + me) * part;
                        write(f, at, bytes(at, part));
                        assertThat(read(f, at, part)).isEqualTo(bytes(at, part));
                        byte[] line = new byte[100];
                        Arrays.fill(line, (byte) (me + 1));
                        log.append(ByteBuffer.wrap(line));
                        if (i % 10 == me) {
                            f.sync();
                        }
                    }
                    return true;
                });
            }
            for (Future<Boolean> end : pool.invokeAll(work)) {
                assertThat(end.get(100, TimeUnit.SECONDS)).isTrue();
            }
            for (long at = 0; at < (long) rounds * threads * part; at += part) {
                assertThat(read(f, at, part)).isEqualTo(bytes(at, part));
            }
            byte[] lines = readAll(log);
            assertThat(lines).hasSize(threads * rounds * 100);
            for (int at = 0; at < lines.length; at += 100) {
                Set<Byte> values = new HashSet<>();
                for (int i = 0; i < 100; i++) {
                    values.add(lines[at + i]);
                }
                assertThat(values).as("an append is in one piece").hasSize(1);
            }
        }
    }

    @Test
    default void servesMoreWritersThanTheCacheHasBuffers() throws Exception {
        BlobFs fs = bed().init();
        int writers = 5 * (int) (BlobFsOptions.MIN_CACHE_BYTES / BlobFsOptions.BUFFER_BYTES);
        try (BlobFile f = newFile(fs, "f")) {
            f.truncate((long) writers * BlobFsOptions.BUFFER_BYTES);
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int round = 0; round < 4; round++) {
                for (int i = 0; i < writers; i++) {
                    long at = (long) i * BlobFsOptions.BUFFER_BYTES + round;
                    all.add(f.writeAsync(MemorySegment.ofArray(new byte[] {(byte) i}), at));
                }
            }
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
            for (int i = 0; i < writers; i++) {
                byte b = (byte) i;
                assertThat(read(f, (long) i * BlobFsOptions.BUFFER_BYTES, 5)).containsExactly(b, b, b, b, 0);
            }
        }
    }

    @Test
    default void writesToTheSameBytesAreWhole() throws Exception {
        BlobFs fs = bed().init();
        int size = 600_000;
        try (BlobFile f = newFile(fs, "f")) {
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 1; i <= 8; i++) {
                byte[] data = new byte[size];
                Arrays.fill(data, (byte) i);
                all.add(f.writeAsync(MemorySegment.ofArray(data), 1000));
                all.add(f.syncAsync());
            }
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
            byte[] is = read(f, 1000, size);
            byte[] expected = new byte[size];
            Arrays.fill(expected, is[0]);
            assertThat(is).isEqualTo(expected);
        }
    }

    @Test
    default void whatAReactorSubmitsIsDoneInItsOrder() throws Exception {
        BlobFs fs = bed().init();
        SpdkThread thread = bed().app.runtime().createThread("order");
        try (BlobFile f = newFile(fs, "f")) {
            CompletableFuture<List<CompletableFuture<?>>> submitted = thread.call(() -> {
                List<CompletableFuture<?>> all = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    byte[] data = new byte[3_000];
                    Arrays.fill(data, (byte) i);
                    all.add(f.writeAsync(MemorySegment.ofArray(data), 100 + i));
                    if (i % 20 == 10) {
                        all.add(f.truncateAsync(50));
                        all.add(f.truncateAsync(2_000_000));
                    }
                    all.add(f.appendAsync(MemorySegment.ofArray(new byte[] {(byte) i})));
                }
                return all;
            });
            List<CompletableFuture<?>> all = submitted.get(30, TimeUnit.SECONDS);
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
            byte[] expected = new byte[3_000];
            Arrays.fill(expected, (byte) 99);
            assertThat(read(f, 199, 3_000)).isEqualTo(expected);
            byte[] appended = new byte[100 - 91];
            for (int i = 0; i < appended.length; i++) {
                appended[i] = (byte) (91 + i);
            }
            assertThat(read(f, f.length() - appended.length, 100)).isEqualTo(appended);
        } finally {
            thread.exit().get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    default void threeStylesDoTheSame() throws Exception {
        BlobFs fs = bed().init();
        SpdkThread thread = bed().app.runtime().createThread("styles");
        try (BlobFile f = newFile(fs, "f");
                Arena arena = Arena.ofShared()) {
            MemorySegment out = arena.allocate(10_000);
            MemorySegment in = arena.allocate(10_000);
            out.fill((byte) 5);
            CompletableFuture<String> told = new CompletableFuture<>();
            thread.execute(() -> f.submitWrite(
                    out,
                    0,
                    (status, n, data) -> f.submitRead(
                            in, 0, (s, m, d) -> told.complete(status + " " + n + " " + s + " " + m + " " + d), data),
                    "x"));
            assertThat(told.get(30, TimeUnit.SECONDS))
                    .isEqualTo(IoStatus.SUCCESS + " 10000 " + IoStatus.SUCCESS + " 10000 x");
            assertThat(in.mismatch(out)).isEqualTo(-1);
            in.fill((byte) 0);
            assertThat(f.appendAsync(out).get(30, TimeUnit.SECONDS)).isEqualTo(10_000);
            assertThat(f.readAsync(in, 10_000).get(30, TimeUnit.SECONDS)).isEqualTo(10_000);
            assertThat(in.mismatch(out)).isEqualTo(-1);
            boolean same = thread.spawn("task", () -> {
                        f.write(out, 3);
                        f.sync();
                        in.fill((byte) 0);
                        return f.read(in, 3) == 10_000 && in.mismatch(out) == -1;
                    })
                    .join();
            assertThat(same).isTrue();
            CompletableFuture<Boolean> refused = thread.call(() -> {
                f.sync();
                return true;
            });
            assertThatThrownBy(() -> refused.get(30, TimeUnit.SECONDS)).hasMessageContaining("reactor");
            try (Arena confined = Arena.ofConfined()) {
                MemorySegment mine = confined.allocate(10);
                f.write(mine, 0);
                assertThatThrownBy(() -> f.writeAsync(mine, 0)).isInstanceOf(IllegalArgumentException.class);
            }
            assertThatThrownBy(() -> f.read(in, -1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> f.write(in, Long.MAX_VALUE)).isInstanceOf(IllegalArgumentException.class);
        } finally {
            thread.exit().get(30, TimeUnit.SECONDS);
        }
    }
}
