// SPDX-License-Identifier: Apache-2.0
/**
 * What stands behind the interfaces of {@link dev.spdkio.blob}: for those who write a blobstore.
 */
package dev.spdkio.blob.spi;
