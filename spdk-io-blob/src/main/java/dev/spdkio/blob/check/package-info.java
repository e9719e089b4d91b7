// SPDX-License-Identifier: Apache-2.0
/**
 * Looks at a store that nobody has loaded, in whatever state it is, and mends it: {@link
 * dev.spdkio.blob.check.BlobstoreCheck} reads everything and writes nothing, and its {@link
 * dev.spdkio.blob.check.CheckReport} says what is wrong, what that costs, and what a repair would do, step by step.
 *
 * <p>It goes by the code that loads a store, so that it tells of each blob what a load would.
 */
package dev.spdkio.blob.check;
