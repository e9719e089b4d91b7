// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.RuntimeLimits;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Threads share nothing: state belongs to one of them, messages are the only way in, and their number is bounded. */
public final class Messages {
    private Messages() {}

    // docs: messages-state
    /** A counter that belongs to one thread and therefore needs no lock. */
    private static final class Counter {
        private final SpdkThread owner;
        private long value;

        Counter(SpdkThread owner) {
            this.owner = owner;
        }

        long increment() {
            owner.checkCurrent("the counter");
            return ++value;
        }
    }
    // docs: end

    /** Runs it. */
    public static void main(String[] args) {
        RuntimeLimits limits = RuntimeLimits.DEFAULT.withMessagesPerThread(1024);
        try (SpdkRuntime runtime = SpdkRuntime.builder().limits(limits).start()) {
            SpdkThread owner = runtime.createThread("owner");
            Counter counter = new Counter(owner);
            wrongThread(counter);
            flood(owner, counter);
            refusal(runtime, owner);
            System.out.println("counted " + owner.call(counter::increment).join());
        }
    }

    private static void wrongThread(Counter counter) {
        // docs: messages-wrong-thread
        try {
            counter.increment();
        } catch (WrongThreadException e) {
            System.out.println(e.getMessage());
        }
        // docs: end
    }

    /** Off the reactors a sender waits while the queue is full: 10,000 messages pass through room for 1,024. */
    private static void flood(SpdkThread owner, Counter counter) {
        // docs: messages-call
        List<CompletableFuture<Long>> replies = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            replies.add(owner.call(counter::increment));
        }
        CompletableFuture.allOf(replies.toArray(CompletableFuture[]::new)).join();
        // docs: end
    }

    /** A reactor must not wait, so there the limit is an exception, which names it. */
    private static void refusal(SpdkRuntime runtime, SpdkThread owner) {
        SpdkThread sender = runtime.createThread("sender");
        sender.call(() -> {
                    // Both threads are on the same reactor: nothing is taken out meanwhile.
                    // docs: messages-limit
                    try {
                        while (true) {
                            owner.send(() -> {});
                        }
                    } catch (LimitExceededException e) {
                        System.out.println(e.limit() + " = " + e.value() + " was reached");
                    }
                    // docs: end
                    return true;
                })
                .join();
    }
}
