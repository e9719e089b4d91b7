// SPDX-License-Identifier: Apache-2.0
/**
 * Memory that devices can read and write, and that does not move: buffers, the pools they come from, and lists of them.
 *
 * <p>A program makes a pool or two when it starts, with a limit that it can afford, and closes them when everything
 * that uses them is closed:
 *
 * <pre>{@code
 * try (DmaPool pool = DmaPool.builder().name("data").limitBytes(256L << 20).build()) {
 *     try (DmaBuf buf = pool.allocate(4096)) {
 *         buf.fill((byte) 0xA5);
 *         buf.segment().set(ValueLayout.JAVA_LONG, 0, 42);
 *         channel.write(buf, 0);
 *     }
 * }
 * }</pre>
 *
 * <p><b>Buffers.</b> {@link dev.spdkio.memory.DmaBuf} is a handle on a piece of memory, aligned to 4 KiB unless told
 * otherwise. It has a {@link java.lang.foreign.MemorySegment} and a {@link java.nio.ByteBuffer} view, which are made
 * once. Allocating and closing on an SPDK thread takes tens of nanoseconds and makes one small object, so that a
 * buffer for each request is fine; to allocate once and use a buffer for many I/Os is better still.
 *
 * <p><b>Sharing.</b> A part of the program that keeps a buffer, or a part of it, beyond a call takes a handle of its
 * own. Each handle is closed once, on any thread; the memory is free after the last:
 *
 * <pre>{@code
 * DmaBuf header = buf.slice(0, 512);
 * DmaBuf body = buf.slice(512, 3584);
 * buf.close();                       // header and body go on
 * }</pre>
 *
 * <p><b>In flight.</b> The block device hub {@linkplain dev.spdkio.memory.DmaBuf#pin pins} a buffer while a device
 * has it. Closing it then is refused with an exception that names it, and it stays usable. No cancellation and no
 * timeout frees memory under a device.
 *
 * <p><b>Lists.</b> {@link dev.spdkio.memory.IoVec} is what a vectored read or write takes. Nothing is copied to make
 * one, nor to take a {@linkplain dev.spdkio.memory.IoVec#slice slice} of it.
 *
 * <p><b>Out of memory.</b> {@link dev.spdkio.memory.DmaPool#allocate(long)} throws and names the numbers. An I/O path
 * uses {@link dev.spdkio.memory.DmaPool#tryAllocate(long)}, and waits its turn with
 * {@link dev.spdkio.memory.DmaPool#onAvailable}. {@link dev.spdkio.memory.DmaPool#stats()} shows how near the limit
 * is.
 *
 * <p><b>Mistakes.</b> A closed handle throws {@link java.lang.IllegalStateException}; so does every segment once the
 * pool is closed. A segment that is used after its handle is closed, but before the pool is, reads and writes memory
 * that may belong to another buffer: take segments from handles when they are needed, and do not keep them. Buffers
 * that are forgotten show in the log, with the place of their allocation where {@link dev.spdkio.memory.LeakTracking}
 * is on:
 *
 * <pre>{@code
 * DmaPool pool = DmaPool.builder().leakTracking(LeakTracking.ALL).build();   // in tests
 * }</pre>
 *
 * <p><b>How it works.</b> A pool maps slabs, on hugepages if there are any, and cuts them into powers of two between
 * 512 bytes and 4 MiB. Free blocks lie in stacks of their SPDK thread, which takes from a central store and gives
 * back to it many at a time. Larger buffers are mapped and unmapped one by one. Each slab has one
 * {@link java.lang.foreign.Arena}, which is closed with the pool; none is made for an I/O.
 *
 * <p>SPDK's counterparts are {@code spdk_dma_malloc} of {@code lib/env_dpdk} and {@code spdk_iobuf} of
 * {@code lib/thread}.
 */
package dev.spdkio.memory;
