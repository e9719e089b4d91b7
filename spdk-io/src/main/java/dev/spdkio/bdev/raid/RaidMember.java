// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BaseBdev;

/**
 * A base in its slot, from when the array takes it in until it lets it go; if it comes again, it is another member.
 *
 * @param slot its place in the array
 * @param base the device
 * @param offset the block of the device where its data begins
 */
record RaidMember(int slot, BaseBdev base, long offset) {
    @Override
    public boolean equals(Object o) {
        return this == o;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    @Override
    public String toString() {
        return "base bdev " + base.bdev().name() + " in slot " + slot;
    }
}
