// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * Random I/O on a device beside the same on an array. It goes in batches, whose I/Os are in flight together, from two
 * threads, and do not overlap; between batches there is a reset now and then.
 */
final class BdevModel {
    private static final int MODEL_BYTES = 2 << 20;
    private static final int MOST_BYTES = 192 << 10;

    /** One I/O of a batch. */
    private record Op(boolean far, IoEnds.Submit call) {}

    private final BdevBed bed;
    private final boolean unmapsToZeroes;
    private final RandomGenerator random;
    private final int blockSize;
    private final byte[] model = new byte[MODEL_BYTES];

    /** Blocks that may hold anything, because they were unmapped. */
    private final BitSet unknown = new BitSet();

    private final List<Runnable> checks = new ArrayList<>();
    private final List<DmaBuf> bufs = new ArrayList<>();

    BdevModel(BdevBed bed, boolean unmapsToZeroes, RandomGenerator random) {
        this.bed = bed;
        this.unmapsToZeroes = unmapsToZeroes;
        this.random = random;
        this.blockSize = bed.blockSize();
    }

    void run(int batches) {
        List<BdevChannel> channels = List.of(bed.channel(bed.app()), bed.channel(bed.other()));
        int count = 0;
        for (int batch = 0; batch < batches; batch++) {
            List<Op> ops = batch(channels);
            count += ops.size();
            List<IoEnds> begun = new ArrayList<>();
            for (int t = 0; t < 2; t++) {
                boolean far = t == 1;
                begun.add(bed.begin(
                        channels.get(t),
                        ends -> ops.stream().filter(op -> op.far() == far).forEach(op -> ends.submit(op.call()))));
            }
            for (IoEnds ends : begun) {
                assertThat(bed.finish(ends)).allMatch(IoStatus::isSuccess);
            }
            checks.forEach(Runnable::run);
            checks.clear();
            bufs.forEach(bed::close);
            bufs.clear();
            if (bed.bdev().supports(IoType.RESET) && random.nextInt(8) == 0) {
                BdevChannel ch = channels.get(random.nextInt(2));
                bed.good(ch, ch::submitReset);
                count++;
            }
        }
        assertThat(count).as("operations").isGreaterThan(5 * batches);
        compareAll(channels.getFirst());
    }

    private List<Op> batch(List<BdevChannel> channels) {
        List<Op> ops = new ArrayList<>();
        int blocks = MODEL_BYTES / blockSize;
        int most = MOST_BYTES / blockSize;
        int at = random.nextInt(most);
        while (true) {
            int length = 1 + (random.nextBoolean() ? random.nextInt(8) : random.nextInt(most));
            if (at + length > blocks) {
                return ops;
            }
            boolean far = random.nextBoolean();
            ops.add(new Op(far, op(channels.get(far ? 1 : 0), at, length)));
            at += length + random.nextInt(most);
        }
    }

    private IoEnds.Submit op(BdevChannel ch, int block, int count) {
        long offset = (long) block * blockSize;
        long length = (long) count * blockSize;
        IoType[] types = bed.bdev().supportedTypes().toArray(IoType[]::new);
        // Half of all I/O reads or writes, whatever else there is.
        IoType type = random.nextBoolean()
                ? random.nextBoolean() ? IoType.READ : IoType.WRITE
                : types[random.nextInt(types.length)];
        return switch (type) {
            case WRITE -> {
                byte[] content = new byte[count * blockSize];
                random.nextBytes(content);
                System.arraycopy(content, 0, model, (int) offset, content.length);
                unknown.clear(block, block + count);
                IoVec vec = vec(content.length);
                vec.copyFrom(0, content);
                yield vec.count() == 1
                        ? (c, u) -> ch.submitWrite(vec.buf(0), offset, c, u)
                        : (c, u) -> ch.submitWritev(vec, offset, c, u);
            }
            case WRITE_ZEROES -> {
                zero(block, count);
                yield (c, u) -> ch.submitWriteZeroes(offset, length, c, u);
            }
            case UNMAP -> {
                zero(block, count);
                if (!unmapsToZeroes) {
                    unknown.set(block, block + count);
                }
                yield (c, u) -> ch.submitUnmap(offset, length, c, u);
            }
            case FLUSH -> (c, u) -> ch.submitFlush(offset, length, c, u);
            case COMPARE, COMPARE_AND_WRITE, COPY, ZCOPY ->
                unknown.get(block, block + count).isEmpty() ? command(ch, type, block, count) : read(ch, block, count);
            default -> read(ch, block, count);
        };
    }

