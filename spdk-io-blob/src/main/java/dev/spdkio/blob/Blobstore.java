// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob;

import dev.spdkio.SpdkApp;
import dev.spdkio.blob.spi.BlobstoreProvider;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A loaded blobstore. Stands for {@code struct spdk_blob_store}.
 *
 * <p>It has the block device to itself until it is unloaded. Metadata operations run on its thread, some at a time as
 * {@link BlobstoreOptions#maxMetadataOps} says, in the order in which they came; they fail with an
 * {@link SpdkException}: ENOENT if there is no such blob, EBUSY if an operation on a blob is under way that excludes
 * this one, ENOSPC if there are no clusters left, ENOMEM if there is no metadata page left, EIO if the device fails;
 * with {@link LimitExceededException} if too many wait; with {@link IllegalStateException} if the store is unloaded.
 *
 * <p>A store that is still loaded when the application stops is unloaded then, with its blobs closed.
 *
 * <p>Thread rule: methods with futures from any thread, and so those that say any thread; the others on
 * {@link #thread}. Futures complete there.
 */
public interface Blobstore {
    /**
     * Makes a new store on a block device, whose content is lost; {@code spdk_bs_init}.
     *
     * @param thread the metadata thread, which lives until the store is unloaded
     * @param bdev the name of a block device of the application, which nobody else may have open for writing
     * @return fails with ENODEV if there is no such device, EPERM if it is in use, ENOSPC or ENOMEM if it is too small,
     *     ENOSYS if the application's engine has no blobstore
     */
    static CompletableFuture<Blobstore> init(SpdkApp app, SpdkThread thread, String bdev, BlobstoreOptions options) {
        return BlobstoreProvider.open(app, thread, bdev, BlobstoreProvider.Mode.INIT, options);
    }

    /**
     * Loads the store of a block device; {@code spdk_bs_load}. After a crash its metadata is recovered.
     *
     * @return fails as {@link #init}, and with EILSEQ if there is no store that can be read, ENXIO if it has another
     *     type
     */
    static CompletableFuture<Blobstore> load(SpdkApp app, SpdkThread thread, String bdev, BlobstoreOptions options) {
        return BlobstoreProvider.open(app, thread, bdev, BlobstoreProvider.Mode.LOAD, options);
    }

    /** {@link #load}, growing the store to the size of its device; {@code spdk_bs_grow}. Fails with ENOSPC too. */
    static CompletableFuture<Blobstore> grow(SpdkApp app, SpdkThread thread, String bdev, BlobstoreOptions options) {
        return BlobstoreProvider.open(app, thread, bdev, BlobstoreProvider.Mode.GROW, options);
    }

    // ---- what it is -----------------------------------------------------------------------------------------------

    /** The metadata thread. Any thread. */
    SpdkThread thread();

    /** The name of its block device. Any thread. */
    String bdevName();

    /** How it is used. Any thread. */
    BlobstoreOptions options();

    /** Whether it is loaded, and not about to be unloaded. Any thread. */
    boolean isLoaded();

    /** Bytes of a cluster; {@code spdk_bs_get_cluster_size}. Any thread. */
    long clusterSize();

    /** Bytes of an io unit; {@code spdk_bs_get_io_unit_size}. Any thread. */
    int ioUnitSize();

    /** Bytes of a page of metadata; {@code spdk_bs_get_page_size}. Any thread. */
    int metadataPageSize();

    /** Io units of a cluster. Any thread. */
    default long ioUnitsPerCluster() {
        return clusterSize() / ioUnitSize();
    }

    /** Clusters that no blob has; {@code spdk_bs_free_cluster_count}. */
    long freeClusters();

    /** Clusters that blobs have or can have; {@code spdk_bs_total_data_cluster_count}. */
    long totalClusters();

    /** How large it can grow, in bytes; empty where SPDK cannot say; {@code spdk_bs_get_max_growable_size}. */
    OptionalLong maxGrowableSize();

    /** What it is for; {@code spdk_bs_get_bstype}. */
    String type();

    /** Completes when its device is about to be removed: unload it then. Any thread. */
    CompletableFuture<Void> deviceRemoved();

    // ---- blobs ----------------------------------------------------------------------------------------------------

    /** The blobs that can be read, in the order of their identifiers; {@code spdk_bs_iter_first} and on. */
    List<BlobId> blobIds();

    /**
     * The blobs that are damaged and were set aside, with what is wrong with each, in the order of their identifiers.
     * SPDK's blobstore tells none.
     */
    default Map<BlobId, String> damagedBlobs() {
        return Map.of();
    }

    /** Creates a blob; {@code spdk_bs_create_blob_ext}. */
    CompletableFuture<BlobId> createBlob(BlobOptions options);

    /** Opens a blob; {@code spdk_bs_open_blob}. Fails with ENODEV if the device it stands on is not there. */
    default CompletableFuture<Blob> openBlob(BlobId id) {
        return openBlob(id, ClearMethod.DEFAULT);
    }

    /**
     * Opens a blob; {@code spdk_bs_open_blob_ext}.
     *
     * @param clear what is done with its clusters when they are given back, if it is not open already
     */
    CompletableFuture<Blob> openBlob(BlobId id, ClearMethod clear);

    /**
     * Deletes a blob; {@code spdk_bs_delete_blob}. Fails with EBUSY if it is open, or has more than one clone. The
     * clone of a snapshot that is deleted gets its clusters; if it has another size by now, that can fail with EINVAL:
     * inflate it first.
     */
    CompletableFuture<Void> deleteBlob(BlobId id);

    /**
     * Makes a read-only snapshot of a blob, which becomes its clone; {@code spdk_bs_create_snapshot}. I/O on the blob
     * waits meanwhile. Fails with EINVAL if the blob is read-only.
     *
     * @param xattrs attributes of the snapshot
     */
    CompletableFuture<BlobId> createSnapshot(BlobId id, Map<String, byte[]> xattrs);

    /**
     * Makes a thin blob that shows what a read-only one has until it is written; {@code spdk_bs_create_clone}. Fails
     * with EINVAL if the blob is not read-only.
     *
     * @param xattrs attributes of the clone
     */
    CompletableFuture<BlobId> createClone(BlobId id, Map<String, byte[]> xattrs);

    /** The snapshot that a blob stands on; {@code spdk_blob_get_parent_snapshot}. */
    Optional<BlobId> parentSnapshot(BlobId id);

    /** The clones that stand on a snapshot; {@code spdk_blob_get_clones}. */
    List<BlobId> clones(BlobId id);

    /** Gives a blob all its clusters, so that it stands on nothing; {@code spdk_bs_inflate_blob}. */
    CompletableFuture<Void> inflate(BlobId id);

    /**
     * Gives a blob what its parent has, so that it stands on the parent's parent; {@code
     * spdk_bs_blob_decouple_parent}. Fails with EINVAL if it has none, or one that is smaller: inflate it then.
     */
    CompletableFuture<Void> decoupleParent(BlobId id);

    /**
     * Puts a thin blob on a snapshot of the same size; {@code spdk_bs_blob_set_parent}. Fails with EEXIST if it stands
     * there already, EINVAL if one of them is not as it must be.
     */
    CompletableFuture<Void> setParent(BlobId id, BlobId snapshot);

    /**
     * Puts a thin blob on a block device whose size is a multiple of the cluster size; {@code
     * spdk_bs_blob_set_external_parent}. Fails as {@link #setParent}, and with ENODEV if the device is not there.
     *
     * @param bdev the name of the device
     */
    CompletableFuture<Void> setExternalParent(BlobId id, String bdev);

    /**
     * Writes the clusters that are a read-only blob's own to a block device, at the same places; {@code
     * spdk_bs_blob_shallow_copy}. Fails with EPERM if the blob is not read-only, EINVAL if the device is smaller or has
     * other blocks.
     *
     * @param bdev the name of the device
     * @param progress is told on {@link #thread} how many clusters are copied; null for nobody
     */
    CompletableFuture<Void> shallowCopy(BlobId id, String bdev, @Nullable LongConsumer progress);

    /** The blob that the application finds its way from; {@code spdk_bs_get_super}. */
    CompletableFuture<Optional<BlobId>> superBlob();

    /** Says which blob that is, durably; null for none; {@code spdk_bs_set_super}. */
    CompletableFuture<Void> setSuperBlob(@Nullable BlobId id);

    // ---- data -----------------------------------------------------------------------------------------------------

    /**
     * Opens a channel for I/O of the calling SpdkThread, any; {@code spdk_bs_alloc_io_channel}.
     *
     * @throws IllegalStateException if the store is unloaded
     * @throws WrongThreadException if the caller does not run as an SpdkThread
     */
    BlobChannel openChannel();

    // ---- the end, and more room -----------------------------------------------------------------------------------

    /**
     * Takes up what its device has grown by; {@code spdk_bs_grow_live}. Fails with ENOSPC if the metadata has no room
     * for more clusters.
     */
    CompletableFuture<Void> growLive();

    /**
     * Closes its channels, writes the metadata and gives the device back; {@code spdk_bs_unload}. Fails with EBUSY if
     * blobs are open; with EIO it is unloaded, and will be recovered when it is loaded.
     */
    CompletableFuture<Void> unload();

    /** {@link #unload}, so that it can never be loaded again; {@code spdk_bs_destroy}. */
    CompletableFuture<Void> destroy();
}
