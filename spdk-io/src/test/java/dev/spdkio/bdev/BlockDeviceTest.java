// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The facade on a real runtime, from ordinary threads. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class BlockDeviceTest {
    private static final int BLOCK = 512;
    private static final int SIZE = 4 << 20;

    private final SpdkRuntime rt = SpdkRuntime.builder()
            .name("block-device-test")
            .cpus(CpuSet.of(Cores.available().stream().limit(2).toArray()))
            .start();
    private final SpdkThread app = rt.createThread("app");
    private final DmaPool pool =
            DmaPool.builder().name("test").limitBytes(128 << 20).build();
    private final BdevManager bdevs = BdevManager.create(rt, app, pool, BdevOptions.DEFAULT);

    private BlockDevice open() throws SpdkException {
        return open(OpenMode.READ_WRITE, BlockDeviceOptions.DEFAULT.withCopyBufferBytes(8192));
    }

    private BlockDevice open(OpenMode mode, BlockDeviceOptions options) throws SpdkException {
        if (bdevs.lookup("M") == null) {
            MallocBdev.create(bdevs, new MallocBdevOptions("M", BLOCK, SIZE / BLOCK).withAlignment(512));
        }
        return BlockDevice.open(bdevs, "M", mode, options);
    }

    @AfterEach
    void close() {
        bdevs.closeAsync().orTimeout(20, TimeUnit.SECONDS).join();
        rt.close();
    }

    @Test
    void takesAnyMemory() throws SpdkException {
        try (BlockDevice d = open();
                Arena confined = Arena.ofConfined();
                DmaBuf dma = pool.allocate(40_960)) {
            byte[] data = new byte[40_960];
            new Random(1).nextBytes(data);
            d.write(ByteBuffer.wrap(data), 1024);
            byte[] back = new byte[data.length];
            d.read(ByteBuffer.wrap(back), 1024);
            assertThat(back).isEqualTo(data);
            MemorySegment foreign = confined.allocate(data.length);
            d.read(foreign, 1024);
            assertThat(foreign.mismatch(MemorySegment.ofArray(data))).isEqualTo(-1);
            d.read(dma, 1024);
            assertThat(dma.mismatch(foreign)).isEqualTo(-1);
            d.write(dma, 100 * 1024);
            d.write(foreign, 200 * 1024);
            byte[] async = new byte[data.length];
            d.readAsync(MemorySegment.ofArray(async), 200 * 1024).join();
            assertThat(async).isEqualTo(data);
            ByteBuffer part = ByteBuffer.wrap(async).position(512).limit(1024);
            d.read(part, 1024);
            assertThat(part.position()).isEqualTo(1024);
            assertThat(Arrays.copyOfRange(async, 512, 1024)).isEqualTo(Arrays.copyOf(data, 512));
            d.writeZeroes(1024, 512);
            d.unmap(2048, 512);
            d.flush();
            d.read(ByteBuffer.wrap(back, 0, 2048), 1024);
            assertThat(Arrays.copyOf(back, 512)).containsOnly(0);
            assertThat(Arrays.copyOfRange(back, 512, 1024)).isEqualTo(Arrays.copyOfRange(data, 512, 1024));
            assertThat(Arrays.copyOfRange(back, 1024, 1536)).containsOnly(0);
            assertThatThrownBy(() -> d.readAsync(foreign, 0)).hasMessageContaining("confined");
        }
    }

    @Test
    void manyVirtualThreadsShareIt() throws Exception {
        try (BlockDevice d = open(
                OpenMode.READ_WRITE,
                BlockDeviceOptions.DEFAULT.withMaxOutstanding(4).withCopyBufferBytes(4096))) {
            AtomicInteger errors = new AtomicInteger();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                int id = i;
                threads.add(Thread.ofVirtual().start(() -> {
                    Random random = new Random(id);
                    byte[] mine = new byte[SIZE / 64];
                    byte[] back = new byte[mine.length];
                    try {
                        for (int round = 0; round < 5; round++) {
                            random.nextBytes(mine);
                            d.write(ByteBuffer.wrap(mine), (long) id * mine.length);
                            d.read(ByteBuffer.wrap(back), (long) id * mine.length);
                            if (!Arrays.equals(mine, back)) {
                                errors.incrementAndGet();
                            }
                        }
                    } catch (Throwable t) {
                        errors.incrementAndGet();
                    }
                }));
            }
            for (Thread t : threads) {
                t.join();
            }
            assertThat(errors).hasValue(0);
        }
        assertThat(bdevs.lookup("M").openCount()).isZero();
    }

    @Test
    void aReactorDoesNotWait() throws Exception {
        try (BlockDevice d = open(
                        OpenMode.READ_WRITE,
                        BlockDeviceOptions.DEFAULT.withMaxOutstanding(1).withLanes(1));
                DmaBuf buf = pool.allocate(512)) {
            SpdkThread lane = rt.threads().stream()
                    .filter(t -> t.name().equals("M-lane0"))
                    .findFirst()
                    .orElseThrow();
            List<CompletableFuture<Void>> both = lane.call(() -> {
                        assertThatThrownBy(() -> d.read(buf, 0))
                                .isInstanceOf(IllegalStateException.class)
                                .hasMessageContainingAll("would hold a reactor", "Async");
                        // The lane cannot answer while we are on it, so the one permit stays taken.
                        return List.of(d.readAsync(buf, 0), d.readAsync(buf, 0));
                    })
                    .get();
            both.get(0).get();
            assertThatThrownBy(() -> both.get(1).get())
                    .cause()
                    .isInstanceOf(LimitExceededException.class)
                    .hasMessageContaining("maxOutstanding = 1");
        }
    }

    @Test
    void wrongArgumentsAreThrown() throws SpdkException {
        try (BlockDevice d = open(OpenMode.READ_ONLY, BlockDeviceOptions.DEFAULT)) {
            assertThatThrownBy(() -> d.read(ByteBuffer.allocate(100), 0)).hasMessageContaining("length 100");
            assertThatThrownBy(() -> d.read(ByteBuffer.allocate(512), 5)).hasMessageContaining("offset 5");
            assertThatThrownBy(() -> d.readAsync(ByteBuffer.allocate(512), SIZE))
                    .hasMessageContaining("not within");
            assertThatThrownBy(() -> d.write(ByteBuffer.allocate(512), 0)).hasMessageContaining("READ_ONLY");
            assertThatThrownBy(() -> d.read(ByteBuffer.allocate(512).asReadOnlyBuffer(), 0))
                    .isInstanceOf(java.nio.ReadOnlyBufferException.class);
        }
        assertThatThrownBy(() -> BlockDevice.open(bdevs, "nope", OpenMode.READ_ONLY))
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
    }

    @Test
    void closingDrainsAndRefuses() throws SpdkException {
        BlockDevice d = open();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            all.add(d.writeAsync(ByteBuffer.allocate(512), i * 512L));
        }
        d.close();
        assertThat(all).allMatch(f -> f.isDone() && !f.isCompletedExceptionally());
        assertThatThrownBy(() -> d.read(ByteBuffer.allocate(512), 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        d.close();
        assertThat(d.isOpen()).isFalse();
    }

    @Test
    void removalOfTheDeviceClosesIt() throws SpdkException {
        BlockDevice d = open();
        bdevs.unregister("M").orTimeout(10, TimeUnit.SECONDS).join();
        assertThat(d.isOpen()).isFalse();
        assertThatThrownBy(() -> d.read(ByteBuffer.allocate(512), 0)).hasMessageContaining("removed");
        d.close();
    }

    @Test
    void anInterruptIsKeptForLater() throws SpdkException {
        try (BlockDevice d = open()) {
            Thread.currentThread().interrupt();
            byte[] back = new byte[512];
            d.read(ByteBuffer.wrap(back), 0);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    // ---- NIO -------------------------------------------------------------------------------------------------------

    @Test
    void aChannelIsAFileOfFixedSize() throws Exception {
        try (BlockDevice d = open();
                SeekableByteChannel c = d.channel()) {
            assertThat(c.size()).isEqualTo(SIZE);
            assertThat(c.position(100).write(ByteBuffer.wrap("hello".getBytes())))
                    .isEqualTo(5);
            assertThat(c.position()).isEqualTo(105);
            ByteBuffer back = ByteBuffer.allocate(7);
            assertThat(c.position(99).read(back)).isEqualTo(7);
            assertThat(back.array()).containsExactly(0, 'h', 'e', 'l', 'l', 'o', 0);
            assertThat(c.position(SIZE - 3).write(ByteBuffer.allocate(10))).isEqualTo(3);
            assertThat(c.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThatThrownBy(() -> c.write(ByteBuffer.allocate(1)))
                    .isInstanceOfSatisfying(
                            SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC));
            assertThatThrownBy(() -> c.truncate(10)).isInstanceOf(SpdkException.class);
            c.truncate(SIZE + 1L);
            assertThat(c.position()).isEqualTo(SIZE);
            assertThatThrownBy(() -> c.position(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThat(c.write(ByteBuffer.allocate(0))).isZero();
            c.close();
            assertThat(c.isOpen()).isFalse();
            assertThatThrownBy(() -> c.read(ByteBuffer.allocate(1))).isInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(c::size).isInstanceOf(ClosedChannelException.class);
            assertThat(d.isOpen()).isTrue();
        }
        try (BlockDevice d = open(OpenMode.READ_ONLY, BlockDeviceOptions.DEFAULT)) {
            assertThatThrownBy(() -> d.channel().write(ByteBuffer.allocate(1)))
                    .isInstanceOf(NonWritableChannelException.class);
        }
    }

    @Test
    void unalignedIoBehavesLikeAnArray() throws Exception {
        long seed = 42;
        Random random = new Random(seed);
        byte[] model = new byte[SIZE];
        try (BlockDevice d = open();
                SeekableByteChannel c = d.channel()) {
            for (int step = 0; step < 300; step++) {
                int at = random.nextInt(SIZE);
                int n = Math.min(SIZE - at, random.nextInt(random.nextBoolean() ? 1500 : 40_000) + 1);
                byte[] data = new byte[n];
                if (random.nextBoolean()) {
                    random.nextBytes(data);
                    assertThat(c.position(at).write(ByteBuffer.wrap(data))).isEqualTo(n);
                    System.arraycopy(data, 0, model, at, n);
                } else {
                    assertThat(c.position(at).read(ByteBuffer.wrap(data))).isEqualTo(n);
                    assertThat(data).as("seed %d step %d", seed, step).isEqualTo(Arrays.copyOfRange(model, at, at + n));
                }
            }
        }
    }

    /** Eight writers whose bytes share blocks: nobody's may get lost. */
    @Test
    void neighboursInABlockDoNotLoseUpdates() throws Exception {
        try (BlockDevice d = open()) {
            int writers = 8;
            int piece = 37;
            int rounds = 60;
            List<Thread> threads = new ArrayList<>();
            AtomicInteger errors = new AtomicInteger();
            for (int i = 0; i < writers; i++) {
                int id = i;
                threads.add(Thread.ofVirtual().start(() -> {
                    try (SeekableByteChannel c = d.channel()) {
                        byte[] data = new byte[piece];
                        for (int r = 1; r <= rounds; r++) {
                            Arrays.fill(data, (byte) (id * 31 + r));
                            c.position(100 + (long) id * piece).write(ByteBuffer.wrap(data));
                            byte[] back = new byte[piece];
                            c.position(100 + (long) id * piece).read(ByteBuffer.wrap(back));
                            if (!Arrays.equals(data, back)) {
                                errors.incrementAndGet();
                            }
                        }
                    } catch (Exception e) {
                        errors.incrementAndGet();
                    }
                }));
            }
            for (Thread t : threads) {
                t.join();
            }
            assertThat(errors).hasValue(0);
        }
    }

    @Test
    void aStreamGoesOnWhereItEnded() throws Exception {
        try (BlockDevice d = open();
                AsynchronousByteChannel s = d.stream(1000)) {
            assertThat(s.write(ByteBuffer.wrap("one".getBytes())).get()).isEqualTo(3);
            Future<Integer> second = s.write(ByteBuffer.wrap("two".getBytes()));
            assertThat(second.get()).isEqualTo(3);
            ByteBuffer back = ByteBuffer.allocate(6);
            CompletableFuture<Integer> handled = new CompletableFuture<>();
            s.read(back, "attachment", new CompletionHandler<>() {
                @Override
                public void completed(Integer n, String attachment) {
                    assertThat(SpdkThread.current()).isNull();
                    handled.complete(n);
                }

                @Override
                public void failed(Throwable e, String attachment) {
                    handled.completeExceptionally(e);
                }
            });
            assertThat(handled.get()).isEqualTo(6);
            assertThat(new String(back.array())).isEqualTo("onetwo");
            s.close();
            assertThatThrownBy(() -> s.read(ByteBuffer.allocate(1)).get())
                    .cause()
                    .isInstanceOf(ClosedChannelException.class);
        }
    }

    @Test
    void rangesAreLockedFirstComeFirstServed() {
        RangeLocks locks = new RangeLocks();
        RangeLocks.Range a = locks.lock(0, 4);
        RangeLocks.Range b = locks.lock(4, 8);
        RangeLocks.Range c = locks.lock(8, 9);
        RangeLocks.Range e = locks.lock(10, 12);
        assertThat(a.granted).isDone();
        assertThat(b.granted).isNotDone();
        assertThat(c.granted).as("behind b, though 8 is free").isNotDone();
        assertThat(e.granted).isDone();
        locks.unlock(a);
        assertThat(b.granted).isDone();
        assertThat(c.granted).isNotDone();
        locks.unlock(b);
        assertThat(c.granted).isDone();
        locks.unlock(c);
        locks.unlock(e);
        assertThat(locks.count()).isZero();
    }
}
