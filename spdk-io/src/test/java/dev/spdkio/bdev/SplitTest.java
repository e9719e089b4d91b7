// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** Each rule by which requests go in parts or through other memory, and all of them at once against a model. */
class SplitTest {
    private BdevWorld w = new BdevWorld();
    private FakeDevice d;

    @AfterEach
    void close() {
        w.close();
    }

    private BdevChannel channel(UnaryOperator<BdevSpec.Builder> spec) {
        d = w.device(spec);
        return w.channel(w.app);
    }

    /** {@code block+count} of what the device saw. */
    private List<String> parts() {
        return d.seen.stream().map(s -> s.block() + "+" + s.count()).toList();
    }

    private void done(BdevWorld.ThrowingRunnable submit) {
        w.run(w.app, () -> {
            submit.run();
            assertThat(w.ends).as("ends inside submit").isEmpty();
        });
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("x success");
        w.ends.clear();
    }

    @Test
    void atTheOptimalBoundary() {
        BdevChannel ch = channel(s -> s.optimalIoBoundary(8, true));
        done(() -> ch.submitReadBlocks(w.buf(20), 6, 20, w.note, "x"));
        assertThat(parts()).containsExactly("6+2", "8+8", "16+8", "24+2");
    }

    @Test
    void notAtABoundaryThatIsOnlyAHint() {
        BdevChannel ch = channel(s -> s.optimalIoBoundary(8, false));
        done(() -> ch.submitReadBlocks(w.buf(20), 6, 20, w.note, "x"));
        assertThat(parts()).containsExactly("6+20");
    }

    @Test
    void whatFitsBetweenBoundariesGoesWhole() {
        BdevChannel ch = channel(s -> s.optimalIoBoundary(8, true));
        done(() -> ch.submitReadBlocks(w.buf(8), 8, 8, w.note, "x"));
        assertThat(parts()).containsExactly("8+8");
    }

    @Test
    void byTheLargestReadOrWrite() {
        BdevChannel ch = channel(s -> s.maxRwBlocks(3));
        done(() -> ch.submitWriteBlocks(w.buf(8, 1), 5, 8, w.note, "x"));
        assertThat(parts()).containsExactly("5+3", "8+3", "11+2");
    }

    @Test
    void byTheLargestSegment() {
        BdevChannel ch = channel(s -> s.maxSegmentSize(1024));
        done(() -> ch.submitReadBlocks(w.buf(5), 0, 5, w.note, "x"));
        assertThat(d.seen)
                .singleElement()
                .satisfies(s -> assertThat(s.segments()).containsExactly(1024L, 1024L, 512L));
    }

    @Test
    void byTheNumberOfSegments() {
        BdevChannel ch = channel(s -> s.maxSegments(2));
        IoVec vec = IoVec.of(w.buf(1, 1), w.buf(1, 2), w.buf(1, 3), w.buf(1, 4), w.buf(1, 5));
        done(() -> ch.submitWritev(vec, 0, w.note, "x"));
        assertThat(parts()).containsExactly("0+2", "2+2", "4+1");
        assertThat(d.bytes[512 * 3]).isEqualTo((byte) 4);
    }

    @Test
    void partsOfVectorsAreWholeBlocks() {
        BdevChannel ch = channel(s -> s.maxSegments(2));
        DmaBuf a = w.pool.allocate(700);
        DmaBuf b = w.pool.allocate(500);
        DmaBuf c = w.pool.allocate(848);
        a.fill((byte) 1);
        b.fill((byte) 2);
        c.fill((byte) 3);
        done(() -> ch.submitWritev(IoVec.of(a, b, c), 0, w.note, "x"));
        assertThat(parts()).containsExactly("0+2", "2+2");
        assertThat(d.bytes[699]).isEqualTo((byte) 1);
        assertThat(d.bytes[700]).isEqualTo((byte) 2);
        assertThat(d.bytes[1199]).isEqualTo((byte) 2);
        assertThat(d.bytes[1200]).isEqualTo((byte) 3);
        assertThat(d.bytes[2047]).isEqualTo((byte) 3);
    }

