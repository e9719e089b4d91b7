// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.check;

import dev.spdkio.blob.BlobId;
import org.jspecify.annotations.Nullable;

/**
 * Something that was found.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param severity how bad it is
 * @param subject what it is about
 * @param blob the blob it is about, or null
 * @param first the first metadata page or cluster, as {@code subject} says; 0 if {@code count} is
 * @param count how many there are from there on
 * @param text what is wrong, for people
 * @param remedy what mends it
 */
public record Finding(
        Severity severity,
        Subject subject,
        @Nullable BlobId blob,
        long first,
        long count,
        String text,
        Remedy remedy) {}
