// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

/**
 * One zone at some moment. Stands for {@code struct spdk_bdev_zone_info}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param zone its first block, by which it is named
 * @param writePointer the block to be written next
 * @param capacity how many of its blocks can be written, from the first on
 */
public record ZoneInfo(long zone, long writePointer, long capacity, State state, Type type) {
    /** What state a zone is in. Stands for {@code enum spdk_bdev_zone_state}, in its order. */
    public enum State {
        /** Nothing is written. */
        EMPTY,
        /** Being written, opened by a write. */
        IMPLICIT_OPEN,
        /** Nothing more can be written. */
        FULL,
        /** Written in part, and nothing kept ready for more. */
        CLOSED,
        /** Can only be read. */
        READ_ONLY,
        /** Cannot even be read. */
        OFFLINE,
        /** Being written, opened by {@link ZoneAction#OPEN}. */
        EXPLICIT_OPEN,
        /** A conventional zone: it has no write pointer. */
        NO_WRITE_POINTER
    }

    /** What kind a zone is. Stands for {@code enum spdk_bdev_zone_type}. */
    public enum Type {
        /** Written anywhere. */
        CONVENTIONAL,
        /** Written at the write pointer only. */
        SEQUENTIAL_REQUIRED,
        /** Best written at the write pointer. */
        SEQUENTIAL_PREFERRED
    }
}