    @Test
    void aBlockInTooManySegmentsIsCopied() {
        BdevChannel ch = channel(s -> s.maxSegments(1));
        DmaBuf a = w.pool.allocate(100);
        DmaBuf b = w.pool.allocate(412);
        a.fill((byte) 1);
        b.fill((byte) 2);
        done(() -> ch.submitWritev(IoVec.of(a, b), 512, w.note, "x"));
        assertThat(d.seen)
                .singleElement()
                .satisfies(s -> assertThat(s.segments()).containsExactly(512L));
        assertThat(d.bytes[611]).isEqualTo((byte) 1);
        assertThat(d.bytes[612]).isEqualTo((byte) 2);
    }

    @Test
    void writesAtTheWriteUnitReadsNot() {
        BdevChannel ch = channel(s -> s.writeUnitSize(4, true));
        done(() -> ch.submitWriteBlocks(w.buf(8, 1), 4, 8, w.note, "x"));
        assertThat(parts()).containsExactly("4+4", "8+4");
        d.seen.clear();
        done(() -> ch.submitReadBlocks(w.buf(8), 3, 8, w.note, "x"));
        assertThat(parts()).containsExactly("3+8");
        assertThatThrownBy(() -> w.run(w.app, () -> ch.submitWriteBlocks(w.buf(8), 2, 8, w.note, "x")))
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("8 blocks at block 2", "write units of 4 blocks");
    }

    @Test
    void unmapAndWriteZeroesByTheirOwnMaximaAndAtNoBoundary() {
        BdevChannel ch = channel(s -> s.maxUnmapBlocks(30)
                .maxWriteZeroesBlocks(50)
                .optimalIoBoundary(8, true)
                .maxRwBlocks(4));
        done(() -> ch.submitUnmapBlocks(1, 100, w.note, "x"));
        assertThat(parts()).containsExactly("1+30", "31+30", "61+30", "91+10");
        d.seen.clear();
        done(() -> ch.submitWriteZeroesBlocks(0, 128, w.note, "x"));
        assertThat(parts()).containsExactly("0+50", "50+50", "100+28");
    }

    @Test
    void flushAndResetNever() {
        BdevChannel ch = channel(s -> s.maxUnmapBlocks(1)
                .maxWriteZeroesBlocks(1)
                .optimalIoBoundary(8, true)
                .maxRwBlocks(1));
        done(() -> ch.submitFlushBlocks(0, 128, w.note, "x"));
        done(() -> ch.submitReset(w.note, "x"));
        assertThat(parts()).containsExactly("0+128", "0+0");
    }

    @Test
    void atMostEightPartsAreInFlight() {
        BdevChannel ch = channel(s -> s.maxRwBlocks(1));
        d.mode = FakeDevice.Mode.HOLD;
        DmaBuf buf = w.buf(20, 1);
        w.run(w.app, () -> ch.submitWriteBlocks(buf, 0, 20, w.note, "x"));
        assertThat(d.held).hasSize(8);
        assertThat(buf.pins()).isEqualTo(1);
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(d.held).hasSize(8);
        while (!d.held.isEmpty()) {
            assertThat(w.ends).isEmpty();
            w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        }
        assertThat(d.seen).hasSize(20);
        assertThat(w.ends).containsExactly("x success");
        assertThat(buf.pins()).isZero();
    }

    @Test
    void theFirstErrorWinsAndAllPartsAreAwaited() {
        BdevChannel ch = channel(s -> s.maxRwBlocks(1));
        d.mode = FakeDevice.Mode.HOLD;
        DmaBuf buf = w.buf(20, 1);
        w.run(w.app, () -> ch.submitWriteBlocks(buf, 0, 20, w.note, "x"));
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        w.run(w.app, () -> d.finishOldest(IoStatus.aio(28)));
        w.run(w.app, () -> d.finishOldest(IoStatus.aio(5)));
        assertThat(d.seen).as("no further parts").hasSize(9);
        while (!d.held.isEmpty()) {
            assertThat(w.ends).isEmpty();
            assertThat(buf.pins()).isEqualTo(1);
            w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        }
        assertThat(w.ends).singleElement().asString().contains("ENOSPC");
        assertThat(buf.pins()).isZero();
    }

    // ---- bounce buffers --------------------------------------------------------------------------------------------

