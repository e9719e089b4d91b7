// SPDX-License-Identifier: Apache-2.0
/**
 * A device on a file or block device of Linux, by io_uring: the fast one. Stands for {@code module/bdev/uring}.
 *
 * <p>All uring devices of an SpdkThread share one ring, which one poller serves: a pass hands over what was submitted
 * and looks for what has ended in one system call, or none. A sleeping reactor is woken by the ring. The parameters
 * are those of {@code bdev_uring_create}. Beyond SPDK's uring device this one flushes, unmaps, writes zeroes and
 * resets.
 *
 * <p><b>What is durable.</b> A write that has completed is seen by every read after it, of this process and of
 * others; with direct I/O it has been given to the disk, else to the page cache. It survives the end of the process,
 * not a loss of power. A flush that has completed means: all writes that had completed when the flush was submitted,
 * and the metadata that is needed to read them back (the size of the file among it), are durable on the device, its
 * volatile cache included. That is {@code IORING_OP_FSYNC} with {@code DATASYNC}, as {@code fdatasync(2)}. The whole
 * file is flushed, whatever the range. Writes that are in flight at the time may or may not be included. Therefore
 * the device reports a write cache unless it is read-only. A write error is the status of that write; an error that
 * the kernel finds only when it writes back is the status of the flush that hears of it, and of no later one: after a
 * failed flush what was written since the last good one must be taken for lost.
 *
 * <p><b>Zeroes and holes.</b> Writing zeroes is {@code fallocate(ZERO_RANGE)}; where the file system has no such thing,
 * zeroes are written. Unmap is {@code fallocate(PUNCH_HOLE)}, after which the range reads as zeroes; it is offered only
 * where it works. Both go through the kernel's worker threads and are as durable as writes. Of a disk the
 * kernel makes its commands to write zeroes, which may give the blocks back; a disk without those does not unmap.
 *
 * <p><b>The file's end.</b> The size is taken when the device is made, and by {@link
 * dev.spdkio.bdev.uring.UringBdev#rescan}. If somebody cuts the file, reads beyond its new end fail with EIO.
 *
 * <p><b>Writes as a whole.</b> If that was asked for, a write of a power of two from one piece of memory, at a multiple
 * of that, carries {@code RWF_ATOMIC}, up to what {@code statx(2)} says. The kernel does not tear it then, or refuses
 * it.
 *
 * <p><b>What was measured.</b> On a virtual disk, always the best of interleaved runs. On a reactor that polls for
 * ever the ring is bound to its OS thread ({@code DEFER_TASKRUN}), which gives up to a fifth more 4 KiB random reads
 * at depth 32 than a ring that can move, and as many at depths 1 and 128; a reactor that sleeps needs the latter
 * kind, because only that one wakes it. Buffers are not registered: with 128 KiB pieces of large pages, as
 * {@code DmaPool} has them, that changes neither throughput nor the kernel's time, with 4 KiB pieces it saves the
 * kernel some 4 %, and the memory would have to be locked. A kernel thread that submits ({@code SQPOLL}) needs a core
 * of its own beside the reactor's: with two busy cores it took all but all of the throughput. {@code
 * benchmarks/run --uring} measures both.
 */
package dev.spdkio.bdev.uring;
