// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.lang.reflect.Constructor;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Who runs the virtual threads of tasks: the JDK's own scheduler, or the reactors.
 *
 * <p>The JDK 25 has no public way to choose; the constructor that its own tests use is reachable where {@code
 * java.lang} is opened to us. This class is the only one that knows, tries once, and says why not.
 */
abstract sealed class TaskScheduler {
    private static final TaskScheduler JDK = new Jdk();
    private static final @Nullable TaskScheduler ON_REACTOR;
    private static final @Nullable String CAUSE;

    static {
        TaskScheduler found = null;
        String cause = null;
        try {
            Constructor<?> constructor = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
                    .getDeclaredConstructor(Executor.class);
            constructor.setAccessible(true);
            TaskScheduler candidate = new OnReactor(constructor);
            // A builder that is made but cannot build would fail the first task instead of this probe.
            ((OnReactor) candidate).builder(Runnable::run).unstarted(() -> {});
            found = candidate;
        } catch (ReflectiveOperationException | RuntimeException e) {
            cause = "reactor-side task scheduling is off: " + e.getMessage()
                    + "; start the JVM with --add-opens java.base/java.lang=dev.spdkio"
                    + " (ALL-UNNAMED on the class path)";
        }
        ON_REACTOR = found;
        CAUSE = cause;
    }

    /** The JDK's own scheduler. */
    static TaskScheduler jdk() {
        return JDK;
    }

    /** The reactors, if this JVM allows it. */
    static @Nullable TaskScheduler onReactor() {
        return ON_REACTOR;
    }

    static @Nullable String unavailabilityCause() {
        return CAUSE;
    }

    /** Whether tasks run on their thread's reactor. */
    abstract boolean runsOnReactor();

    /** A virtual thread for the task, not started yet. */
    abstract Thread unstarted(Task<?> task, Runnable body);

    private static final class Jdk extends TaskScheduler {
        @Override
        boolean runsOnReactor() {
            return false;
        }

        @Override
        Thread unstarted(Task<?> task, Runnable body) {
            return Thread.ofVirtual().name(task.name()).unstarted(body);
        }
    }

    private static final class OnReactor extends TaskScheduler {
        private final Constructor<?> constructor;

        OnReactor(Constructor<?> constructor) {
            this.constructor = constructor;
        }

        @Override
        boolean runsOnReactor() {
            return true;
        }

        Thread.Builder.OfVirtual builder(Executor executor) throws ReflectiveOperationException {
            return (Thread.Builder.OfVirtual) constructor.newInstance(executor);
        }

        @Override
        Thread unstarted(Task<?> task, Runnable body) {
            SpdkThread thread = task.thread();
            Executor executor = continuation -> thread.tasks().execute(() -> carry(task, continuation));
            try {
                return builder(executor).name(task.name()).unstarted(body);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("the scheduler that worked when probed refuses " + task, e);
            }
        }

        private static void carry(Task<?> task, Runnable continuation) {
            Execution here = Execution.current();
            if (here == null) {
                // A helper thread: the SPDK thread was forced to exit.
                continuation.run();
                return;
            }
            Reactor reactor = here.reactor;
            reactor.setRunningTask(task);
            try {
                continuation.run();
            } finally {
                reactor.setRunningTask(null);
            }
        }
    }
}
