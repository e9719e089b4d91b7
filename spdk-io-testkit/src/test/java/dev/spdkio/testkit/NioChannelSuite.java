// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.SPARSE;
import static java.nio.file.StandardOpenOption.SYNC;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Channels, on any file system. */
abstract class NioChannelSuite {
    private Path file;

    /** A directory that can be written to. */
    abstract Path base() throws Exception;

    @BeforeEach
    void choose() throws Exception {
        file = base().resolve("file");
    }

    @AfterEach
    void deleteAll() throws Exception {
        Thread.interrupted();
        try (var all = Files.list(base())) {
            for (Path p : all.toList()) {
                Files.delete(p);
            }
        }
    }

    private FileChannel open(OpenOption... options) throws IOException {
        return FileChannel.open(file, options);
    }

    private static ByteBuffer buffer(String text) {
        return ByteBuffer.wrap(text.getBytes());
    }

    private static byte[] bytes(long seed, int count) {
        byte[] b = new byte[count];
        new Random(seed).nextBytes(b);
        return b;
    }

    private static String text(FileChannel channel, long at, int count) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(count);
        int n = channel.read(b, at);
        return n < 0 ? "end" : new String(b.array(), 0, n);
    }

    // ---- options ----------------------------------------------------------------------------------------------------

    @Test
    void optionsSayHowAFileIsOpened() throws IOException {
        assertThatThrownBy(() -> open(READ)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> open(WRITE)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> open(CREATE)).isInstanceOf(NoSuchFileException.class);
        open(WRITE, CREATE_NEW, SPARSE).close();
        assertThatThrownBy(() -> open(WRITE, CREATE_NEW)).isInstanceOf(FileAlreadyExistsException.class);
        Files.writeString(file, "content");
        open(READ, TRUNCATE_EXISTING).close();
        assertThat(file).hasContent("content");
        open(WRITE, CREATE).close();
        assertThat(file).hasContent("content");
        open(WRITE, CREATE, TRUNCATE_EXISTING).close();
        assertThat(file).isEmptyFile();
        assertThatThrownBy(() -> open(READ, APPEND)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> open(APPEND, TRUNCATE_EXISTING)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> open(new OpenOption() {})).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void whatIsNotOpenedForItIsRefused() throws IOException {
        Files.writeString(file, "content");
        try (FileChannel c = open(READ)) {
            assertThatThrownBy(() -> c.write(buffer("x"))).isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(() -> c.write(buffer("x"), 0)).isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(() -> c.truncate(0)).isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(() -> c.tryLock()).isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(() -> c.transferFrom(Channels.newChannel(new ByteArrayInputStream(new byte[1])), 0, 1))
                    .isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(() -> c.read(buffer("x").asReadOnlyBuffer()))
                    .isInstanceOf(IllegalArgumentException.class);
            c.force(true);
        }
        try (FileChannel c = open(WRITE)) {
            assertThatThrownBy(() -> c.read(ByteBuffer.allocate(1))).isInstanceOf(NonReadableChannelException.class);
            assertThatThrownBy(() -> c.read(ByteBuffer.allocate(1), 0)).isInstanceOf(NonReadableChannelException.class);
            assertThatThrownBy(() -> c.tryLock(0, 1, true)).isInstanceOf(NonReadableChannelException.class);
        }
        FileChannel closed = open(READ, WRITE);
        closed.close();
        closed.close();
        assertThatThrownBy(() -> closed.read(ByteBuffer.allocate(1))).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> closed.write(buffer("x"), 0)).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(closed::size).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> closed.force(false)).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(closed::tryLock).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void aFileGoesWithItsChannel() throws IOException {
        try (FileChannel c = open(READ, WRITE, CREATE, DELETE_ON_CLOSE)) {
            c.write(buffer("short-lived"));
            assertThat(text(c, 0, 5)).isEqualTo("short");
        }
        assertThat(file).doesNotExist();
        try (FileChannel c = open(READ, WRITE, CREATE)) {
            c.write(buffer("deleted"));
            Files.delete(file);
            assertThat(text(c, 0, 9)).isEqualTo("deleted");
            c.write(buffer("!"));
            assertThat(c.size()).isEqualTo(8);
            Files.writeString(file, "another");
            assertThat(text(c, 0, 9)).isEqualTo("deleted!");
        }
        assertThat(file).hasContent("another");
    }

    // ---- reading and writing ----------------------------------------------------------------------------------------

    @Test
    void thePositionMoves() throws IOException {
        try (FileChannel c = open(READ, WRITE, CREATE)) {
            assertThat(c.write(buffer("0123456789"))).isEqualTo(10);
            assertThat(c.position()).isEqualTo(10);
            assertThat(c.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            c.position(4);
            ByteBuffer b = ByteBuffer.allocateDirect(3);
            assertThat(c.read(b)).isEqualTo(3);
            assertThat(b.flip()).isEqualTo(buffer("456"));
            assertThat(c.position()).isEqualTo(7);
            assertThat(c.write(buffer("xy"), 0)).isEqualTo(2);
            assertThat(c.position()).isEqualTo(7);
            c.position(15);
            assertThat(c.size()).isEqualTo(10);
            assertThat(c.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(c.read(ByteBuffer.allocate(1), 99)).isEqualTo(-1);
            c.write(buffer("z"));
            assertThat(text(c, 0, 99)).isEqualTo("xy23456789\0\0\0\0\0z");
            assertThat(c.read(ByteBuffer.allocate(0))).isZero();
            assertThat(c.write(ByteBuffer.allocate(0), 100)).isZero();
            assertThat(c.size()).isEqualTo(16);
            assertThatThrownBy(() -> c.position(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> c.read(ByteBuffer.allocate(1), -1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> c.write(buffer("x"), -1)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void truncating() throws IOException {
        try (FileChannel c = open(READ, WRITE, CREATE)) {
            c.write(buffer("0123456789"));
            assertThat(c.truncate(20).size()).isEqualTo(10);
            assertThat(c.position()).isEqualTo(10);
            assertThat(c.truncate(4).size()).isEqualTo(4);
            assertThat(c.position()).isEqualTo(4);
            c.position(2);
            c.truncate(3);
            assertThat(c.position()).isEqualTo(2);
            c.write(buffer("x"), 5);
            assertThat(text(c, 0, 9)).isEqualTo("012\0\0x");
            assertThatThrownBy(() -> c.truncate(-1)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void appendingGoesToTheEnd() throws IOException {
        Files.writeString(file, "begin");
        try (FileChannel one = open(APPEND);
                FileChannel two = open(WRITE, APPEND)) {
            assertThat(one.position()).isEqualTo(5);
            one.write(buffer(" one"));
            two.write(new ByteBuffer[] {buffer(" t"), buffer(""), buffer("wo")});
            one.position(0);
            one.write(buffer(" three"));
            assertThat(one.position()).isEqualTo(19);
            two.write(buffer(" four"), 1);
        }
        assertThat(file).hasContent("begin one two three four");
    }

    @Test
    void scatteringAndGathering() throws IOException {
        try (FileChannel c = open(READ, WRITE, CREATE)) {
            ByteBuffer[] sources = {buffer("skipped"), buffer("abc"), buffer(""), buffer("defgh"), buffer("skipped")};
            assertThat(c.write(sources, 1, 3)).isEqualTo(8);
            assertThat(sources[1].hasRemaining()).isFalse();
            assertThat(sources[0].hasRemaining()).isTrue();
            c.position(1);
            ByteBuffer[] targets = {ByteBuffer.allocate(2), ByteBuffer.allocateDirect(3), ByteBuffer.allocate(4)};
            assertThat(c.read(targets)).isEqualTo(7);
            assertThat(targets[0].flip()).isEqualTo(buffer("bc"));
            assertThat(targets[1].flip()).isEqualTo(buffer("def"));
            assertThat(targets[2].flip()).isEqualTo(buffer("gh"));
            assertThat(c.read(new ByteBuffer[] {ByteBuffer.allocate(1)})).isEqualTo(-1);
            assertThatThrownBy(() -> c.write(sources, 3, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void transfers() throws Exception {
        byte[] data = bytes(1, 700_001);
        Path other = base().resolve("other");
        try (FileChannel c = open(READ, WRITE, CREATE);
                FileChannel d = FileChannel.open(other, READ, WRITE, CREATE)) {
            c.write(ByteBuffer.wrap(data));
            assertThat(c.transferTo(1, data.length, d)).isEqualTo(data.length - 1);
            assertThat(c.position()).isEqualTo(data.length);
            assertThat(Files.readAllBytes(other)).isEqualTo(Arrays.copyOfRange(data, 1, data.length));
            assertThat(c.transferTo(data.length, 5, d)).isZero();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            assertThat(c.transferTo(3, 4, Channels.newChannel(bytes))).isEqualTo(4);
            assertThat(bytes.toByteArray()).isEqualTo(Arrays.copyOfRange(data, 3, 7));
            c.position(10);
            assertThat(d.transferFrom(c, 5, 6)).isEqualTo(6);
            assertThat(c.position()).isEqualTo(16);
            assertThat(d.transferFrom(c, 800_000, 6)).isEqualTo(6);
            assertThat(d.size()).isEqualTo(800_006);
            assertThat(d.transferFrom(Channels.newChannel(new ByteArrayInputStream(data)), 0, 1L << 40))
                    .isEqualTo(data.length);
            assertThat(Files.readAllBytes(other)).startsWith(data);
            assertThatThrownBy(() -> c.transferTo(-1, 1, d)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> c.transferTo(0, -1, d)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void streamsAndLines() throws IOException {
        Files.write(file, List.of("one", "two"));
        Files.write(file, List.of("three"), APPEND);
        assertThat(Files.readAllLines(file)).containsExactly("one", "two", "three");
        assertThat(Files.mismatch(file, file)).isEqualTo(-1);
        Files.copy(new ByteArrayInputStream(bytes(2, 300_000)), file, StandardCopyOption.REPLACE_EXISTING);
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        Files.copy(file, copy);
        assertThat(copy.toByteArray()).isEqualTo(bytes(2, 300_000)).isEqualTo(Files.readAllBytes(file));
    }

    @Test
    void syncedWrites() throws IOException {
        for (OpenOption synced : List.of(SYNC, DSYNC)) {
            try (FileChannel c = open(READ, WRITE, CREATE, synced)) {
                c.write(buffer("synced"));
                c.force(false);
                assertThat(text(c, 0, 9)).isEqualTo("synced");
            }
        }
    }

    // ---- maps -------------------------------------------------------------------------------------------------------

    @Test
    void mapsHaveTheContent() throws IOException {
        byte[] data = bytes(3, 100_000);
        Files.write(file, data);
        try (FileChannel c = open(READ, WRITE)) {
            ByteBuffer map = c.map(MapMode.READ_ONLY, 10, 50_000);
            byte[] b = new byte[50_000];
            map.get(b);
            assertThat(b).isEqualTo(Arrays.copyOfRange(data, 10, 50_010));
            assertThatThrownBy(() -> map.put(0, (byte) 1)).isInstanceOf(ReadOnlyBufferException.class);
            ByteBuffer mine = c.map(MapMode.PRIVATE, 0, 4);
            mine.put(0, (byte) (data[0] + 1));
            assertThat(c.map(MapMode.READ_ONLY, 5, 0).capacity()).isZero();
            assertThatThrownBy(() -> c.map(MapMode.READ_ONLY, -1, 5)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(Files.readAllBytes(file)).isEqualTo(data);
        try (FileChannel c = open(READ)) {
            assertThatThrownBy(() -> c.map(MapMode.READ_ONLY, 0, 100_001)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> c.map(MapMode.PRIVATE, 0, 1)).isInstanceOf(NonWritableChannelException.class);
        }
        try (FileChannel c = open(WRITE)) {
            assertThatThrownBy(() -> c.map(MapMode.READ_ONLY, 0, 1)).isInstanceOf(NonReadableChannelException.class);
        }
    }

    // ---- locks ------------------------------------------------------------------------------------------------------

    @Test
    void locksExcludeEachOther() throws Exception {
        try (FileChannel one = open(READ, WRITE, CREATE);
                FileChannel two = open(READ, WRITE)) {
            FileLock lock = one.lock(10, 10, false);
            assertThat(lock.isValid()).isTrue();
            assertThat(lock.isShared()).isFalse();
            assertThat(lock.channel()).isSameAs(one);
            assertThatThrownBy(() -> two.tryLock(19, 5, false)).isInstanceOf(OverlappingFileLockException.class);
            assertThatThrownBy(() -> one.lock()).isInstanceOf(OverlappingFileLockException.class);
            FileLock beside = two.tryLock(20, 5, true);
            assertThatThrownBy(() -> one.tryLock(24, 1, true)).isInstanceOf(OverlappingFileLockException.class);
            beside.release();
            assertThat(beside.isValid()).isFalse();
            FileLock rest = one.tryLock(20, 0, false);
            assertThat(rest.overlaps(Long.MAX_VALUE - 1, 1)).isTrue();
            lock.close();
            two.lock(0, 20, false);
            assertThatThrownBy(() -> one.lock(-1, 1, false)).isInstanceOf(IllegalArgumentException.class);
            try (AsynchronousFileChannel three = AsynchronousFileChannel.open(file, READ, WRITE)) {
                assertThatThrownBy(() -> three.tryLock()).isInstanceOf(OverlappingFileLockException.class);
                two.close();
                FileLock third = three.lock(0, 20, true).get(10, TimeUnit.SECONDS);
                assertThat(third.acquiredBy()).isSameAs(three);
                assertThatThrownBy(() -> one.tryLock(0, 20, false)).isInstanceOf(OverlappingFileLockException.class);
            }
            one.close();
            assertThat(rest.isValid()).isFalse();
            assertThatThrownBy(rest::release).isInstanceOf(ClosedChannelException.class);
        }
    }

    // ---- asynchronous channels --------------------------------------------------------------------------------------

    @Test
    void asynchronously() throws Exception {
        try (var executor = Executors.newSingleThreadExecutor(r -> new Thread(r, "mine"));
                AsynchronousFileChannel c = AsynchronousFileChannel.open(file, Set.of(READ, WRITE, CREATE), executor)) {
            ByteBuffer source = buffer("0123456789");
            assertThat(c.write(source, 5).get(10, TimeUnit.SECONDS)).isEqualTo(10);
            assertThat(source.hasRemaining()).isFalse();
            assertThat(c.size()).isEqualTo(15);
            ByteBuffer target = ByteBuffer.allocate(6);
            CompletableFuture<String> ended = new CompletableFuture<>();
            c.read(target, 8, "attached", new CompletionHandler<Integer, String>() {
                @Override
                public void completed(Integer n, String attachment) {
                    ended.complete(
                            n + " " + attachment + " " + Thread.currentThread().getName());
                }

                @Override
                public void failed(Throwable failure, String attachment) {
                    ended.completeExceptionally(failure);
                }
            });
            assertThat(ended.get(10, TimeUnit.SECONDS)).isEqualTo("6 attached mine");
            assertThat(target.flip()).isEqualTo(buffer("345678"));
            assertThat(c.read(ByteBuffer.allocate(1), 15).get(10, TimeUnit.SECONDS))
                    .isEqualTo(-1);
            c.force(true);
            c.truncate(6);
            assertThat(c.size()).isEqualTo(6);
            assertThatThrownBy(() -> c.read(ByteBuffer.allocate(1), -1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> c.read(buffer("").asReadOnlyBuffer(), 0))
                    .isInstanceOf(IllegalArgumentException.class);
            c.close();
            Future<Integer> late = c.read(ByteBuffer.allocate(1), 0);
            assertThatThrownBy(() -> late.get(10, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(ClosedChannelException.class);
        }
        try (AsynchronousFileChannel c = AsynchronousFileChannel.open(file, READ)) {
            assertThatThrownBy(() -> c.write(buffer("x"), 0)).isInstanceOf(NonWritableChannelException.class);
        }
        assertThatThrownBy(() -> AsynchronousFileChannel.open(file, APPEND))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> AsynchronousFileChannel.open(base().resolve("none")))
                .isInstanceOf(NoSuchFileException.class);
    }

    // ---- interrupts -------------------------------------------------------------------------------------------------

    @Test
    void whoIsInterruptedClosesTheChannel() throws Exception {
        Files.writeString(file, "content");
        FileChannel c = open(READ);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> c.read(ByteBuffer.allocate(1))).isInstanceOf(ClosedByInterruptException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(c.isOpen()).isFalse();
        assertThatThrownBy(() -> c.read(ByteBuffer.allocate(1))).isExactlyInstanceOf(ClosedChannelException.class);
    }

    @Test
    void aCloseMeetsReaders() throws Exception {
        byte[] data = bytes(4, 400_000);
        Files.write(file, data);
        for (int round = 0; round < 20; round++) {
            FileChannel c = open(READ);
            List<Future<?>> readers = new ArrayList<>();
            try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
                CompletableFuture<Void> reading = new CompletableFuture<>();
                for (int i = 0; i < 4; i++) {
                    int at = i * 1000;
                    readers.add(executor.submit(() -> {
                        while (true) {
                            ByteBuffer b = ByteBuffer.allocate(5000);
                            int n = c.read(b, at);
                            assertThat(b.array()).startsWith(Arrays.copyOfRange(data, at, at + n));
                            reading.complete(null);
                        }
                    }));
                }
                reading.get(10, TimeUnit.SECONDS);
                c.close();
            }
            for (Future<?> reader : readers) {
                assertThatThrownBy(reader::get).hasCauseInstanceOf(ClosedChannelException.class);
            }
        }
    }

    // ---- many at once -----------------------------------------------------------------------------------------------

    @Test
    void manyThreadsWriteOneFile() throws Exception {
        int threads = 8;
        int pieces = 40;
        int size = 3001;
        try (FileChannel c = open(READ, WRITE, CREATE);
                var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int from = t;
                all.add(executor.submit(() -> {
                    for (int i = from; i < threads * pieces; i += threads) {
                        c.write(ByteBuffer.wrap(bytes(i, size)), (long) i * size);
                        ByteBuffer back = ByteBuffer.allocate(size);
                        assertThat(c.read(back, (long) i * size)).isEqualTo(size);
                        assertThat(back.array()).isEqualTo(bytes(i, size));
                    }
                    return null;
                }));
            }
            for (Future<?> f : all) {
                f.get(60, TimeUnit.SECONDS);
            }
            c.force(true);
            assertThat(c.size()).isEqualTo((long) threads * pieces * size);
        }
        byte[] content = Files.readAllBytes(file);
        for (int i = 0; i < threads * pieces; i++) {
            assertThat(Arrays.copyOfRange(content, i * size, (i + 1) * size)).isEqualTo(bytes(i, size));
        }
    }

    @Test
    void onlyOneCreatesAFile() throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 10; round++) {
                List<Future<Boolean>> all = new ArrayList<>();
                for (int t = 0; t < 6; t++) {
                    all.add(executor.submit(() -> {
                        try {
                            open(WRITE, CREATE_NEW).close();
                            return true;
                        } catch (FileAlreadyExistsException e) {
                            return false;
                        }
                    }));
                }
                int created = 0;
                for (Future<Boolean> f : all) {
                    created += f.get(30, TimeUnit.SECONDS) ? 1 : 0;
                }
                assertThat(created).isOne();
                Files.delete(file);
            }
        }
    }
}
