// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.raid.RaidSuperblock.BaseState;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who is part of an array, and what its superblock says of them. One change after the other.
 *
 * <p>Thread rule: the app thread, where the futures complete, except what says otherwise.
 */
final class RaidControl {
    private static final Logger LOG = System.getLogger(RaidControl.class.getName());

    private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

    private final RaidBdev array;
    private @Nullable RaidSuperblock sb;
    private RaidState state = RaidState.CONFIGURING;

    /** How many bases it needs to become a bdev: those that were part of it when it was last one. */
    private int expected;

    private boolean deleting;
    private boolean wipe;

    /** Losses that are not written down yet. */
    private int losses;

    /** What is done one after the other. */
    private CompletableFuture<?> tail = DONE;

    RaidControl(RaidBdev array, @Nullable RaidSuperblock sb) {
        this.array = array;
        this.sb = sb;
    }

    RaidState state() {
        return state;
    }

    @Nullable
    RaidSuperblock sb() {
        return sb;
    }

    int expected() {
        return expected;
    }

    /** It becomes a bdev when so many of its bases are there. */
    void expect(int bases) {
        expected = bases;
    }

    private List<RaidSlot> slots() {
        return array.slotList();
    }

    private String name() {
        return array.name();
    }

    /** Does one thing after the other. */
    private CompletableFuture<Void> serially(Supplier<CompletableFuture<Void>> step) {
        CompletableFuture<Void> result = tail.handle((_, _) -> true).thenCompose(_ -> step.get());
        tail = result;
        return result;
    }

    private static CompletableFuture<Void> failed(int errno, String message) {
        return CompletableFuture.failedFuture(new SpdkException(errno, message));
    }

    // ---- becoming a bdev -------------------------------------------------------------------------------------------

    /** A base is there. Becomes a bdev if it was the last one. */
    CompletableFuture<Void> baseFound(RaidSlot slot) {
        slot.configured = true;
        long found = slots().stream().filter(s -> s.configured).count();
        return found < expected ? DONE : serially(this::goOnline);
    }

    private CompletableFuture<Void> goOnline() {
        if (state != RaidState.CONFIGURING || deleting) {
            return DONE;
        }
        @Nullable RaidMember[] members = new RaidMember[slots().size()];
        boolean match;
        try {
            RaidLayout layout = array.arrange(sb);
            match = array.hasSuperblock() && (sb == null || sb.isClean());
            if (sb == null && array.hasSuperblock()) {
                sb = array.newSuperblock(layout);
            }
            for (RaidSlot slot : slots()) {
                members[slot.index] = slot.configured ? slot.enter() : null;
            }
        } catch (SpdkException e) {
            return CompletableFuture.failedFuture(e);
        }
        boolean suspect = array.level().isRedundant() && !match;
        array.setView(RaidView.of(members, suspect ? 0 : RaidView.NOTHING));
        // The number that this counts up says that it was not closed in good order, until it is.
        return record(_ -> {}).thenCompose(_ -> {
            try {
                array.register();
                state = RaidState.ONLINE;
                array.sync().begin();
                return DONE;
            } catch (SpdkException e) {
                slots().forEach(slot -> slot.member = null);
                return CompletableFuture.failedFuture(e);
            }
        });
    }

    /**
     * Writes the changed superblock to all members: to one first, so that a power cut leaves one that is whole. Members
     * that do not take it leave the array; fails only if all of them are such.
     */
    private CompletableFuture<Void> record(Consumer<RaidSuperblock> change) {
        RaidSuperblock current = sb;
        if (current == null) {
            return DONE;
        }
        change.accept(current);
        current.setSequence(current.sequence() + 1);
        byte[] bytes = current.encode();
        List<RaidSlot> members = slots().stream().filter(s -> s.member != null).toList();
        AtomicInteger good = new AtomicInteger();
        return write(members.subList(0, Math.min(1, members.size())), bytes, good)
                .thenCompose(_ -> write(members.subList(Math.min(1, members.size()), members.size()), bytes, good))
                .thenCompose(_ -> good.get() > 0
                        ? DONE
                        : failed(Errno.EIO, "raid bdev " + name() + ": no base bdev took its superblock"));
    }

