// SPDX-License-Identifier: Apache-2.0
/**
 * SPDK's blobstore behind the interfaces of {@link dev.spdkio.blob}.
 *
 * <p>SPDK checks little. What would end the process there, or lose data, is kept from happening here: a wrong thread, a
 * blob that is closed while I/O on it is under way, one that is opened while it is deleted, a channel that is freed
 * under others of its thread, a snapshot of a blob whose size is not durable. Callbacks of SPDK, which may come inside
 * the call, only note down what has ended.
 */
package dev.spdkio.spdk.blob;
