// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.memory.DmaBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two things at once: removal, resets, aborts and locks while requests wait for objects, room or memory. */
class BdevInterplayTest {
    private BdevWorld w;
    private FakeDevice d;

    private void world(BdevOptions options, java.util.function.UnaryOperator<BdevSpec.Builder> spec) {
        w = new BdevWorld(1, options, 4 << 20);
        d = new FakeDevice(512, 128);
        d.types.add(IoType.ABORT);
        w.register(d, spec);
        d.mode = FakeDevice.Mode.HOLD;
    }

    @AfterEach
    void close() {
        w.close();
    }

    private void read(BdevChannel ch, long block, long count, Object id) {
        DmaBuf buf = w.buf((int) count);
        w.run(ch.thread(), () -> ch.submitReadBlocks(buf, block, count, w.note, id));
    }

    private void finish(int count) {
        for (int i = 0; i < count; i++) {
            w.run(d.held.peek().thread(), () -> d.finishOldest(IoStatus.SUCCESS));
        }
    }

    @Test
    void aRequestInPartsWaitsForObjects() {
        world(BdevOptions.DEFAULT.withBdevIoPoolSize(2), spec -> spec.maxRwBlocks(1));
        BdevChannel ch = w.channel(w.app);
        read(ch, 0, 5, "split");
        read(ch, 9, 1, "next");
        for (int i = 0; i < 6; i++) {
            assertThat(d.held).hasSizeBetween(1, 2);
            finish(1);
        }
        assertThat(w.ends).containsExactlyInAnyOrder("split success", "next success");
        assertThat(d.seen.stream().map(FakeDevice.Seen::block)).containsExactlyInAnyOrder(0L, 1L, 2L, 3L, 4L, 9L);
    }

    @Test
    void aLockWaitsForAllPartsOfARequest() {
        world(BdevOptions.DEFAULT, spec -> spec.maxRwBlocks(1));
        BdevChannel ch = w.channel(w.other);
        DmaBuf buf = w.buf(12, 7);
        w.run(w.other, () -> ch.submitWriteBlocks(buf, 0, 12, w.note, "write"));
        BdevChannel holder = w.channel(w.app);
        CompletableFuture<RangeLock> lock = holder.lockRangeAsync(0, 4);
        w.rt.runFor(Duration.ofMillis(1));
        assertThat(lock).isNotDone();
        finish(4);
        w.rt.runFor(Duration.ofMillis(1));
        assertThat(lock).isDone();
        lock.join().close();
        w.rt.runFor(Duration.ofMillis(1));
        finish(d.held.size());
        assertThat(w.ends).containsExactly("write success");
    }

    @Test
    void anAbortEndsWhatWaitsForBounceMemory() {
        world(BdevOptions.DEFAULT, spec -> spec.requiredAlignment(4096));
        BdevChannel ch = w.channel(w.app);
        DmaBuf whole = w.buf(9);
        DmaBuf misaligned = whole.slice(512, 512);
        List<DmaBuf> all = new ArrayList<>();
        for (DmaBuf b = w.pool.tryAllocate(4096); b != null; b = w.pool.tryAllocate(4096)) {
            all.add(b);
        }
        w.run(w.app, () -> ch.submitRead(misaligned, 0, w.note, "read"));
        w.rt.runFor(Duration.ofMillis(5));
        assertThat(d.held).isEmpty();
        w.run(w.app, () -> ch.submitAbort("read", w.note, "abort"));
        w.rt.runFor(Duration.ofMillis(1));
        assertThat(w.ends).containsExactlyInAnyOrder("read aborted", "abort success");
        assertThat(misaligned.pins()).isZero();
        all.forEach(DmaBuf::close);
    }

    @Test
    void twoAbortsAtOnceEndWhatWaitsForBounceMemoryOnce() {
        world(BdevOptions.DEFAULT, spec -> spec.requiredAlignment(4096));
        BdevChannel ch = w.channel(w.app);
        DmaBuf whole = w.buf(9);
        DmaBuf misaligned = whole.slice(512, 512);
        List<DmaBuf> all = new ArrayList<>();
        for (DmaBuf b = w.pool.tryAllocate(4096); b != null; b = w.pool.tryAllocate(4096)) {
            all.add(b);
        }
        w.run(w.app, () -> {
            ch.submitRead(misaligned, 0, w.note, "stays");
            ch.submitRead(misaligned, 0, w.note, "read");
            ch.submitAbort("read", w.note, "abort 1");
            ch.submitAbort("read", w.note, "abort 2");
        });
        w.rt.runFor(Duration.ofMillis(1));
        assertThat(w.ends).containsExactlyInAnyOrder("read aborted", "abort 1 success", "abort 2 success");
        assertThat(misaligned.pins()).isEqualTo(1);
        w.run(w.app, () -> ch.submitAbort("stays", w.note, "abort 3"));
        w.rt.runFor(Duration.ofMillis(1));
        assertThat(w.ends).contains("stays aborted", "abort 3 success");
        assertThat(w.on(w.app, ch::inFlight)).isZero();
        all.forEach(DmaBuf::close);
    }

