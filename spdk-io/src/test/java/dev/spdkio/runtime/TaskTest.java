// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Tasks on real reactors, under both schedulers: the same for both. */
@ParameterizedClass(name = "tasks by {0}")
@EnumSource(
        value = TaskScheduling.class,
        names = {"JDK", "REACTOR"})
class TaskTest {
    @Parameter
    TaskScheduling scheduling;

    private SpdkRuntime rt;
    private SpdkThread t;

    @BeforeEach
    void open() {
        String cause = TaskScheduling.reactorUnavailabilityCause();
        assumeTrue(scheduling != TaskScheduling.REACTOR || cause == null, cause);
        rt = SpdkRuntime.builder()
                .name("tasks")
                .cpus(Cores.available())
                .taskScheduling(scheduling)
                .limits(RuntimeLimits.DEFAULT.withTasksPerThread(8).withExitTimeout(Duration.ofSeconds(2)))
                .start();
        t = rt.createThread("t");
    }

    @AfterEach
    void close() {
        if (rt != null) {
            rt.close();
        }
    }

    @Test
    void returnsItsValue() throws Exception {
        Task<String> task = t.spawn("task", () -> "value");
        assertThat(task.join()).isEqualTo("value");
        assertThat(Await.value(task.future())).isEqualTo("value");
        assertThat(task.isDone()).isTrue();
        assertThat(task.cancel()).isFalse();
        assertThat(task.name()).isEqualTo("task");
        assertThat(task.thread()).isSameAs(t);
        assertThat(t.spawn("null", () -> null).join()).isNull();
    }

    @Test
    void carriesExceptionsToAllWhoWait() {
        List<Throwable> failures = List.of(
                new SpdkException(5, "disk on fire"),
                new IllegalStateException("unchecked"),
                new AssertionError("error"),
                new Exception("checked"));
        for (Throwable failure : failures) {
            Task<Object> task = t.spawn("failing", () -> {
                switch (failure) {
                    case Exception e -> throw e;
                    case Error e -> throw e;
                    default -> throw new AssertionError();
                }
            });
            Task<Object> waiting = t.spawn("waiting", () -> Task.await(task.future()));
            for (Task<Object> each : List.of(task, waiting)) {
                if (failure.getMessage().equals("checked")) {
                    assertThatThrownBy(each::join)
                            .isInstanceOf(CompletionException.class)
                            .hasRootCause(failure);
                } else {
                    assertThatThrownBy(each::join).isSameAs(failure);
                }
            }
            assertThatThrownBy(() -> Await.value(task.future()))
                    .isInstanceOf(ExecutionException.class)
                    .hasCause(failure);
        }
        assertThat(t.stats().liveTasks()).isZero();
    }

    @Test
    void isNotTheThreadExceptInCall() throws Exception {
        List<Object> seen = new ArrayList<>();
        Task<Boolean> task = t.spawn("task", () -> {
            seen.add(SpdkThread.current());
            seen.add(Task.current().name());
            Task.call(() -> {
                seen.add(SpdkThread.current());
                seen.add(Task.current());
                t.checkCurrent("calling");
                seen.add(Cores.current());
                return seen.add(t.runtime().mustNotWait());
            });
            seen.add(SpdkThread.current());
            return t.isCurrent();
        });
        assertThat(task.join()).isFalse();
        assertThat(seen).containsExactly(null, "task", t, null, t.reactor().core(), true, null);
        assertThat(Task.current()).isNull();
    }

    @Test
    void callReturnsValueAndEveryKindOfThrowable() throws Exception {
        assertThat(t.spawn("v", () -> Task.call(() -> 7)).join()).isEqualTo(7);
        List<Throwable> failures =
                List.of(new Exception("checked"), new IllegalStateException("unchecked"), new AssertionError("error"));
        for (Throwable failure : failures) {
            Task<Boolean> task = t.spawn("task", () -> {
                try {
                    return Task.call(() -> {
                        switch (failure) {
                            case Exception e -> throw e;
                            case Error e -> throw e;
                            default -> throw new AssertionError();
                        }
                    });
                } catch (Throwable caught) {
                    return caught == failure;
                }
            });
            assertThat(task.join()).as(failure.toString()).isTrue();
        }
    }

