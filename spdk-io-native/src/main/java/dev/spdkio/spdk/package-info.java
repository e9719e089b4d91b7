// SPDX-License-Identifier: Apache-2.0
/**
 * SPDK itself, driven from Java.
 */
package dev.spdkio.spdk;
