// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.bdev.raid.RaidArrays;
import dev.spdkio.bdev.raid.RaidBdev;
import dev.spdkio.bdev.raid.RaidBdevOptions;
import dev.spdkio.bdev.raid.RaidLevel;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Nested;

/** The contract of a bdev on each level of raid, and on those that can do without a base without one. */
class RaidBdevContractTest {
    abstract static class Level extends BdevContractInWorlds {
        private static final int BLOCK = 512;

        private final RaidLevel level;
        private final int bases;
        private final int missing;

        /** An array on {@code bases} of which {@code missing} are taken away again. */
        Level(RaidLevel level, int bases, int missing) {
            this.level = level;
            this.bases = bases;
            this.missing = missing;
        }

        @Override
        protected Bdev create(BdevManager bdevs) throws SpdkException {
            // raid1 keeps all of it on each base, concat the larger part on the first one
            long blocks = 2 * MIN_BYTES / BLOCK;
            List<String> names = new ArrayList<>();
            for (int i = 0; i < bases; i++) {
                names.add(
                        MallocBdev.create(bdevs, new MallocBdevOptions("Malloc" + i, BLOCK, blocks).withPrefault(false))
                                .name());
            }
            RaidArrays arrays = new RaidArrays(bdevs);
            int stripKb = level == RaidLevel.RAID1 ? 0 : level == RaidLevel.RAID5F ? 2 : 4;
            RaidBdevOptions options = new RaidBdevOptions("Raid0", level, stripKb, names).withSuperblock(true);
            SpdkThread app = bdevs.appThread();
            RaidBdev array = world().await(world().on(app, () -> arrays.create(options)));
            for (int i = 0; i < missing; i++) {
                String name = names.get(i);
                world().await(world().on(app, () -> arrays.removeBase(name)));
            }
            Bdev bdev = Objects.requireNonNull(world().on(app, array::bdev));
            return level == RaidLevel.RAID5F
                    ? world().on(app, () -> WriteUnitDevice.create(bdevs, "Units0", "Raid0"))
                    : bdev;
        }
    }

    @Nested
    class OfRaid0 extends Level {
        OfRaid0() {
            super(RaidLevel.RAID0, 3, 0);
        }
    }

    @Nested
    class OfConcat extends Level {
        OfConcat() {
            super(RaidLevel.CONCAT, 2, 0);
        }
    }

    @Nested
    class OfRaid1 extends Level {
        OfRaid1() {
            super(RaidLevel.RAID1, 2, 0);
        }
    }

    @Nested
    class OfRaid1WithoutABase extends Level {
        OfRaid1WithoutABase() {
            super(RaidLevel.RAID1, 2, 1);
        }
    }

    @Nested
    class OfRaid5f extends Level {
        OfRaid5f() {
            super(RaidLevel.RAID5F, 3, 0);
        }
    }

    @Nested
    class OfRaid5fWithoutABase extends Level {
        OfRaid5fWithoutABase() {
            super(RaidLevel.RAID5F, 3, 1);
        }
    }
}
