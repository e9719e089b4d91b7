// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;

/** What a device does that wants to know its descriptors: implemented beside {@link BdevOps}. */
public interface DescOps {
    /**
     * A descriptor is opened. On the thread that opens it, which does not exit before it is closed; must not block.
     *
     * @return a number of the device's own, which {@link BdevIo#descHandle} gives for I/O of that descriptor
     * @throws SpdkException if the device cannot be opened so
     */
    long openDesc(OpenMode mode) throws SpdkException;

    /**
     * A descriptor claims the device, which nobody else in the hub stands against; one for reading becomes one for
     * writing if the {@linkplain ClaimType claim} is a writer's. On the thread that opened it; must not block.
     *
     * @throws SpdkException EPERM if somebody outside the hub stands against it
     */
    void claimDesc(long handle, Claim claim) throws SpdkException;

    /** A descriptor gives its claim up, and stays open. On the thread that opened it; must not block. */
    void releaseClaim(long handle);

    /** A descriptor is closed: none of its I/O is under way. On the thread that opened it; must not block. */
    void closeDesc(long handle);
}
