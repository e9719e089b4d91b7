// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.error.LimitExceededException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A small pool of unpinned OS threads that go away when idle. */
final class HelperThreads implements BlockingPool {
    private static final long KEEP_ALIVE_SECONDS = 10;

    private final ThreadPoolExecutor pool;

    HelperThreads(String name, int threads, int queueLimit, String limitName) {
        pool = new ThreadPoolExecutor(
                threads,
                threads,
                KEEP_ALIVE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(queueLimit),
                PlatformRuntime.unpinned(name),
                (r, executor) -> {
                    if (executor.isShutdown()) {
                        throw new IllegalStateException("the helper threads " + name + " have stopped");
                    }
                    throw new LimitExceededException(
                            limitName,
                            queueLimit,
                            "the helper threads " + name + " have no room: wait for what was given");
                });
        pool.allowCoreThreadTimeOut(true);
    }

    @Override
    public void execute(Runnable work) {
        pool.execute(work);
    }

    @Override
    public void close() {
        // Not ThreadPoolExecutor.close(): that waits for ever, and a helper may hold user code.
        pool.shutdown();
    }
}
