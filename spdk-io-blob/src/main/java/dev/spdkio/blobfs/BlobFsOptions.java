// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.blob.BlobstoreOptions;
import java.util.Objects;

/**
 * How a file system is to be. Stands for {@code struct spdk_blobfs_opts} and {@code spdk_fs_set_cache_size}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param store how its blobstore is to be made; its type is set
 * @param cacheBytes the most memory of the cache, which is taken from the application's pool as it is needed, in
 *     buffers of {@link #BUFFER_BYTES}
 * @param readAhead buffers that are read before they are asked for, when a file is read in order; at most a quarter of
 *     the cache
 * @param lanes SpdkThreads over which requests are spread; 0 for one a reactor
 */
public record BlobFsOptions(BlobstoreOptions store, long cacheBytes, int readAhead, int lanes) {
    /** Bytes of a buffer of the cache. */
    public static final int BUFFER_BYTES = 256 << 10;

    /** The fewest bytes of the cache. */
    public static final long MIN_CACHE_BYTES = 8L * BUFFER_BYTES;

    /** The most buffers read ahead. */
    public static final int MAX_READ_AHEAD = 64;

    /** Clusters of 1 MiB, a cache of 64 MiB, sixteen buffers read ahead, a lane on each reactor. */
    public static final BlobFsOptions DEFAULT = new BlobFsOptions(BlobstoreOptions.DEFAULT, 64 << 20, 16, 0);

    /** Checks the ranges. */
    public BlobFsOptions {
        Objects.requireNonNull(store, "store");
        if (cacheBytes < MIN_CACHE_BYTES || cacheBytes / BUFFER_BYTES > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("cacheBytes " + cacheBytes + ": at least " + MIN_CACHE_BYTES);
        }
        if (readAhead < 0 || readAhead > MAX_READ_AHEAD) {
            throw new IllegalArgumentException("readAhead " + readAhead + ": 0 to " + MAX_READ_AHEAD);
        }
        if (lanes < 0) {
            throw new IllegalArgumentException("lanes " + lanes + " is negative");
        }
    }

    /** The same with another blobstore. */
    public BlobFsOptions withStore(BlobstoreOptions value) {
        return new BlobFsOptions(value, cacheBytes, readAhead, lanes);
    }

    /** The same with clusters of another size, in bytes. */
    public BlobFsOptions withClusterSize(int value) {
        return withStore(store.withClusterSize(value));
    }

    /** The same with another cache. */
    public BlobFsOptions withCacheBytes(long value) {
        return new BlobFsOptions(store, value, readAhead, lanes);
    }

    /** The same with another read-ahead. */
    public BlobFsOptions withReadAhead(int value) {
        return new BlobFsOptions(store, cacheBytes, value, lanes);
    }

    /** The same with other lanes. */
    public BlobFsOptions withLanes(int value) {
        return new BlobFsOptions(store, cacheBytes, readAhead, value);
    }
}
