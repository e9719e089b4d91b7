// SPDX-License-Identifier: Apache-2.0
/**
 * Deterministic simulation of a blobstore: {@link dev.spdkio.testkit.blobsim.BlobSimulation} makes a store on a device
 * that answers late, out of order, out of room or with failures, does random I/O from several SpdkThreads while blobs
 * are made, resized, snapshotted, inflated and deleted, and checks what is read against a model; at the end, after a
 * load, and on what the device had at some moment in between.
 *
 * <p>Reading order: {@code Known} (what a blob may hold), {@code Disk} (the device), {@code BlobWorld} (the stage),
 * {@code Doings} (what happens), {@link dev.spdkio.testkit.blobsim.BlobSimulation} (the run, and the checks).
 */
@NullMarked
package dev.spdkio.testkit.blobsim;

import org.jspecify.annotations.NullMarked;
