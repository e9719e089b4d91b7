// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

/**
 * How much room a file system has.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param totalBytes bytes of the clusters that files have or can have
 * @param freeBytes bytes of the clusters that no file has
 */
public record FsSpace(long totalBytes, long freeBytes) {}
