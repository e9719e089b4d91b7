// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.error;

import dev.spdkio.bdev.IoStatus;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What was injected into one type of I/O, and how often it is still to happen.
 *
 * <p>Thread rule: any thread.
 */
final class ErrorRule {
    /** Nothing goes wrong. */
    static final ErrorRule NONE = new ErrorRule(ErrorInjection.clear());

    final ErrorInjection injection;
    final IoStatus nvmeStatus;
    private final AtomicLong left;

    ErrorRule(ErrorInjection injection) {
        this.injection = injection;
        this.nvmeStatus = IoStatus.nvme(0, injection.nvmeSct(), injection.nvmeSc());
        this.left = new AtomicLong(injection.count());
    }

    ErrorType type() {
        return injection.errorType();
    }

    /**
     * Whether an I/O goes wrong; it is counted if it does.
     *
     * @param inFlight how many others are at the device below
     * @param chance a random number, 0 to below 1
     */
    boolean strikes(long inFlight, double chance) {
        if (left.get() == 0 || inFlight < injection.queueDepth() || chance >= injection.rate()) {
            return false;
        }
        return left.getAndUpdate(n -> n == 0 ? 0 : n - 1) > 0;
    }

    /** It did not happen after all. */
    void takeBack() {
        left.incrementAndGet();
    }

    /** It does not happen any more. */
    void stop() {
        left.set(0);
    }

    long left() {
        return left.get();
    }
}
