// SPDX-License-Identifier: Apache-2.0
/**
 * The blobstore: a block device divided into blobs, which grow and shrink in clusters, may be thin, and have snapshots,
 * clones and attributes. Stands for {@code spdk/blob.h}; what is on the device is SPDK's format.
 *
 * <p>{@link dev.spdkio.blob.Blobstore#init} makes a store on a block device of the hub, {@link
 * dev.spdkio.blob.Blobstore#load} takes up one that is there. The store belongs to the SpdkThread for which it was
 * loaded, its <em>metadata thread</em>. {@link dev.spdkio.blob.Blobstore#createBlob} gives an identifier, {@link
 * dev.spdkio.blob.Blobstore#openBlob} a {@link dev.spdkio.blob.Blob}. Data goes over a {@link
 * dev.spdkio.blob.BlobChannel} of each thread that does I/O, in the three styles of the hub.
 *
 * <p>Three units: <em>bytes</em> of memory, <em>io units</em> of I/O, which are the blocks of the device, and
 * <em>clusters</em> of space, 1 MiB unless the store was made with others. Names of parameters say which.
 */
package dev.spdkio.blob;
