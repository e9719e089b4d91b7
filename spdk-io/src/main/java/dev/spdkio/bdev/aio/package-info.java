// SPDX-License-Identifier: Apache-2.0
/**
 * A device on a file or block device, on every operating system. Stands for {@code module/bdev/aio}.
 *
 * <p>SPDK's aio device uses Linux' libaio; this one gives each I/O to a helper thread that blocks in {@code java.nio}'s
 * {@code FileChannel}. It needs no native access and works everywhere; on Linux {@code dev.spdkio.bdev.uring} is
 * faster. The parameters are those of {@code bdev_aio_create}; {@code fallocate} adds unmap and native write zeroes on
 * Linux.
 *
 * <p><b>What is durable.</b> A write that has completed is seen by every read after it, of this process and of others;
 * with direct I/O it has been given to the disk, else to the page cache. It survives the end of the process, not a loss
 * of power. A flush that has completed means: all writes that had completed when the flush was submitted, and the
 * metadata that is needed to read them back (the size of the file among it), are durable on the device, its volatile
 * cache included. That is {@code FileChannel.force(false)}, {@code fdatasync(2)} on Linux. The whole file is flushed,
 * whatever the range. Therefore the device reports a write cache unless it is read-only. A write error is the status of
 * that write; an error that the operating system finds only when it writes back is the status of the flush that hears
 * of it, and of no later one: after a failed flush what was written since the last good one must be taken for lost.
 *
 * <p><b>The file's end.</b> The size is taken once. If somebody cuts the file, I/O beyond its new end fails with EIO.
 */
package dev.spdkio.bdev.aio;
