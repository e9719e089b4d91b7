// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.nvme.TransportId;

/**
 * A controller to test drivers with, that can be killed. It has namespace 1, of at least {@link #MIN_BYTES}, which
 * keeps its contents when the target is killed, and can get a second namespace.
 */
public interface NvmeTestTarget extends AutoCloseable {
    /** What namespace 1 must have at least, in bytes. */
    long MIN_BYTES = 16L << 20;

    /** Where its controller is; the same after a restart. */
    TransportId transportId();

    /** Ends it at once, as a power cut would. */
    void kill() throws Exception;

    /** Starts it again after {@link #kill}. */
    void restart() throws Exception;

    /** Makes it silent, with its connections open. */
    void suspend() throws Exception;

    /** Lets it go on after {@link #suspend}. */
    void resume() throws Exception;

    /** Gives the controller namespace 2, while it runs. */
    void addNamespace() throws Exception;

    /** Takes namespace 2 away, while it runs. */
    void removeNamespace() throws Exception;

    /** Ends it, and leaves nothing behind. */
    @Override
    void close() throws Exception;
}
