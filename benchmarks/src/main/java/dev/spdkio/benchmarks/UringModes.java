// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.sys.CompletionSink;
import dev.spdkio.sys.FileHandle;
import dev.spdkio.sys.IoUring;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * What the modes of a ring are worth: reads at random of a file with registered buffers and with a submission thread,
 * in turns with plain ones. {@code benchmarks/run --uring FILE [SECONDS [TURNS]]} prints it.
 */
public final class UringModes implements CompletionSink {
    private static final int[] DEPTHS = {1, 32, 128};
    private static final int[] SIZES = {4 << 10, 128 << 10};
    private static final int SLOT_BITS = 8;

    private enum Mode {
        PLAIN,
        FIXED_BUFFERS,
        SUBMISSION_THREAD
    }

    private final IoUring ring;
    private final int slot;
    private final boolean fixed;
    private final int size;
    private final long blocks;
    private final DmaBuf[] buffers;
    private final SplittableRandom random = new SplittableRandom(1);
    private long ended;

    private UringModes(IoUring ring, int slot, boolean fixed, int size, long blocks, DmaBuf[] buffers) {
        this.ring = ring;
        this.slot = slot;
        this.fixed = fixed;
        this.size = size;
        this.blocks = blocks;
        this.buffers = buffers;
    }

    private void submit(int i) {
        long offset = random.nextLong(blocks) * size;
        if (fixed) {
            ring.prepReadFixed(slot, true, buffers[i].address(), size, offset, i, i);
        } else {
            ring.prepRead(slot, true, buffers[i].address(), size, offset, i);
        }
    }

    @Override
    public void completed(long userData, int result, int flags) {
        if (result != size) {
            throw new IllegalStateException("a read gave " + result);
        }
        ended++;
        submit((int) userData);
    }

    private double iops(double seconds) {
        for (int i = 0; i < buffers.length; i++) {
            submit(i);
        }
        long begin = System.nanoTime();
        long end = begin + (long) (seconds * 1e9);
        long now = begin;
        while (now < end) {
            ring.poll(this);
            now = System.nanoTime();
        }
        return ended * 1e9 / (now - begin);
    }

    private static double measure(Mode mode, FileHandle file, DmaPool pool, int depth, int size, double seconds)
            throws IOException {
        DmaBuf[] buffers = new DmaBuf[depth];
        Arrays.setAll(buffers, _ -> pool.allocate(size));
        IoUring.Config config = IoUring.Config.of(1 << SLOT_BITS);
        if (mode == Mode.SUBMISSION_THREAD) {
            config = config.withSqPoll(-1, 0);
        }
        try (IoUring ring = IoUring.create(config)) {
            if (mode == Mode.FIXED_BUFFERS) {
                ring.registerBuffers(Arrays.stream(buffers).map(DmaBuf::segment).toArray(MemorySegment[]::new));
            }
            int slot = ring.registerFile(file.fd());
            long blocks = file.deviceSize() / size;
            return new UringModes(ring, slot, mode == Mode.FIXED_BUFFERS, size, blocks, buffers).iops(seconds);
        } finally {
            for (DmaBuf buf : buffers) {
                buf.close();
            }
        }
    }

    /** Prints the figures. */
    public static void main(String[] args) throws IOException {
        double seconds = args.length > 1 ? Double.parseDouble(args[1]) : 2;
        int turns = args.length > 2 ? Integer.parseInt(args[2]) : 5;
        try (FileHandle file = FileHandle.open(Path.of(args[0]), FileHandle.Flag.READ_ONLY, FileHandle.Flag.DIRECT);
                DmaPool pool = DmaPool.builder().name("modes").build()) {
            for (int size : SIZES) {
                for (int depth : DEPTHS) {
                    print(size, depth, run(file, pool, depth, size, seconds, turns));
                }
            }
        }
    }

    private static List<List<Double>> run(FileHandle file, DmaPool pool, int depth, int size, double seconds, int turns)
            throws IOException {
        List<List<Double>> figures = new ArrayList<>();
        for (Mode mode : Mode.values()) {
            figures.add(new ArrayList<>());
            measure(mode, file, pool, depth, size, seconds / 2);
        }
        for (int turn = 0; turn < turns; turn++) {
            for (int mode = 0; mode < figures.size(); mode++) {
                figures.get(mode).add(measure(Mode.values()[mode], file, pool, depth, size, seconds));
            }
        }
        return figures;
    }

    private static void print(int size, int depth, List<List<Double>> figures) {
        double plain = median(figures.getFirst());
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%4d KiB, depth %3d", size >> 10, depth));
        for (int mode = 0; mode < figures.size(); mode++) {
            double iops = median(figures.get(mode));
            line.append(String.format(
                    Locale.ROOT,
                    "; %s %.1f K (%.2f)",
                    Mode.values()[mode].name().toLowerCase(Locale.ROOT).replace('_', ' '),
                    iops / 1e3,
                    iops / plain));
        }
        System.out.println(line);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
