// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.lvol.Lvol;
import dev.spdkio.bdev.lvol.LvolOptions;
import dev.spdkio.bdev.lvol.LvolStore;
import dev.spdkio.bdev.lvol.LvolStoreOptions;
import dev.spdkio.bdev.lvol.LvolStores;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Nested;

/** Logical volumes keep what every block device promises. */
class LvolBdevContractTest {
    private static final int CLUSTER = 64 << 10;

    abstract static class Contract extends BdevContractInWorlds {
        private BdevManager manager;

        /** Makes the volume under test. */
        abstract CompletableFuture<Lvol> make(LvolStore store);

        int blockSize() {
            return 512;
        }

        @Override
        protected Bdev create(BdevManager bdevs) throws Exception {
            manager = bdevs;
            Bdev base = Stacked.base(bdevs, blockSize(), (16 << 20) / blockSize());
            LvolStores stores = new LvolStores(bdevs);
            LvolStore store =
                    does(() -> stores.create(new LvolStoreOptions(base.name(), "lvs").withClusterSize(CLUSTER)));
            Lvol lvol = does(() -> make(store));
            return world().on(bdevs.appThread(), () -> lvol.bdev().orElseThrow());
        }

        final <T> T does(Callable<CompletableFuture<T>> operation) {
            return world().await(world().on(manager.appThread(), operation));
        }
    }

    @Nested
    class Thick extends Contract {
        @Override
        CompletableFuture<Lvol> make(LvolStore store) {
            return store.create(new LvolOptions("lvol", MIN_BYTES));
        }
    }

    @Nested
    class Thin4096 extends Contract {
        @Override
        int blockSize() {
            return 4096;
        }

        @Override
        CompletableFuture<Lvol> make(LvolStore store) {
            return store.create(LvolOptions.thin("lvol", MIN_BYTES));
        }
    }

    /** Its own clusters and those of a snapshot, of which the volume is the only clone. */
    @Nested
    class SnapshotClone extends Contract {
        @Override
        public boolean unmapsToZeroes() {
            return false; // what is below may be seen again
        }

        @Override
        CompletableFuture<Lvol> make(LvolStore store) {
            return store.create(LvolOptions.thin("lvol", MIN_BYTES))
                    .thenCompose(lvol -> lvol.snapshot("snap"))
                    .thenCompose(snap -> snap.createClone("clone"));
        }
    }

    /** As its device goes, with the store. */
    @Nested
    class RemovedFromBelow extends Contract {
        @Override
        CompletableFuture<Lvol> make(LvolStore store) {
            return store.create(LvolOptions.thin("lvol", MIN_BYTES));
        }

        @Override
        protected CompletableFuture<Void> remove(Bdev bdev) {
            return Stacked.removeFromBelow(bdev);
        }
    }
}
