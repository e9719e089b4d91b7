// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

/** What a blob shows where it has no clusters: another blob, a device, or, if there is none, zeroes. */
sealed interface Backing permits BlobState, ExternalDevice {}