    @Test
    void oneDeviceWithoutRoomDoesNotHoldUpAnother() throws Exception {
        world(BdevOptions.DEFAULT, spec -> spec);
        d.capacity = 0;
        FakeDevice free = new FakeDevice(512, 8);
        w.bdevs.register(BdevSpec.builder("free", 512, 8).build(), free);
        BdevChannel full = w.channel(w.app);
        read(full, 0, 1, "full");
        w.run(w.app, () -> {
            BdevDesc desc = w.bdevs.open("free", OpenMode.READ_ONLY, BdevEventListener.NONE);
            desc.openChannel().submitReadBlocks(w.buf(1), 0, 1, w.note, "free");
            desc.close();
        });
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("free success");
        d.capacity = 1;
        w.rt.runFor(Duration.ofMillis(20));
        finish(1);
        assertThat(w.ends).containsExactly("free success", "full success");
    }

    @Test
    void removalEndsWhatADeviceHadNoRoomForAndLeavesOthersAlone() throws Exception {
        world(BdevOptions.DEFAULT, spec -> spec);
        d.capacity = 0;
        FakeDevice other = new FakeDevice(512, 8);
        other.capacity = 0;
        Bdev stays = w.bdevs.register(BdevSpec.builder("stays", 512, 8).build(), other);
        BdevDesc desc = w.open(w.app, OpenMode.READ_ONLY);
        BdevChannel ch = w.on(w.app, desc::openChannel);
        read(ch, 0, 1, "a");
        read(ch, 1, 1, "b");
        w.run(w.app, () -> {
            BdevDesc o = w.bdevs.open("stays", OpenMode.READ_ONLY, BdevEventListener.NONE);
            o.openChannel().submitReadBlocks(w.buf(1), 0, 1, w.note, "stays");
            o.close();
        });
        CompletableFuture<Void> gone = w.bdevs.unregister("D");
        w.rt.runFor(Duration.ofMillis(1));
        assertThat(w.ends).containsExactly("a aborted", "b aborted");
        desc.close();
        w.rt.await(gone);
        assertThat(stays.isRegistered()).isTrue();
        other.capacity = 1;
        w.rt.runFor(Duration.ofMillis(20));
        assertThat(w.ends).containsExactly("a aborted", "b aborted", "stays success");
    }

    @Test
    void anAbortFindsWhatIsBeingTriedAgain() throws Exception {
        world(BdevOptions.DEFAULT, spec -> spec);
        d.capacity = 1;
        BdevChannel ch = w.channel(w.app);
        read(ch, 0, 1, "a");
        read(ch, 1, 1, "b");
        read(ch, 2, 1, "c");
        w.run(w.app, () -> ch.submitAbort("b", w.note, "abort"));
        finish(1);
        w.rt.runUntilIdle();
        finish(1);
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactlyInAnyOrder("b aborted", "abort success", "a success", "c success");
        assertThat(d.seen.stream().map(FakeDevice.Seen::block)).containsExactly(0L, 2L);
    }

    @Test
    void aDeviceMayBeRemovedDuringAReset() throws Exception {
        world(BdevOptions.DEFAULT, spec -> spec);
        BdevDesc desc = w.open(w.app, OpenMode.READ_WRITE);
        BdevChannel ch = w.on(w.app, desc::openChannel);
        BdevChannel far = w.channel(w.other);
        w.run(w.app, () -> ch.submitReset(w.note, "reset"));
        w.rt.runUntilIdle();
        CompletableFuture<Void> gone = w.bdevs.unregister("D");
        w.rt.runUntilIdle();
        desc.close();
        far.desc().close();
        w.rt.runUntilIdle();
        assertThat(gone).isNotDone();
        assertThat(w.ends).isEmpty();
        finish(1);
        w.rt.await(gone);
        assertThat(w.ends).containsExactly("reset success");
    }

    @Test
    void theNamesOfADeviceGoWithIt() throws Exception {
        world(BdevOptions.DEFAULT, spec -> spec.alias("first"));
        Bdev bdev = w.bdevs.lookup("first");
        w.bdevs.addAlias(bdev, "second");
        String uuid = bdev.uuid().toString();
        w.rt.await(w.bdevs.unregister("second"));
        for (String name : List.of("D", "first", "second", uuid)) {
            assertThat(w.bdevs.lookup(name)).as(name).isNull();
        }
    }
}
