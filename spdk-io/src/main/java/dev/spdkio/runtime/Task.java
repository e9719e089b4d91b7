// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.error.SpdkException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Straight-line code on an {@link SpdkThread}: what blocks in it parks the task, never the reactor.
 *
 * <p>A task is a virtual thread. By default the JDK schedules it beside the reactors; where the JVM lets us ({@code
 * --add-opens java.base/java.lang=dev.spdkio}) the reactor itself does, which is several times cheaper. Code must not
 * care: under both schedulers the body does <em>not</em> run as the SPDK thread ({@link SpdkThread#current()} is null),
 * and touches what belongs to the thread through {@link #call} or the blocking-style methods of a channel.
 *
 * @param <T> the type of its value
 */
public final class Task<T> {
    private static final ScopedValue<Task<?>> CURRENT = ScopedValue.newInstance();

    private final SpdkThread thread;
    private final String name;
    private final Callable<? extends T> body;
    private final CompletableFuture<T> result;
    private final Thread virtual;
    private volatile boolean cancelled;

    private Task(SpdkThread thread, String name, Callable<? extends T> body) {
        this.thread = thread;
        this.name = Objects.requireNonNull(name, "name");
        this.body = Objects.requireNonNull(body, "body");
        this.result = thread.runtime().newFuture();
        this.virtual = thread.runtime().taskScheduler().unstarted(this, this::run);
    }

    static <T> Task<T> start(SpdkThread thread, String name, Callable<? extends T> body) {
        Task<T> task = new Task<>(thread, name, body);
        // Through the gate, like a message: a thread that is about to exit counts the task, or refuses it.
        if (!thread.messages().enter()) {
            throw new IllegalStateException("SpdkThread " + thread.name() + " has exited and takes no tasks");
        }
        try {
            thread.tasks().started(task);
        } finally {
            thread.messages().leave();
        }
        try {
            task.virtual.start();
        } catch (Throwable t) {
            thread.tasks().ended(task);
            throw t;
        }
        return task;
    }

    private void run() {
        ScopedValue.where(CURRENT, this).run(() -> {
            @Nullable T value = null;
            @Nullable Throwable failure = null;
            try {
                checkCancelled();
                value = body.call();
            } catch (Throwable t) {
                failure = cancelled && t instanceof InterruptedException ? cancellation() : t;
            }
            // The end is told before the result, so that whoever joins finds the thread without this task.
            thread.tasks().ended(this);
            if (failure != null) {
                result.completeExceptionally(failure);
            } else {
                complete(value);
            }
        });
    }

    @SuppressWarnings("NullAway") // a body may return null, as any Callable
    private void complete(@Nullable T value) {
        result.complete(value);
    }

    /** The task that the caller is, or null; null also in a block of {@link #call}, which runs as the SPDK thread. */
    public static @Nullable Task<?> current() {
        return SpdkThread.current() == null ? running() : null;
    }

    private static @Nullable Task<?> running() {
        return CURRENT.isBound() ? CURRENT.get() : null;
    }

    private static Task<?> require(String what) {
        Task<?> t = current();
        if (t == null) {
            throw new IllegalStateException(
                    what + " parks its caller, and is possible only in the straight-line code of a task:"
                            + " start one with SpdkThread.spawn, or use a future or a callback");
        }
        return t;
    }

    /** The thread it belongs to. */
    public SpdkThread thread() {
        return thread;
    }

    /** The name. */
    public String name() {
        return name;
    }

    /** Whether it has ended, in whatever way. */
    public boolean isDone() {
        return result.isDone();
    }

    /** Completes with its value or exception. Cancelling the future does not cancel the task. */
    @SuppressWarnings("FutureReturnValueIgnored") // what completes the copy cannot fail
    public CompletableFuture<T> future() {
        // Not a copy(): that would wrap a cancellation, and not be cancelled itself.
        CompletableFuture<T> copy = thread.runtime().newFuture();
        result.whenComplete((value, failure) -> {
            if (failure != null) {
                copy.completeExceptionally(failure);
            } else {
                copy.complete(value);
            }
        });
        return copy;
    }

    /**
     * Asks the task to stop: what it waits for now or next throws {@link CancellationException}. I/O that it waits for
     * is aborted, if that is possible; its buffer stays in flight until the device has answered. Any thread.
     *
     * @return false if the task had ended before
     */
    public boolean cancel() {
        if (result.isDone()) {
            return false;
        }
        cancelled = true;
        virtual.interrupt();
        return true;
    }

    /**
     * Waits for the end. From another task it parks that task, off the reactors it blocks the OS thread.
     *
     * @return the value
     * @throws SpdkException if the task failed with one
     * @throws CompletionException if it failed with another checked exception; unchecked ones are thrown as they are
     * @throws CancellationException if it was cancelled
     * @throws IllegalStateException on a reactor, which must not wait
     */
    public T join() throws SpdkException {
        if (Execution.current() != null) {
            throw new IllegalStateException(
                    "joining " + this + " would hold a reactor: use future(), or join from a task");
        }
        if (!isDone() && running() == this) {
            throw new IllegalStateException(this + " cannot wait for its own end");
        }
        if (!isDone() && thread.runtime().mustNotWait()) {
            throw new IllegalStateException("joining " + this
                    + " would stop the simulation that has to run it: use SimulatedRuntime.await(task.future())");
        }
        return get(result, "joining " + this);
    }

    /**
     * Runs {@code fn} as the task's SPDK thread, in one go, and returns its value. Only in a task; {@code fn} must not
     * block.
     *
     * @throws Exception what {@code fn} throws
     */
    public static <T> T call(Callable<? extends T> fn) throws Exception {
        Task<?> task = require("Task.call");
        task.checkCancelled();
        SpdkThread thread = task.thread;
        // By message under both schedulers: code of the thread may care which OS thread runs it, a ring for one.
        CompletableFuture<T> reply = thread.call(fn);
        try {
            return reply.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case Exception cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw e;
            }
        } catch (InterruptedException e) {
            throw task.interrupted();
        }
    }

    /**
     * Begins something with an object of a thread, for its methods that wait; what ends it is for {@link #await}. Only
     * in a task of that thread.
     *
     * @param owner the thread of the object
     * @param object what belongs to it, in a word
     * @param what what is begun, in words
     * @param start begins it, on any thread
     * @throws WrongThreadException in a task of another thread
     */
    public static <T> CompletableFuture<T> begin(
            SpdkThread owner, String object, Supplier<String> what, Callable<CompletableFuture<T>> start)
            throws SpdkException {
        Task<?> task = current();
        if (task == null) {
            throw new IllegalStateException(
                    what.get() + " parks its caller, which only a task can: spawn one on SpdkThread " + owner.name()
                            + ", use the Async method, or submit with a completion");
        }
        if (task.thread != owner) {
            throw new WrongThreadException(what.get() + ": the " + object + " belongs to SpdkThread " + owner.name()
                    + ", " + task + " to another: open a " + object + " in the task");
        }
        try {
            // Where the reactor runs tasks, a call there costs less than the way of a foreign thread.
            return owner.runtime().schedulesTasksOnReactors() ? call(start) : start.call();
        } catch (RuntimeException | SpdkException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(what.get(), e);
        }
    }

    /**
     * Waits for {@code stage} and returns its value. Only in a task.
     *
     * @throws SpdkException if the stage failed with one
     * @throws CompletionException if it failed with another checked exception; unchecked ones are thrown as they are
     * @throws CancellationException if the task or the stage was cancelled
     */
    public static <T> T await(CompletionStage<? extends T> stage) throws SpdkException {
        Task<?> task = require("Task.await");
        task.checkCancelled();
        @SuppressWarnings("unchecked")
        CompletableFuture<T> future = (CompletableFuture<T>) stage.toCompletableFuture();
        return get(future, task.toString());
    }

    /**
     * The same for a limited time by the runtime's clock: then {@code stage} fails with ETIMEDOUT, for all who wait for
     * it. I/O is given up by that, as {@link SpdkThread#orTimeout} says. Only in a task.
     */
    public static <T> T await(CompletionStage<? extends T> stage, Duration limit) throws SpdkException {
        Task<?> task = require("Task.await");
        @SuppressWarnings("unchecked")
        CompletableFuture<T> future = (CompletableFuture<T>) stage.toCompletableFuture();
        return await(task.thread.orTimeout(future, limit));
    }

    /** Parks the task for that long by the runtime's clock; not at all if that is negative. Only in a task. */
    public static void sleep(Duration duration) throws SpdkException {
        Task<?> task = require("Task.sleep");
        task.checkCancelled();
        CompletableFuture<Boolean> over = task.thread.runtime().newFuture();
        Duration period = duration.isPositive() ? duration : Duration.ofNanos(1);
        @Nullable Poller[] self = new @Nullable Poller[1];
        task.thread.sendInternal(() -> self[0] = task.thread
                .poller("sleep of " + task.name)
                .period(period)
                .body(() -> {
                    closeIfOpen(self[0]);
                    over.complete(true);
                    return Poller.Result.BUSY;
                })
                .register());
        try {
            await(over);
        } finally {
            if (!over.isDone()) {
                // Cancelled: the poller would hold the thread for the rest of the time.
                task.thread.trySendInternal(() -> closeIfOpen(self[0]));
            }
        }
    }

    private static void closeIfOpen(@Nullable Poller p) {
        if (p != null) {
            p.close();
        }
    }

    /** Lets other work of the thread go first. Only in a task. */
    @SuppressWarnings("ThreadPriorityCheck") // yielding is what the caller asks for
    public static void yieldNow() throws SpdkException {
        require("Task.yieldNow").checkCancelled();
        Thread.yield();
    }

    private static <T> T get(CompletableFuture<T> future, String what) throws SpdkException {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Task<?> task = running();
            if (task != null) {
                throw task.interrupted();
            }
            Thread.currentThread().interrupt();
            throw new CompletionException(what + " was interrupted", e);
        } catch (CancellationException e) {
            // The future wraps it in one that says nothing.
            throw e.getCause() instanceof CancellationException cause ? cause : e;
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            switch (cause) {
                case SpdkException s -> throw s;
                case RuntimeException r -> throw r;
                case Error r -> throw r;
                case null, default -> throw new CompletionException(what + " failed", cause);
            }
        }
    }

    private void checkCancelled() {
        if (cancelled) {
            throw cancellation();
        }
    }

    private CancellationException cancellation() {
        return new CancellationException(this + " was cancelled");
    }

    private CancellationException interrupted() {
        return cancelled ? cancellation() : new CancellationException(this + " was interrupted");
    }

    StackTraceElement[] stack() {
        return virtual.getStackTrace();
    }

    @Override
    public String toString() {
        return "task " + name + " of SpdkThread " + thread.name();
    }
}
