// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.raid.RaidSuperblock.BaseState;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The arrays of an application: those that are bdevs, and those that wait for bases. Stands for
 * {@code module/bdev/raid/bdev_raid.c}.
 *
 * <p>Thread rule: the app thread, where the futures complete.
 */
public final class RaidArrays {
    private static final Logger LOG = System.getLogger(RaidArrays.class.getName());

    private final BdevManager bdevs;
    private final List<RaidBdev> arrays = new ArrayList<>();
    private RaidOptions options = RaidOptions.DEFAULT;

    /** No arrays yet. */
    public RaidArrays(BdevManager bdevs) {
        this.bdevs = Objects.requireNonNull(bdevs, "bdevs");
    }

    BdevManager bdevs() {
        return bdevs;
    }

    /** How arrays copy in the background. */
    public RaidOptions options() {
        return options;
    }

    /** Changes that, for the ranges that follow; {@code bdev_raid_set_options}. */
    public void setOptions(RaidOptions value) {
        options = Objects.requireNonNull(value, "options");
    }

    /** The arrays, in the order in which they were made. */
    public List<RaidBdev> list() {
        return List.copyOf(arrays);
    }

    void forget(RaidBdev array) {
        arrays.remove(array);
    }

    private @Nullable RaidBdev byUuid(UUID uuid) {
        return arrays.stream().filter(a -> a.uuid().equals(uuid)).findFirst().orElse(null);
    }

    private RaidBdev require(String name) throws SpdkException {
        for (RaidBdev array : arrays) {
            if (array.name().equals(name)) {
                return array;
            }
        }
        throw new SpdkException(Errno.ENODEV, "there is no raid bdev " + name);
    }

    /**
     * Makes an array, which becomes a bdev as soon as all of its bases are there: now, if they are.
     *
     * @return completes with the array when the bases that are there are part of it; fails, and leaves nothing, with
     *     EEXIST if the name is taken or a base belongs to another array, EPERM if a base is claimed, EINVAL if it does
     *     not fit
     */
    public CompletableFuture<RaidBdev> create(RaidBdevOptions wanted) {
        boolean taken = arrays.stream().anyMatch(a -> a.name().equals(wanted.name()));
        if (taken || bdevs.lookup(wanted.name()) != null) {
            return failed(Errno.EEXIST, "there is a bdev " + wanted.name() + " already: choose another name");
        }
        RaidBdev array = new RaidBdev(this, wanted);
        arrays.add(array);
        List<CompletableFuture<?>> bases = new ArrayList<>();
        for (RaidSlot slot : array.slotList()) {
            if (bdevs.lookup(Objects.requireNonNull(slot.name)) != null) {
                bases.add(takeNew(array, slot));
            }
        }
        return all(bases)
                .thenApply(_ -> array)
                .exceptionallyCompose(failure -> array.control().delete(false).handle((_, _) -> {
                    forget(array);
                    throw new CompletionException(failure);
                }));
    }

    /** The first failure ends it badly, but only when all are over. */
    private static CompletableFuture<Void> all(List<CompletableFuture<?>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    }

    private static <T> CompletableFuture<T> failed(int errno, String message) {
        return CompletableFuture.failedFuture(new SpdkException(errno, message));
    }

