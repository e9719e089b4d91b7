// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;

/** The smallest program with a runtime: one reactor, one thread, a message and a value back. */
public final class HelloRuntime {
    private HelloRuntime() {}

    /** Runs it. */
    public static void main(String[] args) {
        // docs: runtime-hello
        try (SpdkRuntime runtime = SpdkRuntime.builder().name("hello").start()) {
            SpdkThread thread = runtime.createThread("worker");
            thread.send(() -> System.out.println(
                    "a message runs as " + SpdkThread.require().name()));
            int answer = thread.call(() -> 6 * 7).join();
            System.out.println("the answer is " + answer);
        }
        // docs: end
    }
}
