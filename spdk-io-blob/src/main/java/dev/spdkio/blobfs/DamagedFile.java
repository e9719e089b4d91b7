// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.blob.BlobId;

/**
 * A blob of a file system that is no file that can be opened. It is left as it is.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param id the blob
 * @param why what is wrong with it
 */
public record DamagedFile(BlobId id, String why) {}
