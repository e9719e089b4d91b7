// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.blob.BlobId;

/**
 * What is known of a file. Stands for {@code struct spdk_file_stat}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param name its name now
 * @param id the blob that has its data
 * @param length in bytes, with what is not synced yet
 * @param allocatedBytes bytes of the clusters it has
 */
public record FileInfo(String name, BlobId id, long length, long allocatedBytes) {}