    @Test
    void misalignedMemoryIsCopied() {
        BdevChannel ch = channel(s -> s.requiredAlignment(512));
        d.alignment = 512;
        DmaBuf whole = w.buf(3);
        for (int i = 0; i < 1024; i++) {
            whole.segment().set(ValueLayout.JAVA_BYTE, 100 + i, (byte) i);
        }
        DmaBuf odd = whole.slice(100, 1024);
        done(() -> ch.submitWrite(odd, 512, w.note, "x"));
        byte[] expected = odd.segment().toArray(ValueLayout.JAVA_BYTE);
        assertThat(Arrays.copyOfRange(d.bytes, 512, 1536)).isEqualTo(expected);
        DmaBuf back = w.buf(3).slice(7, 1024);
        done(() -> ch.submitRead(back, 512, w.note, "x"));
        assertThat(back.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
    }

    @Test
    void largeMisalignedRequestsGoInBounceSizedParts() {
        w.close();
        w = new BdevWorld(1, BdevOptions.DEFAULT.withBounceBufferBytes(4096));
        BdevChannel ch = channel(s -> s.requiredAlignment(512));
        DmaBuf odd = w.buf(21).slice(8, 20 * 512);
        done(() -> ch.submitRead(odd, 0, w.note, "x"));
        assertThat(parts()).containsExactly("0+8", "8+8", "16+4");
    }

    @Test
    void aFailedReadLeavesMisalignedMemoryAlone() {
        BdevChannel ch = channel(s -> s.requiredAlignment(512));
        d.failure = 1;
        DmaBuf whole = w.buf(2, 9);
        DmaBuf odd = whole.slice(3, 512);
        w.run(w.app, () -> ch.submitRead(odd, 0, w.note, "x"));
        w.rt.runUntilIdle();
        assertThat(w.ends).singleElement().asString().contains("EIO");
        assertThat(whole.segment().get(ValueLayout.JAVA_BYTE, 3)).isEqualTo((byte) 9);
    }

    @Test
    void requestsWaitInOrderForBounceMemory() {
        w.close();
        w = new BdevWorld(1, BdevOptions.DEFAULT.withBounceBufferBytes(4096), 2 << 20);
        BdevChannel ch = channel(s -> s.requiredAlignment(512));
        d.mode = FakeDevice.Mode.HOLD;
        DmaBuf odd = w.buf(9, 5).slice(8, 4096);
        List<DmaBuf> hog = new ArrayList<>();
        for (DmaBuf b = w.pool.tryAllocate(4096); b != null; b = w.pool.tryAllocate(4096)) {
            hog.add(b);
        }
        w.run(w.app, () -> {
            for (int i = 0; i < 3; i++) {
                ch.submitWrite(odd, i * 4096L, w.note, i);
            }
        });
        w.rt.runFor(Duration.ofMillis(5));
        assertThat(d.seen).isEmpty();
        assertThat(odd.pins()).isEqualTo(3);
        // Memory comes when there is some, not when somebody looks: no time passes.
        hog.removeLast().close();
        w.rt.runUntilIdle();
        assertThat(parts()).containsExactly("0+8");
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        w.rt.runUntilIdle();
        assertThat(parts()).containsExactly("0+8", "8+8");
        w.run(w.app, () -> d.finishOldest(IoStatus.aio(5)));
        w.rt.runUntilIdle();
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(w.ends).hasSize(3).first().isEqualTo("0 success");
        assertThat(w.ends).last().isEqualTo("2 success");
        assertThat(odd.pins()).isZero();
        hog.forEach(DmaBuf::close);
        w.rt.runFor(Duration.ofMillis(5));
        assertThat(w.on(w.app, () -> w.app.pollerList())).isEmpty();
    }

    // ---- write zeroes by writes ------------------------------------------------------------------------------------

    @Test
    void writeZeroesIsMadeFromWrites() {
        w.close();
        w = new BdevWorld(1, BdevOptions.DEFAULT.withZeroBufferBytes(4096));
        FakeDevice plain = new FakeDevice(512, 128);
        plain.types.remove(IoType.WRITE_ZEROES);
        Arrays.fill(plain.bytes, (byte) 1);
        w.register(plain, s -> s.maxRwBlocks(6));
        d = plain;
        BdevChannel c2 = w.channel(w.app);
        done(() -> c2.submitWriteZeroesBlocks(3, 20, w.note, "x"));
        assertThat(d.seen).allMatch(s -> s.type() == IoType.WRITE);
        assertThat(parts()).containsExactly("3+6", "9+6", "15+6", "21+2");
        assertThat(d.bytes[3 * 512 - 1]).isEqualTo((byte) 1);
        for (int i = 3 * 512; i < 23 * 512; i++) {
            assertThat(d.bytes[i]).isZero();
        }
        assertThat(d.bytes[23 * 512]).isEqualTo((byte) 1);
    }

    // ---- all together ----------------------------------------------------------------------------------------------

    /** Random demands, random requests that do not overlap in flight, random latency, random lack of room: as a model. */
    @RepeatedTest(60)
    void anyDeviceBehavesLikeAnArray(RepetitionInfo info) {
        long seed = info.getCurrentRepetition() * 104_729L;
        Random random = new Random(seed);
        w.close();
        w = new BdevWorld(
                seed,
                BdevOptions.DEFAULT
                        .withBdevIoPoolSize(1 + random.nextInt(16))
                        .withBounceBufferBytes(4096 * (1 + random.nextInt(2)))
                        .withZeroBufferBytes(4096));
        d = new FakeDevice(512, 128);
        if (random.nextBoolean()) {
            d.types.remove(IoType.WRITE_ZEROES);
        }
        d.alignment = random.nextBoolean() ? 1 : 1 << random.nextInt(10);
        d.maxBlocks = random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(8);
        d.maxSegments = random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(3);
        d.maxSegmentSize = random.nextBoolean() ? Integer.MAX_VALUE : 512 * (1 + random.nextInt(4));
        d.boundary = random.nextBoolean() ? 0 : 1 + random.nextInt(16);
        d.mode = FakeDevice.Mode.RANDOM;
        d.noMemory = random.nextBoolean() ? 0 : 0.3;
        d.random = new Random(seed + 1);
        w.register(
                d,
                s -> s.requiredAlignment(d.alignment)
                        .maxRwBlocks(orNone(d.maxBlocks))
                        .maxSegments(orNone(d.maxSegments))
                        .maxSegmentSize(orNone(d.maxSegmentSize))
                        .optimalIoBoundary(d.boundary, d.boundary > 0)
                        .maxUnmapBlocks(random.nextInt(20)));
        byte[] model = new byte[128 * 512];
        BdevChannel ch = w.channel(w.app);
        for (int step = 0; step < 40; step++) {
            int block = random.nextInt(128);
            int count = 1 + random.nextInt(Math.min(40, 128 - block));
            int from = block * 512;
            int to = from + count * 512;
            w.ends.clear();
            switch (random.nextInt(5)) {
                case 0 -> {
                    w.run(w.app, () -> ch.submitUnmapBlocks(block, count, w.note, "x"));
                    Arrays.fill(model, from, to, (byte) 0);
                }
                case 1 -> {
                    w.run(w.app, () -> ch.submitWriteZeroesBlocks(block, count, w.note, "x"));
                    Arrays.fill(model, from, to, (byte) 0);
                }
                case 2, 3 -> {
                    byte[] data = new byte[count * 512];
                    random.nextBytes(data);
                    IoVec vec = vec(random, data.length);
                    vec.copyFrom(0, data);
                    w.run(w.app, () -> ch.submitWritevBlocks(vec, block, w.note, "x"));
                    System.arraycopy(data, 0, model, from, data.length);
                }
                default -> {
                    IoVec vec = vec(random, count * 512);
                    w.run(w.app, () -> ch.submitReadvBlocks(vec, block, w.note, "x"));
                    w.rt.runFor(Duration.ofSeconds(10));
                    byte[] data = new byte[count * 512];
                    vec.copyTo(0, data);
                    assertThat(data).as("seed %d step %d", seed, step).isEqualTo(Arrays.copyOfRange(model, from, to));
                }
            }
            w.rt.runFor(Duration.ofSeconds(10));
            assertThat(w.ends).as("seed %d step %d", seed, step).containsExactly("x success");
        }
        assertThat(d.bytes).as("seed %d", seed).isEqualTo(model);
    }

    private static int orNone(int maximum) {
        return maximum == Integer.MAX_VALUE ? 0 : maximum;
    }

    private IoVec vec(Random random, int bytes) {
        IoVec.Builder builder = IoVec.builder();
        for (int left = bytes; left > 0; ) {
            int n = random.nextInt(3) == 0 ? left : 1 + random.nextInt(left);
            if (random.nextBoolean()) {
                n = Math.min(left, (n + 511) / 512 * 512);
            }
            DmaBuf buf = w.pool.allocate(n + 64);
            builder.add(buf, random.nextBoolean() ? 0 : random.nextInt(64), n);
            left -= n;
        }
        return builder.build();
    }
}
