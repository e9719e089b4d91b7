// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob;

import dev.spdkio.error.SpdkException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * An open blob. Stands for {@code struct spdk_blob}. A blob may be open several times; each time is closed by itself,
 * and all see the same state.
 *
 * <p>What changes its attributes or flags is durable after {@link #sync}, or after the last {@link #close}.
 *
 * <p>Futures fail with an {@link SpdkException}: EBUSY if an operation on the blob is under way that excludes this one,
 * ENOSPC if the store has no room, EIO if the device fails; with {@link IllegalStateException} if it is closed.
 *
 * <p>Thread rule: methods with futures from any thread; the others on the metadata thread, {@link Blobstore#thread},
 * except where they say any thread.
 */
public interface Blob {
    /** The store. Any thread. */
    Blobstore store();

    /** What it is known by; {@code spdk_blob_get_id}. Any thread. */
    BlobId id();

    /** Whether it was not closed. Any thread. */
    boolean isOpen();

    /** Its size in clusters; {@code spdk_blob_get_num_clusters}. Any thread. */
    long clusters();

    /** Its size in io units; {@code spdk_blob_get_num_io_units}. Any thread. */
    default long ioUnits() {
        return clusters() * store().ioUnitsPerCluster();
    }

    /** Whether neither data nor metadata can be changed; {@code spdk_blob_is_read_only}. Any thread. */
    boolean isReadOnly();

    /** The clusters that are its own; {@code spdk_blob_get_num_allocated_clusters}. */
    long allocatedClusters();

    /**
     * The first io unit from {@code offset} on that lies in a cluster of its own; {@code
     * spdk_blob_get_next_allocated_io_unit}.
     *
     * @param offset in io units
     */
    OptionalLong nextAllocated(long offset);

    /**
     * The first io unit from {@code offset} on that lies in no cluster of its own; {@code
     * spdk_blob_get_next_unallocated_io_unit}.
     *
     * @param offset in io units
     */
    OptionalLong nextUnallocated(long offset);

    /** Whether clusters are taken only when they are written; {@code spdk_blob_is_thin_provisioned}. */
    boolean isThin();

    /** Whether clones stand on it; {@code spdk_blob_is_snapshot}. */
    boolean isSnapshot();

    /** Whether it stands on a snapshot; {@code spdk_blob_is_clone}. */
    boolean isClone();

    /** The block device it stands on, if it does; {@code spdk_blob_get_esnap_id}. */
    Optional<String> externalSnapshot();

    /** Whether a device it stands on has failed; {@code spdk_blob_is_degraded}. */
    boolean isDegraded();

    /**
     * Gives it another size; {@code spdk_blob_resize}. New clusters hold what the device has there; in a thin blob
     * what it stands on, or zeroes. Those cut off are free. The new size is durable, and with it what {@link #sync}
     * makes so.
     *
     * @param clusters in clusters
     * @return fails with EPERM if it is read-only
     */
    CompletableFuture<Void> resize(long clusters);

    /** Makes it read-only, from the next {@link #sync} on and for ever; {@code spdk_blob_set_read_only}. */
    void setReadOnly();

    /** Makes changes durable; {@code spdk_blob_sync_md}. */
    CompletableFuture<Void> sync();

    /** The names of its attributes; {@code spdk_blob_get_xattr_names}. */
    List<String> xattrNames();

    /**
     * A copy of the value of an attribute, or null; {@code spdk_blob_get_xattr_value}. What another program set may
     * have any name that {@link Xattrs#checkName} allows, and no value.
     */
    byte @Nullable [] xattr(String name);

    /**
     * Sets an attribute; {@code spdk_blob_set_xattr}.
     *
     * @param value 1 to {@link Xattrs#MAX_BYTES} bytes with the name
     * @throws SpdkException EPERM if the blob is read-only
     * @throws IllegalArgumentException if it is too large, or the name is one of the blobstore's own
     */
    void setXattr(String name, byte[] value) throws SpdkException;

    /**
     * Removes an attribute; {@code spdk_blob_remove_xattr}.
     *
     * @throws SpdkException ENOENT if there is none, EPERM if the blob is read-only
     */
    void removeXattr(String name) throws SpdkException;

    /**
     * Syncs and closes it; {@code spdk_blob_close}. It takes no more I/O at once; what is under way on it, on all
     * channels, is waited for. Idempotent: all calls give the same end. If that is a failure, the store has it still,
     * and another call tries again.
     */
    CompletableFuture<Void> close();
}
