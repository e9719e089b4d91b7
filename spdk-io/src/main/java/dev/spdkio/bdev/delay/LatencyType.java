// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.delay;

/**
 * One of the numbers of {@link DelayLatencies}. Stands for {@code enum spdk_bdev_delay_io_type}.
 *
 * <p>Thread rule: a constant, usable anywhere.
 */
public enum LatencyType {
    /** {@link DelayLatencies#avgRead}. */
    AVG_READ,
    /** {@link DelayLatencies#p99Read}. */
    P99_READ,
    /** {@link DelayLatencies#avgWrite}. */
    AVG_WRITE,
    /** {@link DelayLatencies#p99Write}. */
    P99_WRITE
}
