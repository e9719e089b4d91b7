// SPDX-License-Identifier: Apache-2.0
/**
 * The exceptions that every part of the library speaks.
 *
 * <p>{@link dev.spdkio.error.SpdkException} is the checked family at the edge: an operation was tried and failed.
 * Misuse is unchecked: {@link java.lang.IllegalArgumentException}, {@link java.lang.IllegalStateException}, {@link
 * java.lang.WrongThreadException}, and {@link dev.spdkio.error.LimitExceededException} where a named bound was hit.
 */
package dev.spdkio.error;
