// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import com.sun.management.ThreadMXBean;
import dev.spdkio.sys.Affinity;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What one writes without this library: threads that call {@link FileChannel#read}, here on one core. */
final class FileChannelReads implements Runnable {
    private final FileChannel channel;
    private final int core;
    private final long slots;
    private final SplittableRandom random;
    private final AtomicLong reads = new AtomicLong();
    private volatile boolean stopped;
    private volatile @Nullable IOException failure;

    private FileChannelReads(FileChannel channel, int core, int index) throws IOException {
        this.channel = channel;
        this.core = core;
        this.slots = channel.size() / Measuring.IO_SIZE;
        this.random = new SplittableRandom(index);
    }

    static Result measure(Path file, int threadCount, int core, Times times) throws IOException, InterruptedException {
        String remark = "";
        FileChannel opened;
        try {
            opened = FileChannel.open(file, StandardOpenOption.READ, direct());
        } catch (IOException | UnsupportedOperationException e) {
            opened = FileChannel.open(file, StandardOpenOption.READ);
            remark = "through the page cache";
        }
        List<FileChannelReads> readers = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        try (FileChannel channel = opened) {
            for (int i = 0; i < threadCount; i++) {
                FileChannelReads reader = new FileChannelReads(channel, core, i);
                readers.add(reader);
                threads.add(Thread.ofPlatform().daemon().name("reader-" + i).start(reader));
            }
            Thread.sleep(times.warmup());
            List<Sample> samples = new ArrayList<>();
            for (int i = 0; i < times.rounds(); i++) {
                State before = State.of(readers, threads);
                Thread.sleep(times.round());
                State after = State.of(readers, threads);
                if (after.reads > before.reads) {
                    samples.add(after.since(before));
                }
            }
            readers.forEach(reader -> reader.stopped = true);
            for (Thread thread : threads) {
                thread.join();
            }
            for (FileChannelReads reader : readers) {
                if (reader.failure != null) {
                    throw reader.failure;
                }
            }
            return new Result(samples, List.of(), List.of(), remark);
        }
    }

    /** By name, because javac warns of the class on the class path, whatever is said to it. */
    private static OpenOption direct() {
        try {
            Class<?> type = Class.forName("com.sun.nio.file.ExtendedOpenOption");
            return (OpenOption) type.getField("DIRECT").get(null);
        } catch (ReflectiveOperationException e) {
            throw new UnsupportedOperationException("this JDK cannot go past the page cache", e);
        }
    }

    @Override
    public void run() {
        BitSet mask = new BitSet();
        mask.set(core);
        Affinity.set(mask);
        ByteBuffer buffer = ByteBuffer.allocateDirect(2 * Measuring.IO_SIZE)
                .alignedSlice(Measuring.IO_SIZE)
                .limit(Measuring.IO_SIZE);
        try {
            while (!stopped) {
                buffer.rewind();
                int count = channel.read(buffer, random.nextLong(slots) * Measuring.IO_SIZE);
                if (count != Measuring.IO_SIZE) {
                    throw new IOException("a read returned " + count + " of " + Measuring.IO_SIZE + " bytes");
                }
                reads.setOpaque(reads.getPlain() + 1);
            }
        } catch (IOException e) {
            failure = e;
        }
    }

    /** The counters of all threads together. */
    private record State(long nanos, long reads, long cpuNanos, long heapBytes) {
        private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        static State of(List<FileChannelReads> readers, List<Thread> threads) {
            return new State(
                    System.nanoTime(),
                    readers.stream().mapToLong(r -> r.reads.getOpaque()).sum(),
                    sum(THREADS.getThreadCpuTime(ids(threads))),
                    sum(THREADS.getThreadAllocatedBytes(ids(threads))));
        }

        private static long[] ids(List<Thread> threads) {
            return threads.stream().mapToLong(Thread::threadId).toArray();
        }

        private static long sum(long[] values) {
            long sum = 0;
            for (long value : values) {
                sum += value;
            }
            return sum;
        }

        /** The threads take turns, so that being preempted says nothing here. */
        Sample since(State before) {
            double count = reads - before.reads;
            return new Sample(
                    (nanos - before.nanos) / count,
                    (cpuNanos - before.cpuNanos) / count,
                    (heapBytes - before.heapBytes) / count,
                    false);
        }
    }
}