    private CompletableFuture<Void> write(List<RaidSlot> to, byte[] bytes, AtomicInteger good) {
        return CompletableFuture.allOf(to.stream()
                .map(slot -> {
                    RaidMember member = Objects.requireNonNull(slot.member);
                    return array.resets()
                            .retried(() -> SuperblockIo.write(slot.channel(), bytes))
                            .handle((_, failure) -> {
                                if (failure == null) {
                                    good.incrementAndGet();
                                } else {
                                    array.failed(member, "superblock: " + failure.getMessage());
                                }
                                return true;
                            });
                })
                .toArray(CompletableFuture[]::new));
    }

    // ---- losing a base ---------------------------------------------------------------------------------------------

    void baseEvent(RaidSlot slot, BdevEvent event, BaseBdev base) {
        if (slot.isEmpty() || slot.base() != base) {
            return;
        }
        RaidMember member = slot.member;
        if (event == BdevEvent.RESIZED) {
            resize();
        } else if (state != RaidState.ONLINE || member == null) {
            var _ = slot.release();
        } else if (!array.bdevs().isClosing()) {
            var _ = lose(member, BaseState.MISSING, "it was removed");
        }
    }

    /** A member leaves: nobody uses it any more, that is written down, and only then waiting writes end. */
    CompletableFuture<Void> lose(RaidMember member, BaseState as, String why) {
        RaidSlot slot = array.slot(member.slot());
        if (slot.member != member || state == RaidState.OFFLINE) {
            return DONE;
        }
        losses++; // before it is online too: it may be just becoming that
        return serially(() -> {
            losses--;
            if (slot.member != member || state != RaidState.ONLINE) {
                return state == RaidState.ONLINE ? settle() : DONE;
            }
            LOG.log(Level.WARNING, "raid bdev {0} loses {1}: {2}", name(), member, why);
            RaidView view = array.view();
            boolean inSync = view.target() != slot.index;
            if (inSync && view.inSync() - 1 < array.level().minOperational(slots().size())) {
                return goOffline();
            }
            return array.publish(v -> v.without(member))
                    .thenCompose(_ -> {
                        var _ = slot.release();
                        slot.forget();
                        array.sync().memberGone(member);
                        return record(known -> known.lose(slot.index, as));
                    })
                    .thenCompose(_ -> settle())
                    .exceptionallyCompose(failure -> {
                        LOG.log(Level.ERROR, "raid bdev " + name() + " cannot write down a loss", failure);
                        return goOffline();
                    });
        });
    }

    /** Lets waiting writes end, unless more is to be written down. */
    private CompletableFuture<Void> settle() {
        return losses > 0 ? DONE : array.publish(RaidView::withSettled);
    }

    private CompletableFuture<Void> goOffline() {
        LOG.log(Level.ERROR, "raid bdev {0} goes offline: too few of its base bdevs are left", name());
        state = RaidState.OFFLINE;
        var _ = array.sync().stop();
        return array.publish(v -> v.withOffline().withSettled()).thenAccept(_ -> {
            Bdev bdev = array.bdev();
            if (bdev != null && bdev.isRegistered()) {
                var _ = array.bdevs().unregister(bdev);
            }
        });
    }

    /** A base is taken out. Completes when it is free. */
    CompletableFuture<Void> remove(RaidSlot slot) {
        RaidMember member = slot.member;
        if (state != RaidState.ONLINE || member == null) {
            return slot.release();
        }
        CompletableFuture<Void> free = array.onApp(member.base().desc().closed());
        return lose(member, BaseState.MISSING, "it was taken out").thenCompose(_ -> free);
    }

    private void resize() {
        if (state == RaidState.ONLINE && array.resize()) {
            long blocks = array.layout().blockCount();
            var _ = serially(() -> record(known -> {
                known.setRaidBlocks(blocks);
                slots().forEach(slot -> known.setDataBlocks(slot.index, slot.blocks));
            }));
        }
    }

    // ---- getting one -----------------------------------------------------------------------------------------------

