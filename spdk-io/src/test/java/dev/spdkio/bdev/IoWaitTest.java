// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.memory.DmaBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** What happens when I/O objects or the device's room run out: requests wait, in order, and nobody notices. */
class IoWaitTest {
    private BdevWorld w;
    private FakeDevice d;

    private void world(int poolSize, int waitLimit) {
        w = new BdevWorld(1, BdevOptions.DEFAULT.withBdevIoPoolSize(poolSize).withIoWaitLimit(waitLimit));
        d = w.device(s -> s);
    }

    @AfterEach
    void close() {
        w.close();
    }

    private void submit(BdevChannel ch, int first, int last) {
        w.run(w.app, () -> {
            for (int i = first; i <= last; i++) {
                ch.submitReadBlocks(w.buf(1), i, 1, w.note, i);
            }
        });
    }

    private List<Long> blocksSeen() {
        return d.seen.stream().map(FakeDevice.Seen::block).toList();
    }

    @Test
    void withoutAnIoObjectRequestsWaitInOrder() {
        world(2, 100);
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel ch = w.channel(w.app);
        submit(ch, 0, 5);
        assertThat(blocksSeen()).containsExactly(0L, 1L);
        for (int done = 1; done <= 4; done++) {
            w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
            assertThat(blocksSeen()).hasSize(2 + done);
        }
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(blocksSeen()).containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
        assertThat(w.ends)
                .containsExactly("0 success", "1 success", "2 success", "3 success", "4 success", "5 success");
    }

    @Test
    void slotsAreBelowThePoolSizeAndUniqueInFlight() {
        world(4, 100);
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel ch = w.channel(w.app);
        submit(ch, 0, 9);
        while (!d.held.isEmpty()) {
            assertThat(d.held.stream().map(BdevIo::slot).distinct()).hasSize(d.held.size());
            assertThat(d.held).allMatch(io -> io.slot() >= 0 && io.slot() < 4);
            w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        }
        assertThat(w.ends).hasSize(10);
    }

    @Test
    void waitingRequestsHoldTheirBuffers() {
        world(1, 100);
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        submit(ch, 0, 0);
        w.run(w.app, () -> ch.submitRead(buf, 0, w.note, "b"));
        assertThat(buf.pins()).isEqualTo(1);
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(buf.pins()).isEqualTo(1);
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(buf.pins()).isZero();
    }

    @Test
    void theWaitIsBounded() {
        world(2, 3);
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel ch = w.channel(w.app);
        submit(ch, 0, 4);
        DmaBuf buf = w.buf(1);
        w.run(
                w.app,
                () -> assertThatThrownBy(() -> ch.submitRead(buf, 0, w.note, null))
                        .isInstanceOfSatisfying(
                                LimitExceededException.class,
                                e -> assertThat(e.limit()).isEqualTo("ioWaitLimit"))
                        .hasMessageContainingAll("SpdkThread app", "2 I/Os at devices", "3 waiting", "bdevIoPoolSize"));
        assertThat(buf.pins()).isZero();
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        submit(ch, 9, 9);
        while (!d.held.isEmpty()) {
            w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        }
        assertThat(w.ends).hasSize(6).last().isEqualTo("9 success");
    }

    @Test
    void aFullDeviceIsAskedAgainWhenHalfOfItsWorkIsDone() {
        world(100, 100);
        d.mode = FakeDevice.Mode.HOLD;
        d.capacity = 6;
        BdevChannel ch = w.channel(w.app);
        submit(ch, 0, 9);
        assertThat(d.held).hasSize(6);
        // 6 outstanding when it said no: not before max(6/2, 6-8) = 3 are left is it asked again.
        for (int left = 5; left > 3; left--) {
            w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
            assertThat(d.seen).hasSize(6);
        }
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(blocksSeen()).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
        while (!d.held.isEmpty()) {
            w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        }
        assertThat(blocksSeen()).endsWith(8L, 9L);
        assertThat(w.ends).hasSize(10).allMatch(s -> s.endsWith("success"));
    }

    @Test
    void aFullBusyDeviceIsAskedAgainAfterEight() {
        world(100, 100);
        d.mode = FakeDevice.Mode.HOLD;
        d.capacity = 32;
        BdevChannel ch = w.channel(w.app);
        submit(ch, 0, 32);
        for (int done = 1; done <= 7; done++) {
            w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        }
        assertThat(d.seen).hasSize(32);
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(d.seen).hasSize(33);
    }

    @Test
    void newRequestsQueueBehindThoseThatWait() {
        world(100, 100);
        d.mode = FakeDevice.Mode.HOLD;
        d.capacity = 1;
        BdevChannel ch = w.channel(w.app);
        submit(ch, 0, 1);
        d.capacity = 10;
        submit(ch, 2, 2);
        assertThat(blocksSeen()).containsExactly(0L);
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(blocksSeen()).containsExactly(0L, 1L, 2L);
    }

    @Test
    void aDeviceWithoutRoomAndWithoutWorkIsAskedAgainByTheClock() {
        world(100, 100);
        d.capacity = 0;
        BdevChannel ch = w.channel(w.app);
        submit(ch, 0, 1);
        w.rt.runFor(Duration.ofMillis(25));
        assertThat(w.ends).isEmpty();
        d.capacity = 1;
        w.rt.runFor(Duration.ofMillis(11));
        assertThat(w.ends).containsExactly("0 success", "1 success");
        assertThat(w.on(w.app, () -> w.app.pollerList())).isEmpty();
    }

    /** Everything submitted ends, once, whatever runs out; each thread's requests reach an obedient device in order. */
    @RepeatedTest(30)
    void anyMixtureEndsEverything(RepetitionInfo info) {
        long seed = info.getCurrentRepetition() * 7919L;
        Random random = new Random(seed);
        w = new BdevWorld(
                seed,
                BdevOptions.DEFAULT
                        .withBdevIoPoolSize(1 + random.nextInt(8))
                        .withBdevIoCacheSize(1 + random.nextInt(3)));
        d = w.device(s -> s);
        d.mode = FakeDevice.Mode.RANDOM;
        d.random = random;
        d.noMemory = random.nextDouble() * 0.7;
        d.failure = 0.1;
        List<BdevChannel> channels = new ArrayList<>(List.of(w.channel(w.app), w.channel(w.other), w.channel(w.app)));
        int count = 200;
        for (int i = 0; i < count; i++) {
            int id = i;
            BdevChannel ch = channels.get(random.nextInt(channels.size()));
            DmaBuf buf = w.buf(1);
            w.run(
                    ch.thread(),
                    () -> ch.submitReadBlocks(
                            buf,
                            id % 128,
                            1,
                            (status, data) -> {
                                assertThat(ch.thread().isCurrent()).isTrue();
                                buf.close();
                                w.note.completed(status, data);
                            },
                            id));
        }
        w.rt.runFor(Duration.ofSeconds(60));
        assertThat(w.ends).as("seed %d", seed).hasSize(count);
        assertThat(w.ends.stream().map(s -> s.split(" ")[0]).distinct())
                .as("seed %d", seed)
                .hasSize(count);
        for (BdevChannel ch : channels) {
            assertThat(w.on(ch.thread(), ch::inFlight)).isZero();
        }
    }
}