    private IoEnds.Submit read(BdevChannel ch, int block, int count) {
        long offset = (long) block * blockSize;
        IoVec vec = vec(count * blockSize);
        vec.fill((byte) 0x5A);
        checks.add(() -> compare(vec, block));
        return vec.count() == 1
                ? (c, u) -> ch.submitRead(vec.buf(0), offset, c, u)
                : (c, u) -> ch.submitReadv(vec, offset, c, u);
    }

    private IoEnds.Submit command(BdevChannel ch, IoType type, int block, int count) {
        long offset = (long) block * blockSize;
        return switch (type) {
            case COMPARE -> {
                IoVec vec = vecOf(block, count);
                yield (c, u) -> ch.submitComparev(vec, offset, c, u);
            }
            case COMPARE_AND_WRITE -> {
                int few = Math.min(count, bed.bdev().acwu());
                IoVec expected = vecOf(block, few);
                change(block, few);
                IoVec written = vecOf(block, few);
                yield (c, u) -> ch.submitComparevAndWritevBlocks(expected, written, block, c, u);
            }
            case COPY -> {
                int half = count / 2;
                int from = random.nextBoolean() ? block : block + half / 2;
                int to = from == block ? block + half / 2 : block;
                System.arraycopy(model, from * blockSize, model, to * blockSize, half * blockSize);
                yield (c, u) -> ch.submitCopyBlocks(to, from, half, c, u);
            }
            default -> {
                change(block, count);
                byte[] content = Arrays.copyOfRange(model, block * blockSize, (block + count) * blockSize);
                yield (c, u) -> ch.submitZcopyStartBlocks(
                        block,
                        count,
                        random.nextBoolean(),
                        (_, zcopy, userData) -> {
                            Objects.requireNonNull(zcopy).memory().copyFrom(MemorySegment.ofArray(content));
                            zcopy.submitEnd(true, c, userData);
                        },
                        u);
            }
        };
    }

    /** The model gets new bytes. */
    private void change(int block, int count) {
        byte[] content = new byte[count * blockSize];
        random.nextBytes(content);
        System.arraycopy(content, 0, model, block * blockSize, content.length);
    }

    /** The bytes of the model, as of now. */
    private IoVec vecOf(int block, int count) {
        IoVec vec = vec(count * blockSize);
        vec.copyFrom(0, Arrays.copyOfRange(model, block * blockSize, (block + count) * blockSize));
        return vec;
    }

    private void zero(int block, int count) {
        Arrays.fill(model, block * blockSize, (block + count) * blockSize, (byte) 0);
        unknown.clear(block, block + count);
    }

    /** One part, or several of any length. */
    private IoVec vec(int bytes) {
        IoVec.Builder builder = IoVec.builder();
        int left = bytes;
        boolean several = random.nextInt(3) == 0;
        for (int part = 0; left > 0; part++) {
            int length = several && part < 16 ? 1 + random.nextInt(left) : left;
            DmaBuf buf = bed.buf(length);
            bufs.add(buf);
            builder.add(buf);
            left -= length;
        }
        return builder.build();
    }

    private void compare(IoVec vec, int firstBlock) {
        byte[] got = new byte[(int) vec.totalBytes()];
        vec.copyTo(0, got);
        for (int at = 0; at < got.length; at += blockSize) {
            int block = firstBlock + at / blockSize;
            if (unknown.get(block)) {
                continue;
            }
            int wrong = Arrays.mismatch(got, at, at + blockSize, model, block * blockSize, (block + 1) * blockSize);
            assertThat(wrong).as("first wrong byte of block %s", block).isEqualTo(-1);
        }
    }

    private void compareAll(BdevChannel ch) {
        DmaBuf all = bed.buf(MODEL_BYTES);
        bed.good(ch, (c, u) -> ch.submitRead(all, 0, c, u));
        compare(IoVec.of(all), 0);
    }
}
