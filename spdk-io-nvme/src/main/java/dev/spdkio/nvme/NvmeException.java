// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import dev.spdkio.error.SpdkException;

/** An NVMe command ended with a failure; {@link #status} says which. */
public final class NvmeException extends SpdkException {
    private static final long serialVersionUID = 1L;

    private final transient NvmeStatus status;

    /**
     * @param status how it ended
     * @param what the command and its object, for the message
     */
    public NvmeException(NvmeStatus status, String what) {
        super(status.errno(), what + " failed: " + status);
        this.status = status;
    }

    /** How the command ended. */
    public NvmeStatus status() {
        return status;
    }
}