    /** Takes in a base that was named, once it is known that it belongs to no other array. */
    private CompletableFuture<Void> takeNew(RaidBdev array, RaidSlot slot) {
        try {
            slot.open();
        } catch (SpdkException | RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
        return SuperblockIo.read(slot.channel())
                .exceptionally(RaidArrays::noneIfBad)
                .thenCompose(found -> {
                    if (slot.isEmpty()) {
                        return failed(
                                Errno.ENODEV, "raid bdev " + array.name() + ": base bdev " + slot.name + " went away");
                    }
                    if (found == null) {
                        return taken(array, slot);
                    }
                    if (found.uuid().equals(array.uuid()) && array.sb() != null) {
                        Bdev again = slot.base().bdev();
                        return slot.release().thenCompose(_ -> {
                            slot.forget();
                            return assemble(found, again);
                        });
                    }
                    return failed(
                            Errno.EEXIST,
                            "base bdev " + slot.name + " belongs to raid bdev " + found.name()
                                    + " by its superblock: delete that with clear_sb first");
                })
                .exceptionallyCompose(failure -> undo(slot, failure));
    }

    /** A bad superblock is none, as in SPDK; a device that cannot be read is another matter. */
    private static @Nullable RaidSuperblock noneIfBad(Throwable failure) {
        Throwable cause = failure instanceof CompletionException e && e.getCause() != null ? e.getCause() : failure;
        if (cause instanceof SpdkException e && e.errno() == Errno.EINVAL) {
            LOG.log(Level.INFO, e.getMessage());
            return null;
        }
        throw new CompletionException(cause);
    }

    private static CompletableFuture<Void> undo(RaidSlot slot, Throwable failure) {
        return slot.release().thenCompose(_ -> CompletableFuture.failedFuture(failure));
    }

    private static CompletableFuture<Void> taken(RaidBdev array, RaidSlot slot) {
        return array.state() == RaidState.ONLINE
                ? array.control().takeIn(slot)
                : array.control().baseFound(slot);
    }

    /**
     * Deletes an array.
     *
     * @param clearSuperblock whether its bases are to forget that they were one
     * @return completes when it is gone and its bases are free; fails with ENODEV if there is none of that name
     */
    public CompletableFuture<Void> delete(String name, boolean clearSuperblock) {
        try {
            return require(name).control().delete(clearSuperblock);
        } catch (SpdkException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /**
     * Takes a device into an array that has a place for it, where it is rebuilt. {@code bdev_raid_add_base_bdev}.
     *
     * @return completes when the rebuild has begun; fails with ENODEV, EPERM if the device is claimed or the array is
     *     rebuilding, EINVAL if there is no place or it does not fit, EEXIST if it belongs to another array
     */
    public CompletableFuture<Void> addBase(String arrayName, String baseName) {
        RaidBdev array;
        try {
            array = require(arrayName);
        } catch (SpdkException e) {
            return CompletableFuture.failedFuture(e);
        }
        if (array.sync().isRebuilding()) {
            return failed(Errno.EPERM, "raid bdev " + arrayName + " rebuilds a base bdev: wait for that");
        }
        Bdev base = bdevs.lookup(baseName);
        RaidSlot slot = placeFor(array, base);
        if (slot == null) {
            return failed(
                    Errno.EINVAL,
                    "raid bdev " + arrayName + " has no place for base bdev " + baseName + ": remove one first");
        }
        if (base == null && array.state() == RaidState.ONLINE) {
            return failed(Errno.ENODEV, "there is no bdev " + baseName);
        }
        slot.name = base != null ? base.name() : baseName;
        if (base == null) {
            return CompletableFuture.completedFuture(null); // it comes later
        }
        return takeNew(array, slot).whenComplete((_, failure) -> {
            if (failure != null && array.state() == RaidState.ONLINE) {
                slot.forget();
            }
        });
    }

    private static @Nullable RaidSlot placeFor(RaidBdev array, @Nullable Bdev base) {
        if (array.state() == RaidState.OFFLINE) {
            return null;
        }
        RaidSlot free = null;
        for (RaidSlot slot : array.slotList()) {
            boolean unnamed = slot.isEmpty() && slot.name == null;
            if (unnamed && base != null && base.uuid().equals(slot.uuid)) {
                return slot;
            }
            free = free == null && unnamed && slot.uuid == null ? slot : free;
        }
        return free;
    }

    /**
     * Takes a device out of the array that it is part of. {@code bdev_raid_remove_base_bdev}.
     *
     * @return completes when it is free; fails with ENODEV if it is part of no array
     */
    public CompletableFuture<Void> removeBase(String baseName) {
        Bdev base = bdevs.lookup(baseName);
        for (RaidBdev array : arrays) {
            for (RaidSlot slot : array.slotList()) {
                if (base != null && slot.isOn(base)) {
                    return array.control().remove(slot);
                }
            }
        }
        return failed(
                Errno.ENODEV, base == null ? "there is no bdev " + baseName : baseName + " is part of no raid bdev");
    }

    // ---- finding arrays --------------------------------------------------------------------------------------------

    /**
     * Looks whether a new device is part of an array: by its superblock, or since an array waits for it.
     *
     * @return completes when it has been taken in, or left alone
     */
    public CompletableFuture<Void> examine(Bdev bdev) {
        if (isInUse(bdev)) {
            return CompletableFuture.completedFuture(null);
        }
        return superblockOf(bdev)
                .exceptionally(RaidArrays::noneIfBad)
                .thenCompose(found -> found != null ? assemble(found, bdev) : giveToThoseWhoWait(bdev))
                .exceptionally(failure -> {
                    LOG.log(Level.WARNING, "{0} does not become part of an array: {1}", bdev, failure.getMessage());
                    return null;
                });
    }

    private boolean isInUse(Bdev bdev) {
        return arrays.stream().anyMatch(a -> a.slotList().stream().anyMatch(s -> s.isOn(bdev)));
    }

    private CompletableFuture<@Nullable RaidSuperblock> superblockOf(Bdev bdev) {
        try {
            BdevDesc desc = bdevs.open(bdev.name(), OpenMode.READ_ONLY, BdevEventListener.NONE);
            try {
                BdevChannel channel = desc.openChannel();
                return SuperblockIo.read(channel).whenComplete((_, _) -> desc.close());
            } catch (RuntimeException e) {
                desc.close();
                throw e;
            }
        } catch (SpdkException | RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletableFuture<Void> giveToThoseWhoWait(Bdev bdev) {
        for (RaidBdev array : arrays) {
            if (array.state() != RaidState.CONFIGURING || array.sb() != null) {
                continue;
            }
            for (RaidSlot slot : array.slotList()) {
                if (slot.isFor(bdev)) {
                    return take(array, slot);
                }
            }
        }
        return CompletableFuture.completedFuture(null);
    }

    private static CompletableFuture<Void> take(RaidBdev array, RaidSlot slot) {
        try {
            slot.open();
        } catch (SpdkException | RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
        return taken(array, slot).exceptionallyCompose(failure -> undo(slot, failure));
    }

    /** A device says that it is part of an array: of one that is there, or of one that now is. */
    private CompletableFuture<Void> assemble(RaidSuperblock found, Bdev bdev) {
        if (found.blockSize() != bdev.blockSize()) {
            return failed(Errno.EINVAL, bdev + " has blocks of another size than its " + found);
        }
        RaidBdev array = byUuid(found.uuid());
        if (array != null && array.state() == RaidState.OFFLINE) {
            if (array.bdev() != null) {
                return failed(Errno.EBUSY, array + " is not gone yet");
            }
            forget(array); // what is found now is the truth
            array = null;
        }
        RaidSuperblock known = array == null ? null : array.sb();
        if (array != null && known == null) {
            return failed(Errno.EINVAL, array + " has no superblock, but " + bdev + " has one of it");
        }
        if (array != null
                && Long.compareUnsigned(
                                found.sequence(), Objects.requireNonNull(known).sequence())
                        > 0) {
            if (array.state() != RaidState.CONFIGURING) {
                return failed(
                        Errno.EBUSY,
                        array + " goes by " + known + ", older than that of " + bdev
                                + ": delete it, and let it be found again");
            }
            // What waits for bases goes by an older superblock: begin again by this one.
            RaidBdev outdated = array;
            forget(outdated);
            return outdated.control().delete(false).thenCompose(_ -> assemble(found, bdev));
        }
        if (array == null) {
            if (found.slotOf(bdev.uuid()) < 0) {
                return failed(Errno.EINVAL, bdev + " is not in its own " + found);
            }
            RaidBdev made = new RaidBdev(this, found);
            arrays.add(made);
            return join(made, bdev).thenCompose(_ -> findOthers(made));
        }
        return join(array, bdev);
    }

    private static CompletableFuture<Void> join(RaidBdev array, Bdev bdev) {
        RaidSuperblock sb = Objects.requireNonNull(array.sb());
        int index = sb.slotOf(bdev.uuid());
        if (index < 0) {
            return failed(Errno.EINVAL, bdev + " is not in " + sb);
        }
        RaidSlot slot = array.slot(index);
        if (array.state() != RaidState.ONLINE && sb.state(index) != BaseState.CONFIGURED) {
            LOG.log(Level.INFO, "{0} is in slot {1} of {2}, but is {3}: it waits", bdev, index, array, sb.state(index));
            return CompletableFuture.completedFuture(null);
        }
        if (!slot.isEmpty()) {
            return slot.isOn(bdev)
                    ? CompletableFuture.completedFuture(null)
                    : failed(Errno.EEXIST, "slot " + index + " of " + array + " is taken: " + bdev + " cannot have it");
        }
        slot.uuid = bdev.uuid();
        if (array.state() == RaidState.ONLINE) {
            slot.offset = sb.dataOffset(index);
        }
        return take(array, slot).whenComplete((_, failure) -> {
            if (failure != null && array.state() == RaidState.ONLINE) {
                slot.forget();
            }
        });
    }

    /** The other bases of an array that was just found may have come before it was known. */
    private CompletableFuture<Void> findOthers(RaidBdev array) {
        CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
        RaidSuperblock sb = Objects.requireNonNull(array.sb());
        for (RaidSlot slot : array.slotList()) {
            Bdev other = bdevs.lookup(sb.baseUuid(slot.index).toString());
            if (other != null && slot.isEmpty()) {
                all = all.thenCompose(_ -> isInUse(other) ? CompletableFuture.completedFuture(null) : examine(other));
            }
        }
        return all;
    }
}
