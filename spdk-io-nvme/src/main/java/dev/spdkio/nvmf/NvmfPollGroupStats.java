// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

/**
 * What a poll group has done so far. Stands for {@code struct spdk_nvmf_poll_group_stat}.
 *
 * @param thread the name of its thread
 * @param adminQpairs queue pairs for administration it has had
 * @param ioQpairs queue pairs for I/O it has had
 * @param currentAdminQpairs queue pairs for administration it has now: one for each host's controller
 * @param currentIoQpairs queue pairs for I/O it has now
 * @param pendingBdevIo requests that wait for a bdev to have room
 * @param completedNvmeIo I/O commands that ended
 */
public record NvmfPollGroupStats(
        String thread,
        long adminQpairs,
        long ioQpairs,
        long currentAdminQpairs,
        long currentIoQpairs,
        long pendingBdevIo,
        long completedNvmeIo) {}
