// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.lvol.Lvol;
import dev.spdkio.bdev.lvol.LvolBdevModule;
import dev.spdkio.bdev.lvol.LvolOptions;
import dev.spdkio.bdev.lvol.LvolStore;
import dev.spdkio.bdev.lvol.LvolStoreOptions;
import dev.spdkio.bdev.lvol.LvolStores;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/** Stores of logical volumes in a simulated world: {@code Base0} has 8 MiB, clusters have 64 KiB. */
abstract class LvolTest extends VirtualBdevTest {
    static final int CLUSTER = 64 << 10;

    private final LvolBdevModule module = new LvolBdevModule();

    @Override
    BdevModule module() {
        return module;
    }

    final BdevManager bdevs() {
        return bed.bdevs();
    }

    final LvolStores stores() {
        return on(() -> LvolStores.of(bdevs()));
    }

    /** Begins something on the app thread. */
    final <T> CompletableFuture<T> begin(Callable<CompletableFuture<T>> operation) {
        return world.on(bed.app(), operation);
    }

    /** Does something on the app thread. */
    final <T> T does(Callable<CompletableFuture<T>> operation) {
        return world.await(begin(operation));
    }

    /** The same in one call, also from inside another. */
    final <T> T on(Callable<T> body) {
        if (!bed.app().isCurrent()) {
            return world.on(bed.app(), body);
        }
        try {
            return body.call();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    static LvolStoreOptions options(String bdev, String name) {
        return new LvolStoreOptions(bdev, name).withClusterSize(CLUSTER);
    }

    final LvolStore store() {
        return store("Base0", "lvs");
    }

    final LvolStore store(String bdev, String name) {
        LvolStores stores = stores();
        return does(() -> stores.create(options(bdev, name)));
    }

    final Lvol thick(LvolStore store, String name, int clusters) {
        return does(() -> store.create(new LvolOptions(name, (long) clusters * CLUSTER)));
    }

    final Lvol thin(LvolStore store, String name, int clusters) {
        return does(() -> store.create(LvolOptions.thin(name, (long) clusters * CLUSTER)));
    }

    final Lvol find(LvolStore store, String name) {
        return on(() -> store.find(name).orElseThrow());
    }

    final Bdev malloc(String name, int clusters) {
        return on(() -> MallocBdev.create(
                bdevs(), new MallocBdevOptions(name, 512, (long) clusters * CLUSTER / 512).withPrefault(false)));
    }

    /** Unloads it, and loads what is on its device. */
    final LvolStore reload(LvolStore store) {
        String bdev = store.bdev().name();
        does(store::unload);
        LvolStores stores = stores();
        return does(() -> stores.load(bdev));
    }

    /** One I/O on the app thread, with its own descriptor. */
    final IoStatus io(String bdev, OpenMode mode, IoOn body) {
        BdevDesc desc = on(() -> bdevs().open(bdev, mode, BdevEventListener.NONE));
        BdevChannel channel = on(desc::openChannel);
        try {
            return bed.io(channel, (c, u) -> body.submit(channel, c, u));
        } finally {
            desc.close();
            world.await(desc.closed());
        }
    }

    /** Submits something to a channel. */
    interface IoOn {
        void submit(BdevChannel channel, dev.spdkio.bdev.IoCompletion completion, Object userData);
    }

    /** Fills a cluster with one value. */
    final void fill(String bdev, int cluster, int value) {
        var out = bed.buf(CLUSTER, value);
        assertGood(io(bdev, OpenMode.READ_WRITE, (ch, c, u) -> ch.submitWrite(out, (long) cluster * CLUSTER, c, u)));
        bed.close(out);
    }

    /** The value that a cluster is filled with; -1 if there are several. */
    final int filled(String bdev, int cluster) {
        var in = bed.buf(CLUSTER, 0xEE);
        assertGood(io(bdev, OpenMode.READ_ONLY, (ch, c, u) -> ch.submitRead(in, (long) cluster * CLUSTER, c, u)));
        byte[] bytes = BdevBed.bytes(in);
        bed.close(in);
        for (byte b : bytes) {
            if (b != bytes[0]) {
                return -1;
            }
        }
        return bytes[0] & 0xFF;
    }

    private static void assertGood(IoStatus status) {
        org.assertj.core.api.Assertions.assertThat(status).isSameAs(IoStatus.SUCCESS);
    }
}
