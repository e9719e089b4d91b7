// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the channels of an array have to know: made on the app thread, then {@linkplain RaidChannel#apply applied} by
 * each channel on its thread.
 *
 * @param members by slot; null where there is none
 * @param target the slot of the member that is being rebuilt, or -1
 * @param targetEnd the blocks of the array before this one may be read from it
 * @param suspectFrom from this block of the array on, its bases may not match each other
 * @param lockFirst the first block that must not be changed now
 * @param lockEnd the first block behind those
 * @param settled whether the array has written down whom it lost
 * @param offline whether it has too few members
 */
record RaidView(
        List<@Nullable RaidMember> members,
        int target,
        long targetEnd,
        long suspectFrom,
        long lockFirst,
        long lockEnd,
        boolean settled,
        boolean offline) {
    static final long NOTHING = Long.MAX_VALUE;

    /** A whole array that is at rest. */
    static RaidView of(@Nullable RaidMember[] members, long suspectFrom) {
        return new RaidView(asList(members), -1, 0, suspectFrom, 0, 0, true, false);
    }

    private static List<@Nullable RaidMember> asList(@Nullable RaidMember[] members) {
        return Arrays.asList(members.clone());
    }

    boolean has(RaidMember member) {
        return members.get(member.slot()) == member;
    }

    private RaidView with(int slot, @Nullable RaidMember member, int newTarget) {
        @Nullable RaidMember[] changed = members.toArray(new RaidMember[0]);
        changed[slot] = member;
        return new RaidView(asList(changed), newTarget, 0, suspectFrom, lockFirst, lockEnd, settled, offline);
    }

    /** With a member that has nothing yet. */
    RaidView withTarget(RaidMember member) {
        return with(member.slot(), member, member.slot());
    }

    /** Without a member, which is not yet written down. */
    RaidView without(RaidMember member) {
        RaidView rest = with(member.slot(), null, target == member.slot() ? -1 : target);
        return new RaidView(
                rest.members,
                rest.target,
                rest.target < 0 ? 0 : targetEnd,
                suspectFrom,
                lockFirst,
                lockEnd,
                false,
                offline);
    }

    /** The target has everything. */
    RaidView withTargetDone() {
        return new RaidView(members, -1, 0, suspectFrom, lockFirst, lockEnd, settled, offline);
    }

    RaidView withTargetEnd(long end) {
        return new RaidView(members, target, end, suspectFrom, lockFirst, lockEnd, settled, offline);
    }

    RaidView withSuspectFrom(long block) {
        return new RaidView(members, target, targetEnd, block, lockFirst, lockEnd, settled, offline);
    }

    RaidView withLock(long first, long end) {
        return new RaidView(members, target, targetEnd, suspectFrom, first, end, settled, offline);
    }

    boolean isLocked() {
        return lockEnd > lockFirst;
    }

    RaidView withSettled() {
        return new RaidView(members, target, targetEnd, suspectFrom, lockFirst, lockEnd, true, offline);
    }

    RaidView withOffline() {
        return new RaidView(members, target, targetEnd, suspectFrom, lockFirst, lockEnd, settled, true);
    }

    /** The member in a slot, which has one. */
    RaidMember member(int slot) {
        return Objects.requireNonNull(members.get(slot));
    }

    /** How many members have all of their data. */
    int inSync() {
        int count = 0;
        for (int slot = 0; slot < members.size(); slot++) {
            count += members.get(slot) != null && slot != target ? 1 : 0;
        }
        return count;
    }
}
