// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

/**
 * Hears of events of a device through one descriptor. Stands for {@code spdk_bdev_event_cb_t}.
 *
 * <p>Thread rule: runs on the thread that opened the descriptor, in a message of its own, never after the descriptor
 * was closed. Must not block.
 */
@FunctionalInterface
public interface BdevEventListener {
    /** A listener that ignores everything: fit for a device that is never removed while it is open. */
    BdevEventListener NONE = (_, _) -> {};

    /**
     * Something happened.
     *
     * @param event what
     * @param desc the descriptor it is told to
     */
    void event(BdevEvent event, BdevDesc desc);
}
