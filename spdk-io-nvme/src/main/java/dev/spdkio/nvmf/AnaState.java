// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

/**
 * How well namespaces are reached by a path (asymmetric namespace access). Stands for {@code enum
 * spdk_nvme_ana_state}, and has its codes.
 */
public enum AnaState {
    /** The best path. */
    OPTIMIZED(1),
    /** A path that works, and that hosts take when there is no better one. */
    NON_OPTIMIZED(2),
    /** No path now. */
    INACCESSIBLE(3);

    private final int code;

    AnaState(int code) {
        this.code = code;
    }

    /** The number in the log page. */
    public int code() {
        return code;
    }
}
