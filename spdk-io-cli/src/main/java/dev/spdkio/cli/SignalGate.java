// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Holds the JVM's exit back while a command finishes in order: SIGTERM and SIGINT ask the command to stop, and the
 * process ends when the command has closed the gate. The exit code is the JVM's, 128 plus the number of the signal.
 */
public final class SignalGate implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook;

    /**
     * Opens the gate.
     *
     * @param stop asks the command to stop; called on a thread of the JVM's shutdown
     */
    public SignalGate(Runnable stop) {
        hook = new Thread(
                () -> {
                    stop.run();
                    await();
                },
                "spdkio-signal");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void await() {
        try {
            if (!closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("spdkio: no orderly end within " + PATIENCE_SECONDS + " s; leaving");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Everything is done and printed. */
    @Override
    public void close() {
        closed.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // the hook runs, and now ends
        }
    }
}
