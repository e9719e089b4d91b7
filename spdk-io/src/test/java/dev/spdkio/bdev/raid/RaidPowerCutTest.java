// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Power cuts in the middle of writes, on disks with a volatile cache: of what was not flushed any sector may be there or
 * not. What the array says afterwards must be what somebody wrote, whichever base is lost then.
 */
class RaidPowerCutTest {
    private static final int BLOCK = RaidWorld.BLOCK;
    private static final int BASES = 3;
    private static final int DATA = 128;
    private static final int UNIT = 16;
    private static final int SEEDS = Integer.getInteger("spdkio.raid.seeds", 60);

    /** What each unit may hold, sector by sector: what was flushed last, and what was written since. */
    private static final class Model {
        final Map<Long, List<byte[]>> versions = new TreeMap<>();
        private final Map<Long, Integer> acknowledged = new TreeMap<>();
        private int next = 1;

        byte[] write(long block) {
            byte[] data = new byte[UNIT * BLOCK];
            new Random(next++).nextBytes(data);
            versions.computeIfAbsent(block, _ -> new ArrayList<>(List.of(new byte[UNIT * BLOCK])))
                    .add(data);
            return data;
        }

        void flushed() {
            versions.values().forEach(v -> v.subList(0, v.size() - 1).clear());
        }

        void check(byte[] content, String where) {
            versions.forEach((block, candidates) -> {
                for (int i = 0; i < UNIT; i++) {
                    int at = (int) (block + i) * BLOCK;
                    byte[] sector = Arrays.copyOfRange(content, at, at + BLOCK);
                    int in = i * BLOCK;
                    assertThat(candidates.stream().anyMatch(v -> Arrays.equals(v, in, in + BLOCK, sector, 0, BLOCK)))
                            .as("%s: block %d has what somebody wrote", where, block + i)
                            .isTrue();
                }
            });
        }
    }

    /** Writes and flushes, and leaves a few writes on their way. */
    private static void use(RaidWorld w, Random random, Model model) {
        BdevChannel ch = w.channel(random.nextBoolean() ? w.app : w.other);
        int units = (int) (w.bdev().blockCount() / UNIT);
        for (int i = random.nextInt(12); i >= 0; i--) {
            long block = (long) random.nextInt(units) * UNIT;
            w.write(ch, block, model.write(block));
            if (random.nextInt(4) == 0) {
                w.rt.await(ch.flushBlocksAsync(0, w.bdev().blockCount()));
                model.flushed();
            }
        }
        List<Long> free = new ArrayList<>();
        for (int i = 0; i < units; i++) {
            free.add((long) i * UNIT);
        }
        java.util.Collections.shuffle(free, random);
        for (int i = 0; i < 3; i++) {
            send(w, ch, free.get(i), model.write(free.get(i)));
        }
        w.rt.runFor(Duration.ofNanos(random.nextInt(3_000)));
    }

    private static void send(RaidWorld w, BdevChannel ch, long block, byte[] data) {
        DmaBuf buf = w.pool.allocate(data.length);
        buf.copyFrom(data);
        CompletableFuture<Void> write = ch.writeBlocksAsync(buf, block, data.length / BLOCK);
        var _ = write.whenComplete((_, _) -> buf.close());
    }

    private static List<RaidDisk> cut(RaidWorld w, Random random) {
        return w.disks.values().stream().map(d -> d.afterPowerCut(random)).toList();
    }

    private static byte[] readAll(RaidWorld w, SpdkThread thread) {
        byte[] all = w.read(w.channel(thread), 0, (int) w.bdev().blockCount());
        w.closeChannels();
        return all;
    }

    @ParameterizedTest
    @EnumSource(names = {"RAID1", "RAID5F"})
    void whateverIsLostThenIsToldRight(RaidLevel level) {
        int torn = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            Random random = new Random(seed);
            Model model = new Model();
            List<RaidDisk> left;
            try (RaidWorld w = new RaidWorld(seed)) {
                for (int i = 0; i < BASES; i++) {
                    w.disk("D" + i, 2048 + DATA);
                }
                w.create(level, true);
                use(w, random, model);
                left = cut(w, random);
                w.settle();
            }
            torn += matches(level, left) ? 0 : 1;
            try (RaidWorld w = new RaidWorld(seed)) {
                left.forEach(disk -> w.examine(w.disk(disk)));
                w.awaitSynced();
                byte[] truth = readAll(w, w.other);
                model.check(truth, "seed " + seed);
                assertThat(matches(level, left))
                        .as("seed %d: bases match", seed)
                        .isTrue();
                for (int lost = 0; lost < BASES; lost++) {
                    String name = "D" + lost;
                    w.await(() -> w.arrays.removeBase(name));
                    assertThat(readAll(w, w.app))
                            .as("seed %d without %s", seed, name)
                            .isEqualTo(truth);
                    w.await(() -> w.arrays.addBase("R", name));
                    w.awaitSynced();
                }
            }
        }
        assertThat(torn).as("cuts that left bases which do not match").isGreaterThan(SEEDS / 10);
    }

    /** Whether the bases fit each other, looked at from outside. */
    private static boolean matches(RaidLevel level, List<RaidDisk> disks) {
        for (int i = 2048 * BLOCK; i < (2048 + DATA) * BLOCK; i++) {
            int a = disks.get(0).content[i];
            int b = disks.get(1).content[i];
            int c = disks.get(2).content[i];
            if (level == RaidLevel.RAID5F ? (a ^ b ^ c) != 0 : a != b || b != c) {
                return false;
            }
        }
        return true;
    }

    @ParameterizedTest
    @EnumSource(names = {"RAID1", "RAID5F"})
    void anArrayThatHadLostABaseTellsNothingWrong(RaidLevel level) {
        for (int seed = 1; seed <= SEEDS; seed++) {
            Random random = new Random(seed);
            Model model = new Model();
            List<RaidDisk> left;
            try (RaidWorld w = new RaidWorld(seed)) {
                for (int i = 0; i < BASES; i++) {
                    w.disk("D" + i, 2048 + DATA);
                }
                w.create(level, true);
                String lost = "D" + random.nextInt(BASES);
                w.await(() -> w.arrays.removeBase(lost));
                w.unplug(lost);
                use(w, random, model);
                left = cut(w, random);
                w.settle();
            }
            try (RaidWorld w = new RaidWorld(seed)) {
                left.forEach(disk -> w.examine(w.disk(disk)));
                assertThat(w.array().state()).isEqualTo(RaidState.ONLINE);
                w.settle();
                BdevChannel ch = w.channel(w.app);
                byte[] seen = new byte[(int) w.bdev().sizeBytes()];
                int unknown = 0;
                for (long block = 0; block < w.bdev().blockCount(); block++) {
                    try {
                        System.arraycopy(w.read(ch, block, 1), 0, seen, (int) block * BLOCK, BLOCK);
                    } catch (CompletionException eio) {
                        unknown++;
                        List<byte[]> any = model.versions.get(block / UNIT * UNIT);
                        if (any != null) {
                            System.arraycopy(
                                    any.getFirst(), (int) (block % UNIT) * BLOCK, seen, (int) block * BLOCK, BLOCK);
                        }
                    }
                }
                assertThat(unknown).isLessThan((int) w.bdev().blockCount());
                assertThat(level == RaidLevel.RAID1 ? unknown : 0).isZero();
                model.check(seen, "seed " + seed);
                assertThat(Objects.requireNonNull(w.array().sb()).isClean()).isFalse();
            }
        }
    }
}