    /** A base that is open is taken in, and rebuilt. */
    CompletableFuture<Void> takeIn(RaidSlot slot) {
        return serially(() -> {
            if (state != RaidState.ONLINE) {
                return failed(Errno.EPERM, "raid bdev " + name() + " is " + state.jsonName() + ": it takes in nobody");
            }
            if (array.sync().isRebuilding()) {
                return failed(Errno.EPERM, "raid bdev " + name() + " rebuilds another base bdev: wait for that");
            }
            long suspect = array.view().suspectFrom();
            if (array.level() == RaidLevel.RAID5F && suspect < array.layout().blockCount()) {
                return failed(
                        Errno.EIO,
                        "raid bdev " + name() + " was not closed in good order and lost a base: from block " + suspect
                                + " on the others may not tell what that had; save what can be read, and make it anew");
            }
            slot.configured = true;
            RaidMember member = slot.enter();
            return array.publish(v -> v.withTarget(member))
                    .thenAccept(_ -> array.sync().rebuild(member));
        });
    }

    /** The target has everything: it is a member like the others, now and after the next start. */
    CompletableFuture<Void> rebuilt(RaidMember member) {
        RaidSlot slot = array.slot(member.slot());
        return serially(() -> {
            if (slot.member != member || state != RaidState.ONLINE) {
                return DONE;
            }
            return array.resets()
                    .retried(() -> SuperblockIo.flush(slot.channel()))
                    .thenCompose(_ -> record(known -> {
                        known.setBase(slot.index, member.base().bdev().uuid(), slot.offset, slot.blocks);
                        known.setState(slot.index, BaseState.CONFIGURED);
                    }))
                    .thenCompose(_ -> array.publish(RaidView::withTargetDone));
        });
    }

    // ---- the end ---------------------------------------------------------------------------------------------------

    /** Begins to delete it. Completes when it is gone. */
    CompletableFuture<Void> delete(boolean clearSuperblock) {
        deleting = true;
        wipe = clearSuperblock;
        // It may be just becoming a bdev.
        return serially(() -> DONE).thenCompose(_ -> {
            Bdev bdev = array.bdev();
            if (bdev == null) {
                return serially(this::end);
            }
            return array.onApp(bdev.isRegistered() ? array.bdevs().unregister(bdev) : bdev.gone());
        });
    }

    /** It is no bdev any more. */
    CompletableFuture<Void> unregistered(Supplier<CompletableFuture<Void>> channelsGone) {
        return serially(
                () -> array.sync().stop().thenCompose(_ -> channelsGone.get()).thenCompose(_ -> end()));
    }

    /** Nobody uses it: leaves the bases as they are to be found, and lets them go. */
    private CompletableFuture<Void> end() {
        boolean wasOnline = state == RaidState.ONLINE;
        CompletableFuture<Void> last = sb == null ? DONE : wipe ? wipe() : wasOnline ? closeWell() : DONE;
        return last.handle((_, failure) -> {
                    if (failure != null) {
                        LOG.log(Level.WARNING, "raid bdev " + name() + " was not closed in good order", failure);
                    }
                    state = RaidState.OFFLINE;
                    array.gone();
                    if (wasOnline || deleting) {
                        array.arrays().forget(array);
                    }
                    return true;
                })
                .thenCompose(_ -> CompletableFuture.allOf(
                        slots().stream().map(RaidSlot::release).toArray(CompletableFuture[]::new)));
    }

    private CompletableFuture<Void> wipe() {
        byte[] zeroes = new byte[Objects.requireNonNull(sb).length()];
        sb = null;
        return CompletableFuture.allOf(slots().stream()
                .filter(slot -> !slot.isEmpty())
                .map(slot -> SuperblockIo.write(slot.channel(), zeroes))
                .toArray(CompletableFuture[]::new));
    }

    /** Says that the members match each other, after what was written to them has been made to last. */
    private CompletableFuture<Void> closeWell() {
        return CompletableFuture.allOf(slots().stream()
                        .filter(slot -> slot.member != null)
                        .map(slot -> SuperblockIo.flush(slot.channel()))
                        .toArray(CompletableFuture[]::new))
                .thenCompose(_ -> record(known -> {
                    RaidView view = array.view();
                    if (view.suspectFrom() >= array.layout().blockCount() && view.settled()) {
                        known.setCleanSequence(known.sequence() + 1);
                    }
                }));
    }
}
