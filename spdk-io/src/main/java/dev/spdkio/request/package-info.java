// SPDX-License-Identifier: Apache-2.0
/**
 * What queues of requests do alike that are none of block devices: those of blobs and of NVMe. For the modules of
 * spdk-io.
 */
package dev.spdkio.request;
