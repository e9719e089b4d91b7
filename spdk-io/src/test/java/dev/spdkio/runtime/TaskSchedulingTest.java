// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Tasks pass by pass, on a simulation. */
class TaskSchedulingTest {
    private final SimulatedRuntime sim = SimulatedRuntime.create(1, 5);
    private final SpdkThread t = sim.createThread("t");

    @Test
    void aTaskThatIsCancelledBeforeItsStartNeverRuns() {
        AtomicBoolean ran = new AtomicBoolean();
        Task<Boolean> task = t.spawn("task", () -> ran.compareAndSet(false, true));
        assertThat(task.cancel()).isTrue();
        assertThatThrownBy(() -> sim.await(task.future())).isInstanceOf(CancellationException.class);
        assertThat(ran).isFalse();
        assertThat(t.stats().liveTasks()).isZero();
        sim.close();
    }

    @Test
    void aTaskRunsOnlyWhenItsThreadIsPolled() {
        List<String> log = new ArrayList<>();
        Task<Integer> task = t.spawn("task", () -> {
            log.add("1");
            Task.yieldNow();
            log.add("2");
            return 3;
        });
        assertThat(log).isEmpty();
        sim.poll(t);
        assertThat(log).containsExactly("1");
        sim.poll(t);
        assertThat(log).containsExactly("1", "2");
        assertThat(task.isDone()).isTrue();
        sim.close();
    }

    @Test
    void sleepTakesVirtualTime() {
        Task<Long> task = t.spawn("task", () -> {
            long before = sim.clock().nanoTime();
            Task.sleep(Duration.ofHours(3));
            return sim.clock().nanoTime() - before;
        });
        assertThat(sim.await(task.future())).isEqualTo(Duration.ofHours(3).toNanos());
        assertThat(t.stats().timedPollers()).isZero();
        sim.close();
    }
}
