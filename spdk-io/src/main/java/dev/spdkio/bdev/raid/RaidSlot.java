// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.MetadataSpec;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The place of one base in an array. Stands for {@code struct raid_base_bdev_info}.
 *
 * <p>Thread rule: the app thread.
 */
final class RaidSlot {
    /** What the superblock has for itself at the beginning of a base, in bytes: SPDK's number. */
    static final int MIN_DATA_OFFSET = 1 << 20;

    private static final UUID NO_UUID = new UUID(0, 0);

    private final RaidBdev array;
    final int index;

    /** What is to be in this slot; either may be unknown. */
    @Nullable
    String name;

    @Nullable
    UUID uuid;

    /** The block of the base where its data begins, and how many blocks that has; 0 while it is not known. */
    long offset;

    long blocks;

    private @Nullable BaseBdev base;
    private @Nullable BdevChannel channel;

    /** From when it is part of the array until it leaves. */
    @Nullable
    RaidMember member;

    /** Whether its base was found, and counts. */
    boolean configured;

    RaidSlot(RaidBdev array, int index) {
        this.array = array;
        this.index = index;
    }

    boolean isEmpty() {
        return base == null;
    }

    /** Whether that device may be the one that is to be here. */
    boolean isFor(Bdev bdev) {
        return base == null && (bdev.name().equals(name) || bdev.uuid().equals(uuid));
    }

    boolean isOn(Bdev bdev) {
        BaseBdev b = base;
        return b != null && b.bdev() == bdev;
    }

    /** The channel of the app thread. */
    BdevChannel channel() {
        return Objects.requireNonNull(channel);
    }

    BaseBdev base() {
        return Objects.requireNonNull(base);
    }

    // ---- taking a base ---------------------------------------------------------------------------------------------

    /**
     * Opens and claims the base that is to be here, and looks whether it fits.
     *
     * @throws SpdkException ENODEV if it is not there, EPERM if somebody else has it, EINVAL if it does not fit
     */
    void open() throws SpdkException {
        BdevManager bdevs = array.bdevs();
        UUID id = uuid;
        String wanted = id != null ? id.toString() : Objects.requireNonNull(name);
        Bdev found = bdevs.lookup(wanted);
        if (found == null) {
            throw new SpdkException(Errno.ENODEV, "raid bdev " + array.name() + ": there is no base bdev " + wanted);
        }
        if (id != null && name != null && bdevs.lookup(name) != found) {
            throw refusal(found, "has the UUID of the base in slot " + index + ", which is called " + name);
        }
        BaseBdev opened = BaseBdev.open(
                bdevs,
                wanted,
                Claim.exclusiveWrite(RaidBdev.CLAIMANT),
                (event, b) -> array.control().baseEvent(this, event, b));
        base = opened;
        try {
            name = found.name();
            uuid = found.uuid();
            fit(found);
            channel = opened.openChannel();
        } catch (SpdkException | RuntimeException e) {
            var _ = release();
            throw e;
        }
    }

    private void fit(Bdev bdev) throws SpdkException {
        int blockSize = bdev.blockSize();
        MetadataSpec metadata = bdev.metadata();
        if (metadata != null && metadata.hasDif()) {
            throw refusal(bdev, "protects its data by where it lies, and an array puts it elsewhere");
        }
        if (array.hasSuperblock()) {
            if (MIN_DATA_OFFSET % blockSize != 0) {
                throw refusal(bdev, "has blocks of " + blockSize + " bytes, which do not fill 1 MiB");
            }
            if (offset == 0) {
                offset = MIN_DATA_OFFSET / blockSize;
                int boundary = bdev.optimalIoBoundary();
                offset = boundary == 0 ? offset : (offset + boundary - 1) / boundary * boundary;
            }
        }
        long has = bdev.blockCount();
        if (offset >= has || (blocks != 0 && blocks > has - offset)) {
            throw refusal(bdev, "has " + has + " blocks, too few for " + blocks + " from block " + offset + " on");
        }
        array.checkBlockSize(bdev);
        if (bdev.splitOnWriteUnit() && bdev.writeUnitSize() > 1) {
            throw refusal(bdev, "only takes writes of whole units of " + bdev.writeUnitSize() + " blocks");
        }
        if (array.unmaps() && !bdev.supports(IoType.UNMAP)) {
            throw refusal(bdev, "has no unmap, as the others have");
        }
        if (blocks == 0) {
            blocks = has - offset;
        }
    }

    private SpdkException refusal(Bdev bdev, String why) {
        return new SpdkException(
                Errno.EINVAL, "raid bdev " + array.name() + " cannot use base bdev " + bdev.name() + ": it " + why);
    }

    /** It is part of the array from now on. */
    RaidMember enter() {
        RaidMember m = new RaidMember(index, base(), offset);
        member = m;
        return m;
    }

    /** Lets the base go, if there is one. Completes on the app thread when it is gone. */
    CompletableFuture<Void> release() {
        member = null;
        configured = false;
        BdevChannel ch = channel;
        BaseBdev b = base;
        channel = null;
        base = null;
        if (ch != null) {
            ch.close();
        }
        return b == null ? CompletableFuture.completedFuture(null) : array.onApp(b.closeAsync());
    }

    /** Forgets who was here, so that another may come. */
    void forget() {
        name = null;
        uuid = null;
        offset = 0;
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", name);
        json.put("uuid", Objects.requireNonNullElse(uuid, NO_UUID).toString());
        json.put("is_configured", configured);
        json.put("data_offset", offset);
        json.put("data_size", blocks);
        return json;
    }
}
