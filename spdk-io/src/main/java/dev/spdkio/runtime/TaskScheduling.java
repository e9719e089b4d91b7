// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import org.jspecify.annotations.Nullable;

/** Who schedules the virtual threads of {@link Task}s. The choice changes the cost, never the semantics. */
public enum TaskScheduling {
    /** The reactors where the JVM allows it, else the JDK. */
    BEST,
    /** The JDK's scheduler: tasks run beside the reactors. */
    JDK,
    /** The reactors; starting a runtime fails where the JVM does not allow it. */
    REACTOR;

    /** Why the reactors cannot schedule tasks in this JVM, with the flag to add; null if they can. */
    public static @Nullable String reactorUnavailabilityCause() {
        return TaskScheduler.unavailabilityCause();
    }

    TaskScheduler resolve() {
        TaskScheduler onReactor = TaskScheduler.onReactor();
        return switch (this) {
            case JDK -> TaskScheduler.jdk();
            case BEST -> onReactor != null ? onReactor : TaskScheduler.jdk();
            case REACTOR -> {
                if (onReactor == null) {
                    throw new IllegalStateException(TaskScheduler.unavailabilityCause());
                }
                yield onReactor;
            }
        };
    }
}
