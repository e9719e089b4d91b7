// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class BdevResetTest {
    private BdevWorld w = new BdevWorld();
    private FakeDevice d = w.device(s -> s);

    @AfterEach
    void close() {
        w.close();
    }

    private void submit(BdevChannel ch, String id) {
        DmaBuf buf = w.buf(1);
        w.run(ch.thread(), () -> ch.submitRead(buf, 0, w.note, id));
    }

    private void reset(BdevChannel ch, String id) {
        w.run(ch.thread(), () -> ch.submitReset(w.note, id));
        w.rt.runUntilIdle();
    }

    private void finishOldest(IoStatus status) {
        BdevIo io = d.held.peek();
        w.run(io.thread(), () -> d.finishOldest(status));
        w.rt.runUntilIdle();
    }

    @Test
    void abortsWhatWaitsOnEveryChannel() {
        d.mode = FakeDevice.Mode.HOLD;
        d.capacity = 1;
        BdevChannel a = w.channel(w.app);
        BdevChannel b = w.channel(w.other);
        submit(a, "a1");
        submit(a, "a2");
        submit(b, "b1");
        submit(b, "b2");
        d.capacity = 10;
        reset(a, "reset");
        assertThat(w.ends).containsExactlyInAnyOrder("a2 aborted", "b2 aborted");
        w.ends.clear();
        finishOldest(IoStatus.ABORTED);
        finishOldest(IoStatus.SUCCESS);
        assertThat(w.ends).containsExactly("a1 aborted", "b1 success");
        finishOldest(IoStatus.SUCCESS);
        assertThat(w.ends).last().isEqualTo("reset success");
    }

    @Test
    void abortsWhatIsSubmittedMeanwhileAndNothingAfter() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel a = w.channel(w.app);
        BdevChannel b = w.channel(w.other);
        reset(a, "reset");
        w.run(w.other, () -> {
            b.submitRead(w.buf(1), 0, w.note, "b");
            assertThat(w.ends).as("inside submit").isEmpty();
        });
        submit(a, "a");
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactlyInAnyOrder("a aborted", "b aborted");
        finishOldest(IoStatus.SUCCESS);
        assertThat(w.ends).last().isEqualTo("reset success");
        submit(b, "later");
        finishOldest(IoStatus.SUCCESS);
        assertThat(w.ends).last().isEqualTo("later success");
    }

    @Test
    void aFailedResetReleasesTheChannelsToo() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel a = w.channel(w.app);
        reset(a, "reset");
        finishOldest(IoStatus.FAILED);
        assertThat(w.ends).containsExactly("reset failed");
        submit(a, "later");
        assertThat(d.held).hasSize(1);
        finishOldest(IoStatus.SUCCESS);
    }

    @Test
    void theResetOfAThreadThatWasForcedOutHoldsUpNobody() {
        d.mode = FakeDevice.Mode.HOLD;
        SpdkThread t = w.rt.createThread("t");
        BdevChannel a = w.channel(w.app);
        BdevChannel b = w.channel(t);
        reset(a, "r1");
        reset(b, "r2");
        reset(a, "r3");
        t.exit();
        w.rt.runFor(w.rt.limits().exitTimeout().plusMillis(1));
        assertThat(t.state()).isEqualTo(SpdkThread.State.EXITED);
        finishOldest(IoStatus.SUCCESS);
        assertThat(w.ends).containsExactly("r1 success");
        finishOldest(IoStatus.SUCCESS);
        assertThat(w.ends).containsExactly("r1 success", "r3 success");
    }

    @Test
    void resetsQueueUp() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel a = w.channel(w.app);
        BdevChannel b = w.channel(w.other);
        reset(a, "r1");
        reset(b, "r2");
        reset(a, "r3");
        assertThat(d.held).hasSize(1);
        finishOldest(IoStatus.SUCCESS);
        assertThat(w.ends).containsExactly("r1 success");
        assertThat(d.held)
                .hasSize(1)
                .first()
                .satisfies(io -> assertThat(io.thread()).isSameAs(w.other));
        finishOldest(IoStatus.SUCCESS);
        finishOldest(IoStatus.SUCCESS);
        assertThat(w.ends).containsExactly("r1 success", "r2 success", "r3 success");
    }

    @Test
    void getsThroughWhenAllIoObjectsAreStuckAtTheDevice() {
        w.close();
        w = new BdevWorld(1, BdevOptions.DEFAULT.withBdevIoPoolSize(2));
        d = w.device(s -> s);
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel a = w.channel(w.app);
        submit(a, "1");
        submit(a, "2");
        submit(a, "waits for an object");
        reset(a, "reset");
        assertThat(w.ends).containsExactly("waits for an object aborted");
        assertThat(d.held).hasSize(3);
        finishOldest(IoStatus.ABORTED);
        finishOldest(IoStatus.ABORTED);
        finishOldest(IoStatus.SUCCESS);
        assertThat(w.ends).last().isEqualTo("reset success");
    }

    @Test
    void aDeviceWithoutRoomForAResetIsAskedAgain() {
        d.capacity = 0;
        BdevChannel a = w.channel(w.app);
        submit(a, "a");
        reset(a, "reset");
        assertThat(w.ends).containsExactly("a aborted");
        d.capacity = 1;
        w.rt.runFor(Duration.ofMillis(30));
        assertThat(w.ends).containsExactly("a aborted", "reset success");
        submit(a, "b");
        w.rt.runUntilIdle();
        assertThat(w.ends).last().isEqualTo("b success");
    }

    @Test
    void closingEverythingDuringAResetIsSafe() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel a = w.channel(w.app);
        BdevChannel b = w.channel(w.other);
        reset(a, "reset");
        a.desc().close();
        b.close();
        b.desc().close();
        var gone = w.bdevs.unregister(a.bdev());
        w.rt.runUntilIdle();
        assertThat(gone).isNotDone();
        assertThat(d.channelsOpen).isEqualTo(1);
        finishOldest(IoStatus.SUCCESS);
        assertThat(w.ends).containsExactly("reset success");
        w.rt.await(gone);
        assertThat(d.channelsOpen).isZero();
        assertThat(d.destructs).isEqualTo(1);
    }

    @Test
    void partsThatWereNotSentAreAborted() {
        w.close();
        w = new BdevWorld();
        d = w.device(s -> s.maxRwBlocks(1));
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel a = w.channel(w.app);
        DmaBuf buf = w.buf(20);
        w.run(w.app, () -> a.submitRead(buf, 0, w.note, "split"));
        reset(a, "reset");
        for (int i = 0; i < 8; i++) {
            finishOldest(IoStatus.SUCCESS);
        }
        assertThat(w.ends).containsExactly("split aborted");
        assertThat(buf.pins()).isZero();
        finishOldest(IoStatus.SUCCESS);
    }

    /** Reads, resets, closing and reopening on two threads in any order: everything ends once, the device is let go. */
    @RepeatedTest(40)
    void anyInterleavingEnds(RepetitionInfo info) {
        long seed = info.getCurrentRepetition() * 15_485_863L;
        Random random = new Random(seed);
        w.close();
        w = new BdevWorld(seed, BdevOptions.DEFAULT.withBdevIoPoolSize(1 + random.nextInt(6)));
        d = w.device(s -> s.maxRwBlocks(2));
        d.mode = FakeDevice.Mode.RANDOM;
        d.random = new Random(seed + 1);
        d.noMemory = 0.2;
        List<BdevChannel> open = new ArrayList<>();
        int submitted = 0;
        for (int step = 0; step < 120; step++) {
            if (open.isEmpty() || random.nextInt(12) == 0) {
                open.add(w.channel(random.nextBoolean() ? w.app : w.other));
            }
            BdevChannel ch = open.get(random.nextInt(open.size()));
            String id = "io" + submitted;
            switch (random.nextInt(8)) {
                case 0 -> {
                    w.run(ch.thread(), () -> ch.submitReset(w.note, id));
                    submitted++;
                }
                case 1 -> {
                    ch.desc().close();
                    open.remove(ch);
                }
                case 2 -> w.rt.runFor(Duration.ofNanos(random.nextInt(100_000)));
                default -> {
                    DmaBuf buf = w.buf(6);
                    w.run(ch.thread(), () -> ch.submitReadBlocks(buf, 0, 1 + random.nextInt(6), w.note, id));
                    submitted++;
                }
            }
        }
        open.forEach(ch -> ch.desc().close());
        var gone = w.bdevs.unregister(w.bdevs.lookup("D"));
        w.rt.runFor(Duration.ofSeconds(60));
        assertThat(w.ends).as("seed %d", seed).hasSize(submitted);
        assertThat(w.ends.stream().map(s -> s.split(" ")[0]).distinct()).hasSize(submitted);
        assertThat(gone).as("seed %d", seed).isDone();
        assertThat(d.channelsOpen).isZero();
        assertThat(d.destructs).isEqualTo(1);
    }
}
