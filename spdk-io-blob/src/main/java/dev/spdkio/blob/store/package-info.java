// SPDX-License-Identifier: Apache-2.0
/**
 * The blobstore in Java, on any block device of the hub, in SPDK's format.
 *
 * <p>{@link dev.spdkio.blob.store.Store} is what is known of the device: the super block, what is used, the blobs that
 * are in memory as {@link dev.spdkio.blob.store.BlobState}. Metadata operations run on the metadata thread one after
 * the other; each is a chain of {@link dev.spdkio.blob.store.Steps}. {@link dev.spdkio.blob.store.Persist} writes a
 * blob, {@link dev.spdkio.blob.store.Loader} reads one, {@link dev.spdkio.blob.store.Recovery} all of them after a
 * crash.
 *
 * <p>Data threads look at the {@link dev.spdkio.blob.store.View} of a blob and go to the device; a write that finds no
 * cluster asks {@link dev.spdkio.blob.store.Allocation} for one. What is taken from a view is given to others only
 * after a {@linkplain dev.spdkio.blob.store.Store#fence fence}: when no request that saw it is under way.
 *
 * <p>What differs from SPDK, and not in the format: barriers where the device has a volatile cache; what is released is
 * reused only after the metadata that released it is durable; a failed sync stays failed until one succeeds; a deleted
 * blob loses its root before its other pages; a damaged blob is set aside and reported, and the others are loaded.
 */
package dev.spdkio.blob.store;
