// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/** Straight-line code beside callbacks: tasks wait as if they blocked, and the reactor goes on. */
public final class Tasks {
    private Tasks() {}

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        try (SpdkRuntime runtime = SpdkRuntime.builder().start()) {
            SpdkThread thread = runtime.createThread("worker");
            List<String> log = new ArrayList<>();
            // docs: tasks-spawn
            Task<Integer> task = thread.spawn("count", () -> {
                for (int i = 1; i <= 3; i++) {
                    int round = i;
                    Task.sleep(Duration.ofMillis(1)); // parks the task, not the reactor
                    Task.call(() -> log.add("round " + round)); // runs as the thread, so it needs no lock
                }
                return Task.call(log::size);
            });
            int rounds = task.join();
            // docs: end
            System.out.println(rounds + " rounds");
            System.out.println("waited for a sibling: " + sibling(thread).join());
            cancel(thread);
        }
    }

    private static Task<String> sibling(SpdkThread thread) {
        // docs: tasks-await
        return thread.spawn("parent", () -> {
            Task<String> child = thread.spawn("child", () -> "child done");
            return Task.await(child.future());
        });
        // docs: end
    }

    private static void cancel(SpdkThread thread) throws SpdkException {
        // docs: tasks-cancel
        Task<Void> sleeper = thread.spawn("sleeper", () -> {
            Task.sleep(Duration.ofHours(1));
            return null;
        });
        sleeper.cancel();
        try {
            sleeper.join();
        } catch (CancellationException e) {
            System.out.println(e.getMessage());
        }
        // docs: end
    }
}
