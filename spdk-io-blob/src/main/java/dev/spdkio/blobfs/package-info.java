// SPDX-License-Identifier: Apache-2.0
/**
 * Files on a block device: names and lengths on the blobs of a {@link dev.spdkio.blob.Blobstore}, in the layout of
 * SPDK's BlobFS, with reads and writes of any bytes through a cache. Stands for {@code spdk/blobfs.h}, which SPDK had
 * until v25.05.
 *
 * <p>{@link dev.spdkio.blobfs.BlobFs#init} makes a file system, {@link dev.spdkio.blobfs.BlobFs#load} takes up one that
 * is there. Names are flat. {@link dev.spdkio.blobfs.BlobFs#open} gives a {@link dev.spdkio.blobfs.BlobFile}, for
 * ordinary Java code on any thread. What was written is durable after {@link dev.spdkio.blobfs.BlobFile#sync}, or after
 * the file was closed.
 *
 * <h2>What is on the device</h2>
 *
 * <p>The store has the type {@code BLOBFS}. A file is a blob with the attributes {@code name} (with a NUL at its end)
 * and {@code length} (8 bytes, little-endian); {@code is_deleted} marks one that was deleted while it was open, and
 * which the next load deletes. What a blob has behind the length of its file is nobody's affair.
 *
 * <h2>What a loss of power leaves</h2>
 *
 * <p>The root page of a blob is written as a whole, and so is each change that fits into it. Every operation on names
 * has one such write by which it counts as done:
 *
 * <ul>
 *   <li><em>create</em>: the first metadata of the blob, which has the name and the length 0 already. SPDK named a blob
 *       after it was durable: such a blob, without any attribute, is deleted when the file system is loaded.
 *   <li><em>delete</em>: the root page is cleared; or, while the file is open, it gets {@code is_deleted}, and is
 *       cleared when the file is closed or the file system loaded.
 *   <li><em>rename</em>: the root page gets the other name. If a file of that name is there, the same write says with
 *       the attribute {@code spdkio.replaces} which blob that is: from then on it counts as deleted. It is deleted,
 *       then the attribute removed; no other blob is created before, which could get the number of the one that is
 *       gone. A load finishes what was begun. SPDK's BlobFS ignores the attribute; it would show both files under one
 *       name if it loaded the device between these steps, and lose neither.
 *   <li><em>sync</em>: the data is written, then the device flushed, then the length written, and the device flushed
 *       again. So a length never covers what is not there.
 *   <li><em>truncate</em>: a smaller length and the size of the blob are one write; a larger one is a write of zeroes,
 *       which the next sync makes durable.
 * </ul>
 */
package dev.spdkio.blobfs;
