// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.IoType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Divides the devices among the cores: a job for each device on each core, on its own part of the device. */
final class Plan {
    /** How often a verify can go over its part within one second of the clock. */
    private static final int PASS_BITS = 20;

    /** Reading the clock would be a good part of the time of an I/O of these. */
    private static final Set<String> IN_MEMORY = Set.of("Null disk", "Malloc disk");

    private Plan() {}

    static List<JobSpec> of(PerfOptions options, BdevManager bdevs) {
        List<Bdev> chosen = new ArrayList<>();
        for (String name : options.bdevs()) {
            Bdev bdev = bdevs.lookup(name);
            if (bdev == null) {
                throw new UnfitException("there is no bdev " + name + " for -b: " + names(bdevs));
            }
            chosen.add(bdev);
        }
        if (chosen.isEmpty()) {
            chosen = bdevs.bdevs().stream()
                    .filter(bdev -> bdev.claims().isEmpty())
                    .toList();
        }
        if (chosen.isEmpty()) {
            throw new UnfitException("there is no bdev: the configuration makes none");
        }
        List<JobSpec> jobs = new ArrayList<>();
        for (Bdev bdev : chosen) {
            check(options, bdev);
            jobs.addAll(divide(options, bdev.name(), bdev.blockSize(), bdev.blockCount(), !isInMemory(bdev)));
        }
        return jobs;
    }

    private static boolean isInMemory(Bdev bdev) {
        return IN_MEMORY.contains(bdev.productName())
                || (!bdev.bases().isEmpty() && bdev.bases().stream().allMatch(Plan::isInMemory));
    }

    private static String names(BdevManager bdevs) {
        List<String> names = bdevs.bdevs().stream().map(Bdev::name).toList();
        return names.isEmpty() ? "the configuration makes none" : "there are " + String.join(", ", names);
    }

    private static void check(PerfOptions options, Bdev bdev) {
        if (options.ioSize() % bdev.blockSize() != 0) {
            throw new UnfitException("-o " + options.ioSize() + " is not a multiple of the block size of bdev "
                    + bdev.name() + ", " + bdev.blockSize());
        }
        IoType type = switch (options.workload()) {
            case READ, RANDREAD -> IoType.READ;
            case WRITE, RANDWRITE, RW, RANDRW, VERIFY -> IoType.WRITE;
            case WRITE_ZEROES -> IoType.WRITE_ZEROES;
            case UNMAP -> IoType.UNMAP;
            case FLUSH -> IoType.FLUSH;
            case RESET -> IoType.RESET;
        };
        if (!bdev.supports(type)) {
            throw new UnfitException("-w " + options.workload() + " is nothing that bdev " + bdev.name()
                    + " can do: it has "
                    + bdev.supportedTypes().stream().map(IoType::jsonName).toList());
        }
    }

    /** Equal parts of whole I/Os; what is left over at the end of the device is not used. */
    static List<JobSpec> divide(PerfOptions options, String bdev, int blockSize, long blockCount, boolean exactClock) {
        int blocksPerIo = options.ioSize() / blockSize;
        int parts = options.cores().count();
        long slots = blockCount / blocksPerIo / parts;
        boolean taken = options.workload().verifies() || options.style() == IoStyle.TASK;
        long needed = taken ? options.queueDepth() : 1;
        if (slots < needed) {
            throw new UnfitException("bdev " + bdev + " is too small: a part for each of " + parts
                    + " cores holds " + slots + " I/Os of " + options.ioSize() + " bytes, and " + needed
                    + " are needed; lower -q, -o or the number of cores");
        }
        List<JobSpec> jobs = new ArrayList<>();
        // What an earlier run has left must not pass for what this one writes.
        long generation = Instant.now().getEpochSecond() << PASS_BITS;
        int part = 0;
        for (int core : options.cores().stream().toArray()) {
            jobs.add(new JobSpec(
                    bdev,
                    core,
                    blockSize,
                    part * slots * blocksPerIo,
                    slots,
                    blocksPerIo,
                    options.queueDepth(),
                    options.workload(),
                    options.readPercent(),
                    generation,
                    options.style(),
                    exactClock,
                    options.continueOnError()));
            part++;
        }
        return jobs;
    }
}
