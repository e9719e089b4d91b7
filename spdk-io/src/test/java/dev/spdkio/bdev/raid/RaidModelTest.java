// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoType;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random I/O from two threads against a model, while bases fail, are pulled out, and are put in again. */
class RaidModelTest {
    private static final int BLOCK = RaidWorld.BLOCK;
    private static final int BASES = 4;
    private static final int DATA = 192;
    private static final int SEEDS = Integer.getInteger("spdkio.raid.seeds", 60);

    private static final class Run {
        final RaidWorld w;
        final Random random;
        final byte[] model;
        final int unit;
        final List<BdevChannel> channels;
        final List<CompletableFuture<Void>> underWay = new ArrayList<>();

        /** Blocks that somebody reads or writes, so that the outcome of what overlaps is no matter of luck. */
        final boolean[] used;

        Run(RaidWorld w, Random random) {
            this.w = w;
            this.random = random;
            this.model = new byte[(int) w.bdev().sizeBytes()];
            this.unit = w.bdev().writeUnitSize();
            this.used = new boolean[model.length / BLOCK];
            this.channels = List.of(w.channel(w.app), w.channel(w.other));
        }

        void write() {
            int units = used.length / unit;
            int count = (1 + random.nextInt(Math.max(1, 24 / unit))) * unit;
            int block = random.nextInt(units) * unit;
            count = Math.min(count, used.length - block);
            if (!take(block, count)) {
                return;
            }
            byte[] data = new byte[count * BLOCK];
            random.nextBytes(data);
            System.arraycopy(data, 0, model, block * BLOCK, data.length);
            DmaBuf buf = w.pool.allocate(data.length);
            buf.copyFrom(data);
            underWay.add(channels.get(random.nextInt(2))
                    .writeBlocksAsync(buf, block, count)
                    .whenComplete((_, _) -> buf.close()));
        }

        void read() {
            int count = 1 + random.nextInt(40);
            int block = random.nextInt(used.length);
            int blocks = Math.min(count, used.length - block);
            if (!take(block, blocks)) {
                return;
            }
            DmaBuf buf = w.pool.allocate((long) blocks * BLOCK);
            underWay.add(channels.get(random.nextInt(2))
                    .readBlocksAsync(buf, block, blocks)
                    .thenRun(() -> {
                        byte[] data = new byte[blocks * BLOCK];
                        buf.copyTo(data);
                        check(block, data);
                    })
                    .whenComplete((_, _) -> buf.close()));
        }

        private void check(int block, byte[] data) {
            int differs = Arrays.mismatch(data, 0, data.length, model, block * BLOCK, block * BLOCK + data.length);
            assertThat(differs).as("first wrong byte from block %d on", block).isEqualTo(-1);
        }

        private boolean take(int block, int count) {
            for (int i = block; i < block + count; i++) {
                if (used[i]) {
                    return false;
                }
            }
            Arrays.fill(used, block, block + count, true);
            return true;
        }

        void finish() {
            underWay.forEach(w.rt::await);
            underWay.clear();
            Arrays.fill(used, false);
        }

        void verify() {
            check(0, w.read(channels.get(random.nextInt(2)), 0, used.length));
        }
    }

    private static RaidDisk disk(RaidWorld w, String name) {
        return Objects.requireNonNull(w.disks.get(name));
    }

    /** A member, if the array can do without one now, or none. One that fails may not have been found out yet. */
    private static String victim(RaidWorld w, Random random, SpdkThread app) {
        return w.on(app, () -> {
            RaidBdev array = w.arrays.list().getFirst();
            boolean whole = array.view().inSync() == BASES
                    && array.slotList().stream().noneMatch(s -> disk(w, Objects.requireNonNull(s.name)).isSick);
            RaidSlot slot = array.slot(random.nextInt(BASES));
            return whole && slot.member != null ? Objects.requireNonNull(slot.name) : "";
        });
    }

    @ParameterizedTest
    @EnumSource
    void whatWasWrittenIsRead(RaidLevel level) {
        int rebuilds = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            Random random = new Random(seed);
            try (RaidWorld w = new RaidWorld(seed)) {
                for (int i = 0; i < BASES; i++) {
                    w.disk("D" + i, 2048 + DATA);
                }
                RaidBdev array = w.create(level, random.nextInt(4) > 0);
                w.awaitSynced();
                Run run = new Run(w, random);
                int spares = 0;
                for (int round = 0; round < 12; round++) {
                    for (int i = random.nextInt(10); i >= 0; i--) {
                        if (random.nextInt(3) == 0) {
                            run.read();
                        } else {
                            run.write();
                        }
                    }
                    w.rt.runFor(Duration.ofNanos(random.nextInt(2_000)));
                    String victim = level.isRedundant() ? victim(w, random, w.app) : "";
                    if (!victim.isEmpty()) {
                        lose(w, random, victim);
                    } else if (level.isRedundant()
                            && w.on(w.app, () -> array.view().inSync()) < BASES) {
                        boolean free = w.on(
                                w.app,
                                () -> !array.sync().isRebuilding()
                                        && array.slotList().stream().anyMatch(RaidSlot::isEmpty));
                        if (free) {
                            String spare = "S" + spares++;
                            w.disk(spare, 2048 + DATA);
                            w.await(() -> w.arrays.addBase("R", spare));
                            rebuilds++;
                        }
                    }
                    if (random.nextInt(3) == 0) {
                        run.finish();
                    }
                }
                run.finish();
                w.awaitSynced();
                run.verify();
                assertThat(w.on(w.app, array::state)).isEqualTo(RaidState.ONLINE);
                String last = level.isRedundant() ? victim(w, random, w.app) : "";
                if (!last.isEmpty()) {
                    w.await(() -> w.arrays.removeBase(last));
                    run.verify();
                }
            } catch (Throwable e) {
                throw new AssertionError("seed " + seed + " of " + level, e);
            }
        }
        assertThat(level.isRedundant() ? rebuilds : SEEDS).isGreaterThan(SEEDS / 2);
    }

    private static void lose(RaidWorld w, Random random, String victim) {
        RaidDisk disk = disk(w, victim);
        disk.isSick = true;
        switch (random.nextInt(4)) {
            case 0 -> disk.fails = io -> io.type() == IoType.WRITE;
            case 1 -> disk.fails = io -> true;
            case 2 -> w.unplug(victim);
            default -> w.await(() -> w.arrays.removeBase(victim));
        }
    }
}
