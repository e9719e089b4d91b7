// SPDX-License-Identifier: Apache-2.0
/**
 * What a blobstore has on its device, bit for bit as SPDK has it: pure functions between memory and values.
 *
 * <p>All numbers are little-endian. Whatever is read is checked against named limits before anything is allocated for
 * it; what cannot be is a {@link dev.spdkio.blob.format.MalformedMetadataException}, never another exception.
 */
package dev.spdkio.blob.format;
