// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StallWatchdogTest {
    private static final CountDownLatch INITIALISING = new CountDownLatch(1);
    private static final CountDownLatch GO_ON = new CountDownLatch(1);

    private final List<String> logged = new CopyOnWriteArrayList<>();
    private Object logger;

    /** Reads the watchdog's log. By reflection, because the module under test does not read java.logging. */
    private void filter(boolean install) throws ReflectiveOperationException {
        Class<?> loggers = Class.forName("java.util.logging.Logger");
        Class<?> filters = Class.forName("java.util.logging.Filter");
        logger = loggers.getMethod("getLogger", String.class).invoke(null, Watchdog.class.getName());
        Object filter = Proxy.newProxyInstance(
                ClassLoader.getSystemClassLoader(), new Class<?>[] {filters}, (proxy, method, args) -> {
                    if (!method.getName().equals("isLoggable")) {
                        return method.invoke(this, args);
                    }
                    logged.add(String.valueOf(
                            args[0].getClass().getMethod("getMessage").invoke(args[0])));
                    return false;
                });
        loggers.getMethod("setFilter", filters).invoke(logger, install ? filter : null);
    }

    @BeforeEach
    void install() throws Exception {
        filter(true);
    }

    @AfterEach
    void remove() throws Exception {
        filter(false);
    }

    private static SpdkRuntime runtime(IdlePolicy policy, TaskScheduling scheduling, Duration limit) {
        return SpdkRuntime.builder()
                .name("stalls")
                .idlePolicy(policy)
                .taskScheduling(scheduling)
                .limits(RuntimeLimits.DEFAULT.withStallLimit(limit))
                .start();
    }

    @Test
    void aCallbackThatHoldsItsReactorIsReportedOnce() throws Exception {
        try (SpdkRuntime rt = runtime(IdlePolicy.ADAPTIVE, TaskScheduling.JDK, Duration.ofMillis(50))) {
            SpdkThread t = rt.createThread("t");
            long end = System.nanoTime() + Await.PATIENCE.toNanos();
            Await.value(t.call(() -> {
                spinUntilReported(end);
                return true;
            }));
            assertThat(logged).hasSizeGreaterThanOrEqualTo(1);
            assertThat(logged.getFirst())
                    .contains("reactor_" + rt.mainReactor().core() + " of stalls is held by one callback for")
                    .contains("stallLimit 50 ms")
                    .contains("StallWatchdogTest.spinUntilReported");
            assertThat(rt.mainReactor().stats().stalls()).isPositive();
        }
    }

    private void spinUntilReported(long end) {
        while (logged.isEmpty() && System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }

    /** Its initialiser blocks: a virtual thread cannot leave its carrier there. */
    private static final class Blocking {
        static final int VALUE = block();

        private static int block() {
            INITIALISING.countDown();
            try {
                assertThat(GO_ON.await(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return 9;
        }
    }

    @Test
    void aTaskThatPinsItsReactorIsNamed() throws Exception {
        String cause = TaskScheduling.reactorUnavailabilityCause();
        assumeTrue(cause == null, cause);
        try (SpdkRuntime rt = runtime(IdlePolicy.ADAPTIVE, TaskScheduling.REACTOR, Duration.ofMillis(50))) {
            SpdkThread t = rt.createThread("t");
            Task<Integer> task = t.spawn("pinning", () -> Blocking.VALUE);
            Await.latch(INITIALISING, "the task is inside");
            try {
                Await.until("it is reported", () -> !logged.isEmpty());
                assertThat(logged.getFirst())
                        .contains("it runs task pinning of SpdkThread t")
                        .contains("StallWatchdogTest$Blocking.block")
                        .contains("carried by");
            } finally {
                GO_ON.countDown();
            }
            assertThat(task.join()).isEqualTo(9);
        }
    }

    @Test
    void idleReactorsAreNotReported() {
        for (IdlePolicy policy : IdlePolicy.values()) {
            try (SpdkRuntime rt = runtime(policy, TaskScheduling.BEST, Duration.ofMillis(500))) {
                rt.createThread("t");
                long start = System.nanoTime();
                Await.until("a second of idleness", () -> {
                    java.util.concurrent.locks.LockSupport.parkNanos(10_000_000);
                    return System.nanoTime() - start > 1_200_000_000L;
                });
                assertThat(logged).as(policy.toString()).isEmpty();
                assertThat(rt.mainReactor().stats().stalls()).isZero();
            }
        }
    }
}
