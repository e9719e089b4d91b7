// SPDX-License-Identifier: Apache-2.0
/**
 * Files on a block device as a {@link java.nio.file.FileSystem}: a program that takes a {@link java.nio.file.Path} or a
 * {@link java.nio.channels.FileChannel} runs on the device unchanged.
 *
 * <p>{@link dev.spdkio.blobfs.nio.BlobFileSystem#of} gives the one of a {@link dev.spdkio.blobfs.BlobFs} that is
 * loaded; {@link dev.spdkio.blobfs.nio.BlobFsProvider} loads one for a URI such as {@code blobfs:Malloc0}.
 *
 * <ul>
 *   <li><em>Directories</em> are in the flat names: {@code /a/b} is the file {@code a/b}, and an empty file {@code a/}
 *       stands for the directory {@code a}, also while nothing is in it. Who knows nothing of that sees plain files.
 *       The whole path has at most {@link dev.spdkio.blobfs.BlobFs#MAX_NAME_BYTES} bytes, and a directory that was
 *       created takes a cluster.
 *   <li><em>A move</em> of a file within a file system is one durable step, with {@code REPLACE_EXISTING} too; so
 *       {@code ATOMIC_MOVE} is always possible. A directory is moved if nothing is in it. A copy is not atomic.
 *   <li><em>Durable</em> are names at once, data and lengths after {@code force} (whatever its argument), after each
 *       write with {@code SYNC} or {@code DSYNC}, and after the close of who could write.
 *   <li><em>A map</em> is a copy, to be read or private; {@code READ_WRITE} is refused, and a segment too.
 *   <li><em>Locks</em> exclude other channels of this JVM; another one cannot have the device.
 *   <li><em>Times</em> are not kept, and files are not watched. There are no links, owners or permissions.
 * </ul>
 */
package dev.spdkio.blobfs.nio;
