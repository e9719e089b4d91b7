// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.delay.DelayBdev;
import dev.spdkio.bdev.delay.DelayBdevModule;
import dev.spdkio.bdev.delay.DelayBdevOptions;
import dev.spdkio.bdev.delay.DelayLatencies;
import dev.spdkio.bdev.delay.LatencyType;
import dev.spdkio.bdev.passthru.PassthruBdev;
import dev.spdkio.bdev.passthru.PassthruBdevOptions;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DelayBdevTest extends VirtualBdevTest {
    private static final Map<String, Object> CREATE = Map.of(
            "name", "Delay0",
            "base_bdev_name", "Base0",
            "avg_read_latency", 100,
            "p99_read_latency", 100,
            "avg_write_latency", 300,
            "p99_write_latency", 300);

    @Override
    BdevModule module() {
        return new DelayBdevModule();
    }

    private Bdev delay(long avgRead, long p99Read, long avgWrite, long p99Write) {
        DelayLatencies latencies = new DelayLatencies(avgRead, p99Read, avgWrite, p99Write);
        return make(() -> DelayBdev.create(bed.bdevs(), new DelayBdevOptions("Delay0", "Base0", latencies)));
    }

    private IoEnds begin(BdevChannel ch, boolean writes) {
        DmaBuf buf = bed.buf(512, 1);
        return bed.begin(
                ch,
                e -> e.submit((c, u) -> {
                    if (writes) {
                        ch.submitWrite(buf, 0, c, u);
                    } else {
                        ch.submitRead(buf, 0, c, u);
                    }
                }));
    }

    @Test
    @DisplayName("a read takes the latency of reads longer, a write that of writes, a flush none")
    void delays() {
        delay(100, 100, 300, 300);
        BdevChannel ch = bed.channel(bed.app());
        IoEnds read = begin(ch, false);
        IoEnds write = begin(ch, true);
        IoEnds flush = bed.begin(ch, e -> e.submit((c, u) -> ch.submitFlush(0, 512, c, u)));
        elapse(Duration.ofNanos(95_000));
        assertThat(flush.done()).isDone();
        assertThat(read.done()).isNotDone();
        elapse(Duration.ofNanos(10_000));
        assertThat(read.done()).isDone();
        elapse(Duration.ofNanos(185_000));
        assertThat(write.done()).isNotDone();
        elapse(Duration.ofNanos(20_000));
        assertThat(bed.finish(write)).containsExactly(IoStatus.SUCCESS);
    }

    @Test
    @DisplayName("one I/O of a hundred takes the p99 latency")
    void drawsTheFew() {
        delay(0, 1_000_000, 0, 0);
        BdevChannel ch = bed.channel(bed.app());
        DmaBuf buf = bed.buf(512);
        int[] late = {0};
        IoEnds ends = bed.begin(
                ch,
                e -> e.load(8, 10_000, (_, _, c, u) -> {
                    long begun = bed.app().now();
                    ch.submitRead(
                            buf,
                            0,
                            (status, data) -> {
                                late[0] += bed.app().now() - begun > 500_000_000 ? 1 : 0;
                                c.completed(status, data);
                            },
                            u);
                }));
        world.awaitUntil("all reads", () -> ends.done().isDone());
        assertThat(bed.finish(ends)).hasSize(10_000).allMatch(IoStatus::isSuccess);
        assertThat(late[0]).isBetween(60, 140);
    }

    @Test
    @DisplayName(
            "a latency that is changed is that of what has not been done yet; what follows waits for what was begun")
    void changesWhileInUse() {
        Bdev bdev = delay(1000, 1000, 0, 0);
        BdevChannel ch = bed.channel(bed.app());
        IoEnds slow = begin(ch, false);
        elapse(Duration.ofNanos(100_000));
        DelayBdev.setLatencies(bdev, new DelayLatencies(10, 10, 0, 0));
        IoEnds behind = begin(ch, false);
        elapse(Duration.ofNanos(500_000));
        assertThat(behind.done()).as("waits behind the slow one").isNotDone();
        elapse(Duration.ofNanos(500_000));
        assertThat(slow.done()).isDone();
        assertThat(behind.done()).isDone();
        IoEnds fast = begin(ch, false);
        elapse(Duration.ofNanos(30_000));
        assertThat(fast.done()).isDone();
        DelayBdev.setLatencies(bdev, DelayLatencies.NONE);
        assertThat(bed.finish(begin(ch, false))).containsExactly(IoStatus.SUCCESS);
    }

    @Test
    @DisplayName("an abort ends the one that waits, a reset all on all threads")
    void abortsAndResets() {
        delay(60_000_000, 60_000_000, 60_000_000, 60_000_000);
        BdevChannel here = bed.channel(bed.app());
        BdevChannel there = bed.channel(bed.other());
        DmaBuf buf = bed.buf(512);
        Object mark = new Object();
        IoEnds marked = bed.begin(
                here, e -> e.submit((c, u) -> here.submitRead(buf, 0, (status, _) -> c.completed(status, u), mark)));
        IoEnds other = begin(here, true);
        elapse(Duration.ofMillis(1));
        assertThat(bed.io(here, (c, u) -> here.submitAbort(mark, c, u))).isEqualTo(IoStatus.SUCCESS);
        assertThat(bed.finish(marked)).containsExactly(IoStatus.ABORTED);
        assertThat(other.done()).isNotDone();
        IoEnds far = begin(there, false);
        elapse(Duration.ofMillis(1));
        bed.good(here, here::submitReset);
        assertThat(bed.finish(other)).containsExactly(IoStatus.ABORTED);
        assertThat(bed.finish(far)).containsExactly(IoStatus.ABORTED);
        bed.assertNothingInFlight();
    }

    @Test
    @DisplayName("a zero copy is begun and ended late")
    void delaysZeroCopies() {
        delay(100, 100, 300, 300);
        BdevChannel ch = bed.channel(bed.app());
        var begun = ch.zcopyStartAsync(0, 512, true);
        elapse(Duration.ofNanos(90_000));
        assertThat(begun).isNotDone();
        var zcopy = world.await(begun);
        var ended = zcopy.endAsync(true);
        elapse(Duration.ofNanos(290_000));
        assertThat(ended).isNotDone();
        world.await(ended);
        bed.good(ch, ch::submitReset);
    }

    @Test
    @DisplayName("the RPC methods of SPDK, and what they refuse")
    void rpc() {
        assertThat(call("bdev_delay_create", CREATE).stringValue()).isEqualTo("Delay0");
        bed.use(find("Delay0"));
        call(
                "bdev_delay_update_latency",
                Map.of("delay_bdev_name", "Delay0", "latency_type", "p99_write", "latency_us", 900));
        assertThat(DelayBdev.latencies(find("Delay0"))).isEqualTo(new DelayLatencies(100, 100, 300, 900));
        assertThat(DelayBdev.latencies(find("Delay0")).micros(LatencyType.P99_WRITE))
                .isEqualTo(900);
        Map<String, Object> info = new LinkedHashMap<>();
        find("Delay0").dumpInfo(info);
        assertThat(info.get("delay")).asString().contains("p99_write_latency=900");
        assertThat(Objects.requireNonNull(find("Delay0").configCall()).method()).isEqualTo("bdev_delay_create");
        assertRpcRefused(-Errno.EPERM, "bdev_delay_create", with("name", "Delay1"));
        assertRpcRefused(-32602, "bdev_delay_create", with("avg_read_latency", 101));
        assertRpcRefused(-32602, "bdev_delay_create", with("avg_read_latency", -1));
        assertRpcRefused(
                -32602,
                "bdev_delay_update_latency",
                Map.of("delay_bdev_name", "Base0", "latency_type", "avg_read", "latency_us", 1));
        assertRpcRefused(
                -Errno.ENODEV,
                "bdev_delay_update_latency",
                Map.of("delay_bdev_name", "None", "latency_type", "avg_read", "latency_us", 1));
        call("bdev_delay_delete", Map.of("name", "Delay0"));
        assertThat(bed.bdevs().lookup("Delay0")).isNull();
        bed.use(find("Base0"));
        assertThat(find("Base0").claims()).isEmpty();
    }

    private static Map<String, Object> with(String name, Object value) {
        Map<String, Object> params = new LinkedHashMap<>(CREATE);
        params.put(name, value);
        return params;
    }

    @Test
    @DisplayName("it comes from the identity of its base by SPDK's rule, and stands on any device, but once")
    void stacks() {
        Bdev bdev = delay(0, 0, 0, 0);
        assertRefused(
                Errno.EPERM,
                () -> world.on(
                        bed.app(),
                        () -> DelayBdev.create(
                                bed.bdevs(), new DelayBdevOptions("Delay1", "Base0", DelayLatencies.NONE))));
        Bdev upper = make(() -> PassthruBdev.create(bed.bdevs(), new PassthruBdevOptions("P", "Delay0")));
        assertThat(upper.blockCount()).isEqualTo(bdev.blockCount());
        assertThatThrownBy(() -> new DelayBdevOptions("D", "D", DelayLatencies.NONE))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
