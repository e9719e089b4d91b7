// SPDX-License-Identifier: Apache-2.0
/**
 * SPDK's NVMe driver behind the interfaces of {@link dev.spdkio.nvme}.
 *
 * <p>A controller is driven by the SpdkThread that connected it, each queue pair by its own. SPDK guards a controller
 * with a lock, which the OS thread that makes its connections again holds all the while: therefore everything that
 * takes it on another thread (making and freeing a queue pair) is done in an answer to a message of the controller's
 * thread, which counts the answers before it goes on.
 */
package dev.spdkio.spdk.nvme;
