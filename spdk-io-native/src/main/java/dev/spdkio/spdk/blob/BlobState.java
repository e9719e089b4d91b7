// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

/**
 * A {@code struct spdk_blob}, which all openings of a blob share, with what other threads may know of it.
 *
 * <p>Thread rule: the metadata thread writes, any thread reads.
 */
final class BlobState {
    final long pointer;
    int openings;
    volatile long clusters;
    volatile boolean readOnly;

    BlobState(long pointer) {
        this.pointer = pointer;
    }
}
