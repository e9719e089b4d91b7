// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

/** What a subsystem is for. Stands for {@code enum spdk_nvmf_subtype}, and has its codes. */
public enum NvmfSubsystemType {
    /** Has namespaces. */
    NVME(2),
    /** Lists the other subsystems. */
    DISCOVERY(3);

    private final int code;

    NvmfSubsystemType(int code) {
        this.code = code;
    }

    /** The number in a discovery log. */
    public int code() {
        return code;
    }
}
