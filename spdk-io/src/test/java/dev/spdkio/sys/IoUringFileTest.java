// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static dev.spdkio.sys.FileHandle.Flag.CREATE;
import static dev.spdkio.sys.FileHandle.Flag.DIRECT;
import static dev.spdkio.sys.FileHandle.Flag.READ_WRITE;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Operations on real files, past the page cache. */
@Timeout(60)
class IoUringFileTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 64;

    private final Map<Long, Integer> results = new HashMap<>();
    private final CompletionSink collect =
            (userData, res, _) -> assertThat(results.put(userData, res)).isNull();
    private final Arena arena = Arena.ofConfined();

    @TempDir(factory = DiskTempDir.class)
    Path directory;

    private FileHandle file;
    private IoUring ring;

    @BeforeEach
    void open() throws Exception {
        assumeTrue(IoUring.isAvailable(), () -> String.valueOf(IoUring.unavailabilityCause()));
        file = FileHandle.open(directory.resolve("data"), READ_WRITE, CREATE, DIRECT);
        // Written, not only allocated: reading what was never written completes without asking the disk.
        file.pwrite(blocks(BLOCKS).fill((byte) 1), 0);
        ring = IoUring.create(IoUring.Config.of(16).withFileSlots(4));
    }

    @AfterEach
    void close() {
        if (ring != null) {
            ring.close();
            file.close();
        }
        arena.close();
    }

    @Test
    void roundTripOfManyBlocksThroughASmallQueue() {
        MemorySegment out = blocks(BLOCKS);
        MemorySegment in = blocks(BLOCKS);
        for (long i = 0; i < BLOCKS; i++) {
            out.set(JAVA_LONG, i * BLOCK, i + 1);
        }
        for (int i = 0; i < BLOCKS; i++) {
            awaitSpace();
            ring.prepWrite(file.fd(), false, out.address() + (long) i * BLOCK, BLOCK, (long) i * BLOCK, i);
        }
        finish(BLOCKS);
        assertThat(results.values()).containsOnly(BLOCK);
        results.clear();
        for (int i = BLOCKS - 1; i >= 0; i--) {
            awaitSpace();
            ring.prepRead(file.fd(), false, in.address() + (long) i * BLOCK, BLOCK, (long) i * BLOCK, i);
        }
        finish(BLOCKS);
        assertThat(results.values()).containsOnly(BLOCK);
        assertThat(in.mismatch(out)).isEqualTo(-1);
    }

    @Test
    void vectorsScatterAndGather() {
        MemorySegment out = blocks(2).fill((byte) 3);
        MemorySegment in = blocks(2);
        ring.prepWritev(file.fd(), false, iovecs(out).address(), 2, 0, IoUring.RWF_DSYNC, 1);
        finish(1);
        ring.prepReadv(file.fd(), false, iovecs(in).address(), 2, 0, 2);
        finish(2);
        assertThat(results).containsEntry(1L, 2 * BLOCK).containsEntry(2L, 2 * BLOCK);
        assertThat(in.mismatch(out)).isEqualTo(-1);
        ring.prepWritev(file.fd(), false, iovecs(out).address(), 1, BLOCK, 3);
        finish(3);
        assertThat(results).containsEntry(3L, BLOCK);
    }

    @Test
    void flushesPreallocatesAndPunchesHoles() throws Exception {
        MemorySegment block = blocks(1).fill((byte) 9);
        ring.prepWrite(file.fd(), false, block.address(), BLOCK, 0, IoUring.RWF_DSYNC, 1);
        finish(1);
        ring.prepFsync(file.fd(), false, true, 2);
        ring.prepFsync(file.fd(), false, false, 3);
        ring.prepFallocate(file.fd(), false, 0, BLOCKS * (long) BLOCK, BLOCK, 4);
        ring.prepFallocate(file.fd(), false, FileHandle.FALLOC_PUNCH_HOLE | FileHandle.FALLOC_KEEP_SIZE, 0, BLOCK, 5);
        finish(5);
        assertThat(results).containsEntry(1L, BLOCK);
        assertThat(results.values()).containsOnly(0, BLOCK);
        assertThat(file.deviceSize()).isEqualTo((BLOCKS + 1) * (long) BLOCK);
        ring.prepRead(file.fd(), false, block.address(), BLOCK, 0, 6);
        finish(6);
        assertThat(block.get(JAVA_BYTE, 100)).isZero();
    }

    @Test
    void registeredFilesWorkByTheirSlot() throws Exception {
        int slot = ring.registerFile(file.fd());
        FileHandle other = FileHandle.open(directory.resolve("other"), READ_WRITE, CREATE, DIRECT);
        int otherSlot = ring.registerFile(other.fd());
        other.close();
        assertThat(otherSlot).isNotEqualTo(slot);
        MemorySegment block = blocks(1).fill((byte) 4);
        ring.prepWrite(slot, true, block.address(), BLOCK, 0, 1);
        ring.prepWrite(otherSlot, true, block.address(), BLOCK, BLOCK, 2);
        finish(2);
        assertThat(results).containsEntry(1L, BLOCK).containsEntry(2L, BLOCK);
        assertThat(Files.size(directory.resolve("other")))
                .as("the slot outlives the descriptor")
                .isEqualTo(2 * BLOCK);
        ring.unregisterFile(otherSlot);
        ring.prepRead(otherSlot, true, block.address(), BLOCK, 0, 3);
        finish(3);
        assertThat(results).containsEntry(3L, -Errno.EBADF);
        assertThat(ring.registerFile(file.fd())).as("a slot is used again").isEqualTo(otherSlot);
    }

    @Test
    void theTableOfFilesIsBoundedByName() throws Exception {
        for (int i = 0; i < 4; i++) {
            ring.registerFile(file.fd());
        }
        assertThatThrownBy(() -> ring.registerFile(file.fd()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("all 4 slots")
                .hasMessageContaining("fileSlots");
        assertThatThrownBy(() -> ring.unregisterFile(4)).isInstanceOf(IllegalArgumentException.class);
        ring.unregisterFile(2);
        assertThat(ring.registerFile(file.fd())).isEqualTo(2);
        ring.unregisterFile(2);
        assertThatThrownBy(() -> ring.registerFile(1 << 20)).hasMessageContaining("fd 1048576 into slot 2): EBADF");
    }

    @Test
    void registeredBuffersWorkByTheirIndex() throws Exception {
        MemorySegment out = blocks(2).fill((byte) 6);
        MemorySegment in = blocks(2);
        ring.registerBuffers(new MemorySegment[] {out, in});
        assertThatThrownBy(() -> ring.registerBuffers(new MemorySegment[] {out}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("2 buffers");
        ring.prepWriteFixed(file.fd(), false, out.address() + BLOCK, BLOCK, 0, 0, 1);
        finish(1);
        ring.prepReadFixed(file.fd(), false, in.address(), BLOCK, 0, 1, 2);
        ring.prepReadFixed(file.fd(), false, in.address(), BLOCK, 0, 0, 3);
        finish(3);
        assertThat(results).containsEntry(1L, BLOCK).containsEntry(2L, BLOCK);
        assertThat(results).as("the address lies in another buffer").containsEntry(3L, -Errno.EFAULT);
        assertThat(in.get(JAVA_BYTE, 17)).isEqualTo((byte) 6);
        ring.unregisterBuffers();
        ring.unregisterBuffers();
        ring.prepReadFixed(file.fd(), false, in.address(), BLOCK, 0, 1, 4);
        finish(4);
        assertThat(results).containsEntry(4L, -Errno.EFAULT);
        assertThatThrownBy(() -> ring.registerBuffers(new MemorySegment[0]))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ring.registerBuffers(new MemorySegment[] {MemorySegment.ofArray(new byte[8])}))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void faultsOfOneOperationAreItsResultAndLeaveTheOthersAlone() {
        MemorySegment block = blocks(1);
        ring.prepRead(1 << 20, false, block.address(), BLOCK, 0, 1);
        ring.prepRead(file.fd(), false, block.address(), BLOCK, 0, 2);
        ring.prepFallocate(file.fd(), false, 0, 0, 0, 3);
        ring.prepRead(file.fd(), false, 4096, BLOCK, 0, 4);
        ring.prepRead(file.fd(), false, block.address(), BLOCK, BLOCKS * (long) BLOCK, 5);
        ring.prepNop(6);
        finish(6);
        assertThat(results)
                .containsEntry(1L, -Errno.EBADF)
                .containsEntry(2L, BLOCK)
                .containsEntry(3L, -Errno.EINVAL)
                .containsEntry(4L, -Errno.EFAULT)
                .containsEntry(5L, 0)
                .containsEntry(6L, 0);
    }

    /** Reading an event descriptor that nobody counts up would take forever. */
    @Test
    void cancelEndsAnOperationThatWaits() throws Exception {
        MemorySegment counter = blocks(1);
        try (BlockingEvent never = BlockingEvent.create()) {
            ring.prepRead(never.fd(), false, counter.address(), 8, 0, 1);
            ring.submit();
            assertThat(ring.reap(collect, 10)).isZero();
            ring.prepCancel(1, 2);
            ring.prepCancel(99, 3);
            finish(3);
            assertThat(results)
                    .containsEntry(1L, -Errno.ECANCELED)
                    .containsEntry(2L, 0)
                    .containsEntry(3L, -Errno.ENOENT);
        }
    }

    @Test
    void closeEndsWhatIsInFlightAndDropsWhatWasNotSubmitted() throws Exception {
        MemorySegment counter = blocks(1);
        try (BlockingEvent never = BlockingEvent.create()) {
            for (int i = 0; i < 16; i++) {
                ring.prepRead(never.fd(), false, counter.address(), 8, 0, i);
            }
            ring.submit();
            ring.prepWrite(file.fd(), false, counter.address(), BLOCK, 999L * BLOCK, 50);
            ring.close(); // would hang, and the time limit fail the test, if it only waited
        }
        assertThat(file.deviceSize()).isEqualTo(BLOCKS * (long) BLOCK);
    }

    /** Large reads take the disk a while; once the ring is closed, the buffer belongs to us and nobody writes into it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void afterCloseTheKernelTouchesNoBuffer(boolean movable) throws Exception {
        int bytes = 4 << 20;
        MemorySegment buffer = arena.allocate(8L * bytes, BLOCK);
        try (FileHandle large = FileHandle.open(directory.resolve("large"), READ_WRITE, CREATE, DIRECT)) {
            assertThat(large.pwrite(buffer, 0)).isEqualTo(8L * bytes);
            try (IoUring doomed = IoUring.create(IoUring.Config.of(8).withMovable(movable))) {
                for (int i = 0; i < 8; i++) {
                    doomed.prepRead(large.fd(), false, buffer.address() + (long) i * bytes, bytes, (long) i * bytes, i);
                }
                assertThat(doomed.submit()).isEqualTo(8);
            }
            buffer.fill((byte) 7);
            large.pread(blocks(BLOCKS), 7L * bytes); // queues behind what the disk may still be reading
            assertThat(buffer.mismatch(arena.allocate(buffer.byteSize()).fill((byte) 7)))
                    .isEqualTo(-1);
        }
    }

    /** A lost wake-up would sleep until the time limit. */
    @ParameterizedTest
    @CsvSource({"1, false", "1, true", "8, false", "8, true"})
    void aThreadCanSleepUntilTheDiskAnswers(int depth, boolean movable) throws Exception {
        int total = 1000;
        int[] found = new int[1];
        CompletionSink count = (_, res, _) -> {
            assertThat(res).isEqualTo(BLOCK);
            found[0]++;
        };
        MemorySegment block = blocks(1);
        long sleeps = 0;
        try (EventPoll poll = EventPoll.open();
                IoUring own = IoUring.create(IoUring.Config.of(16).withMovable(movable))) {
            poll.add(own.fd(), 1);
            for (int started = 0; found[0] < total; ) {
                while (started < total && started - found[0] < depth) {
                    own.prepRead(file.fd(), false, block.address(), BLOCK, started++ % BLOCKS * (long) BLOCK, 0);
                }
                if (own.poll(count) == 0) {
                    poll.await(-1);
                    sleeps++;
                }
            }
        }
        assertThat(sleeps).as("the disk answers later than at once").isPositive();
    }

    @Test
    void submitAndGetSleepsInTheRing() {
        MemorySegment block = blocks(1);
        for (int i = 0; i < 100; i++) {
            ring.prepRead(file.fd(), false, block.address(), BLOCK, 0, i);
            assertThat(ring.submitAndGet(1)).isEqualTo(1);
            assertThat(ring.reap(collect, 2)).isEqualTo(1);
        }
        assertThat(results).hasSize(100);
        assertThat(results.values()).containsOnly(BLOCK);
    }

    @Test
    void theReadLoopAllocatesNothing() {
        MemorySegment block = blocks(1);
        long[] bytes = new long[1];
        long[] rounds = new long[1];
        CompletionSink sink = (_, res, _) -> bytes[0] += res;
        long allocated = Allocation.bytesPerOperation(3000, () -> {
            rounds[0]++;
            ring.prepRead(file.fd(), false, block.address(), BLOCK, 0, 1);
            ring.prepRead(file.fd(), false, block.address(), BLOCK, BLOCK, 2);
            while (ring.inFlight() > 0 || ring.sqSpace() < 16) {
                ring.poll(sink);
            }
        });
        assertThat(allocated).isZero();
        assertThat(bytes[0]).isEqualTo(rounds[0] * 2 * BLOCK);
    }

    private MemorySegment blocks(int count) {
        return arena.allocate((long) count * BLOCK, BLOCK);
    }

    /** Two vectors of a block each. */
    private MemorySegment iovecs(MemorySegment blocks) {
        return arena.allocateFrom(JAVA_LONG, blocks.address(), (long) BLOCK, blocks.address() + BLOCK, (long) BLOCK);
    }

    private void awaitSpace() {
        while (!ring.hasSpace()) {
            ring.poll(collect);
        }
    }

    private void finish(int total) {
        while (results.size() < total) {
            ring.submitAndGet(1);
            ring.reap(collect, Integer.MAX_VALUE);
        }
        assertThat(ring.inFlight()).isZero();
    }
}
