// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.Task;
import dev.spdkio.runtime.TaskScheduling;
import java.util.concurrent.Callable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/** Tasks, scheduled by the reactor and by the JDK. */
@SuppressWarnings("NullAway.Init") // set by JMH
public class TaskBenchmark extends ReactorBenchmark {
    private static final int TASKS = 1000;
    private static final Callable<Boolean> NOTHING = () -> true;

    /** Who schedules them. */
    @Param({"REACTOR", "JDK"})
    public TaskScheduling scheduling;

    @Override
    protected TaskScheduling taskScheduling() {
        return scheduling;
    }

    /** Starts a task that does nothing, and waits for its end, in another task. */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public boolean spawnAndJoin() throws SpdkException {
        Task<Boolean> parent = thread.spawn("parent", () -> {
            boolean all = true;
            for (int i = 0; i < TASKS; i++) {
                all &= thread.spawn("child", NOTHING).join();
            }
            return all;
        });
        return parent.join();
    }

    /** Asks the own thread for something and waits for the answer. */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public boolean await() throws SpdkException {
        Task<Boolean> task = thread.spawn("waiter", () -> {
            boolean all = true;
            for (int i = 0; i < TASKS; i++) {
                all &= Task.<Boolean>await(thread.call(NOTHING));
            }
            return all;
        });
        return task.join();
    }
}
