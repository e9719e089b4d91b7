// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.error.LimitExceededException;
import java.lang.invoke.VarHandle;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The tasks of one thread: how many live, and those that a reactor-side scheduler has to run next.
 *
 * <p>The queue has no bound of its own: a live task is in it at most once, and live tasks are bounded.
 */
final class TaskQueue implements Executor {
    private final SpdkThread thread;
    private final MpscUnboundedVarHandleArrayQueue<Runnable> runnable = new MpscUnboundedVarHandleArrayQueue<>(64);
    private final AtomicInteger live = new AtomicInteger();
    private final Set<Task<?>> tasks = ConcurrentHashMap.newKeySet();

    /** The thread has exited: no reactor runs a continuation any more. */
    private volatile boolean abandoned;

    TaskQueue(SpdkThread thread) {
        this.thread = thread;
    }

    int live() {
        return live.get();
    }

    boolean hasRunnable() {
        return !runnable.isEmpty();
    }

    void started(Task<?> task) {
        int limit = thread.runtime().limits().tasksPerThread();
        if (live.getAndIncrement() >= limit) {
            live.getAndDecrement();
            throw new LimitExceededException(
                    "tasksPerThread", limit, "SpdkThread " + thread.name() + " cannot take another task: let some end");
        }
        tasks.add(task);
    }

    void ended(Task<?> task) {
        tasks.remove(task);
        live.getAndDecrement();
        thread.wakeForTask();
    }

    /**
     * A continuation of a task wants to run on the reactor. Any OS thread; never refused, or the task would be lost.
     */
    @Override
    public void execute(Runnable continuation) {
        runnable.offer(continuation);
        // The continuation must be visible before the look at the flag, or both sides could leave it to the other.
        VarHandle.fullFence();
        if (abandoned) {
            runElsewhere();
        } else {
            thread.wakeForTask();
        }
    }

    /** The thread has exited. Tasks that were forced out are cancelled, and helper threads carry them to their end. */
    void abandon() {
        abandoned = true;
        VarHandle.fullFence();
        tasks.forEach(Task::cancel);
        runElsewhere();
    }

    private synchronized void runElsewhere() {
        for (Runnable r = runnable.poll(); r != null; r = runnable.poll()) {
            try {
                thread.runtime().offload().execute(r);
            } catch (IllegalStateException fullOrClosed) {
                PlatformRuntime.unpinned(thread.name() + "-orphan").newThread(r).start();
            }
        }
    }

    /** Runs what is runnable now; what becomes runnable meanwhile waits for the next pass. */
    int run() {
        if (runnable.isEmpty()) {
            return 0;
        }
        int count = runnable.size();
        int work = 0;
        while (work < count) {
            @Nullable Runnable r = runnable.relaxedPoll();
            if (r == null) {
                break;
            }
            thread.run(r);
            work++;
        }
        return work;
    }
}
