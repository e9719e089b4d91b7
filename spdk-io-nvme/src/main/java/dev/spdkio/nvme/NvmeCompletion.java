// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import org.jspecify.annotations.Nullable;

/**
 * What is called when a command has ended. Stands for {@code spdk_nvme_cmd_cb}.
 *
 * <p>Thread rule: runs on the SpdkThread that submitted the command, never inside the submit call, exactly once, and
 * never if the submit call threw. The buffer belongs to the caller again. It must not block; an exception is logged.
 */
@FunctionalInterface
public interface NvmeCompletion {
    /**
     * The command has ended.
     *
     * @param status how; {@link NvmeStatus#SUCCESS} if it was done
     * @param result dword 0 of the completion in the lower half, dword 1 in the upper
     * @param userData what was given at submit
     */
    void completed(NvmeStatus status, long result, @Nullable Object userData);
}