    @Test
    void whatParksIsPossibleOnlyInStraightLineCode() throws Exception {
        assertThatThrownBy(() -> Task.sleep(Duration.ZERO)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Task.call(() -> 1)).hasMessageContaining("Task.call parks its caller");
        assertThatThrownBy(() -> Task.await(CompletableFuture.completedFuture(1)))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(Task::yieldNow).isInstanceOf(IllegalStateException.class);
        Task<Integer> nested = t.spawn("nested", () -> Task.call(() -> Task.call(() -> 1)));
        assertThatThrownBy(nested::join).isInstanceOf(IllegalStateException.class);
        Task<Integer> other = t.spawn("other", () -> 3);
        assertThat(t.spawn("joins", other::join).join()).isEqualTo(3);
        CompletableFuture<Integer> onReactor = t.call(other::join);
        assertThatThrownBy(() -> Await.value(onReactor))
                .hasCauseInstanceOf(IllegalStateException.class)
                .hasMessageContaining("would hold a reactor");
        Task<?>[] self = new Task<?>[1];
        CountDownLatch set = new CountDownLatch(1);
        self[0] = t.spawn("self", () -> {
            set.await();
            return self[0].join();
        });
        set.countDown();
        assertThatThrownBy(() -> self[0].join()).hasMessageContaining("cannot wait for its own end");
    }

    @Test
    void cancelEndsAWait() {
        CompletableFuture<String> never = new CompletableFuture<>();
        CountDownLatch waiting = new CountDownLatch(1);
        Task<String> task = t.spawn("task", () -> {
            waiting.countDown();
            return Task.await(never);
        });
        Await.until("it waits", () -> waiting.getCount() == 0);
        assertThat(task.cancel()).isTrue();
        assertThatThrownBy(task::join)
                .isInstanceOf(CancellationException.class)
                .hasMessageContaining("task task of SpdkThread t was cancelled");
        assertThat(task.future()).isCancelled();
        assertThat(never).as("what it waited for goes on").isNotDone();
    }

    @Test
    void cancelEndsASleepAndLeavesNoPoller() throws Exception {
        Task<String> task = t.spawn("task", () -> {
            Task.sleep(Duration.ofDays(1));
            return "";
        });
        Await.until("it sleeps", () -> t.stats().timedPollers() == 1);
        task.cancel();
        assertThatThrownBy(task::join).isInstanceOf(CancellationException.class);
        Await.until("the poller goes", () -> t.stats().timedPollers() == 0);
        Await.value(t.exit());
    }

    @Test
    void cancelIsSeenByTheNextWait() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        AtomicBoolean go = new AtomicBoolean();
        AtomicInteger refused = new AtomicInteger();
        Task<String> task = t.spawn("task", () -> {
            started.countDown();
            while (!go.get()) {
                Thread.onSpinWait();
            }
            for (int i = 0; i < 2; i++) {
                try {
                    Task.call(refused::incrementAndGet);
                } catch (CancellationException e) {
                    refused.addAndGet(100);
                }
            }
            Task.yieldNow();
            return "";
        });
        Await.latch(started, "it runs");
        task.cancel();
        go.set(true);
        assertThatThrownBy(task::join).isInstanceOf(CancellationException.class);
        assertThat(refused).hasValue(200);
    }

    @Test
    void sleepsByTheClock() throws Exception {
        long start = System.nanoTime();
        Task<Integer> task = t.spawn("task", () -> {
            Task.sleep(Duration.ofMillis(5));
            Task.sleep(Duration.ZERO);
            Task.sleep(Duration.ofMillis(-5));
            return 1;
        });
        task.join();
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(5_000_000);
    }

    @Test
    void theNumberOfTasksIsLimited() throws Exception {
        CompletableFuture<String> go = new CompletableFuture<>();
        List<Task<String>> tasks = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            tasks.add(t.spawn("task" + i, () -> Task.await(go)));
        }
        assertThat(t.stats().liveTasks()).isEqualTo(8);
        assertThatThrownBy(() -> t.spawn("9", () -> 1))
                .isInstanceOf(LimitExceededException.class)
                .hasMessageContaining("tasksPerThread = 8");
        go.complete("");
        for (Task<String> task : tasks) {
            task.join();
        }
        assertThat(t.stats().liveTasks()).isZero();
        assertThat(t.spawn("10", () -> 1).join()).isEqualTo(1);
    }

    @Test
    void manyTasksCountWithoutLosses() throws Exception {
        int[] counter = new int[1];
        List<Task<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            tasks.add(t.spawn("task" + i, () -> {
                for (int n = 0; n < 500; n++) {
                    Task.call(() -> counter[0]++);
                    if (n % 10 == 0) {
                        Task.yieldNow();
                    }
                }
                return 1;
            }));
        }
        for (Task<Integer> task : tasks) {
            task.join();
        }
        assertThat(Await.value(t.call(() -> counter[0]))).isEqualTo(4000);
    }

    @Test
    void closeIsRefusedInATask() {
        Task<Integer> task = t.spawn("closer", () -> {
            rt.close();
            return 1;
        });
        assertThatThrownBy(task::join)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot be closed from task closer");
    }

    @Test
    void aTaskThatIsForcedOutEndsCancelled() throws Exception {
        Task<String> task = t.spawn("stuck", () -> Task.await(new CompletableFuture<String>()));
        Await.value(t.exit());
        assertThatThrownBy(task::join).isInstanceOf(CancellationException.class);
    }
}
