// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.Task;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A device that another stands on: open, claimed, and watched. Each device that is made of others has one for each of
 * them, from before its registration to its {@link BdevOps#destruct}, which ends with {@link #closeAsync}.
 *
 * <p>Thread rule: the app thread, except {@link #openChannel}, which is for the thread that does the I/O, and what only
 * tells.
 */
public final class BaseBdev implements AutoCloseable {
    /** Hears what becomes of the device below. On the app thread; must not block. */
    @FunctionalInterface
    public interface Listener {
        /** What most devices do: those on it are {@linkplain BaseBdev#unregisterUpper removed} with it. */
        Listener FOLLOW = (event, base) -> {
            if (event == BdevEvent.REMOVED) {
                base.unregisterUpper();
            }
        };

        /** What devices with as many blocks as the one below do: they grow with it too. */
        Listener FOLLOW_SIZE = (event, base) -> {
            switch (event) {
                case REMOVED -> base.unregisterUpper();
                case RESIZED -> base.resizeUpper(base.bdev().blockCount());
            }
        };

        /** Something happened to the device below; never after {@link BaseBdev#close}. */
        void event(BdevEvent event, BaseBdev base);
    }

    /** Makes and registers a device on another. */
    @FunctionalInterface
    public interface Maker {
        /** @return what {@link BdevManager#register} returned */
        Bdev make(BaseBdev base) throws SpdkException;
    }

    private static final Logger LOG = System.getLogger(BaseBdev.class.getName());

    private final Listener listener;
    private final Set<Bdev> upper = new LinkedHashSet<>();
    private boolean removed;

    @SuppressWarnings("NullAway.Init") // opened by whoever makes this
    private BdevDesc desc;

    private BaseBdev(Listener listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
    }

    /**
     * Opens a device to stand on: for writing, unless the claim is {@link ClaimType#READ_MANY_WRITE_NONE}.
     *
     * @param name a name, alias or UUID
     * @throws SpdkException ENODEV if there is no such device, EPERM if somebody else has claimed it
     */
    public static BaseBdev open(BdevManager bdevs, String name, Claim claim, Listener listener) throws SpdkException {
        if (Task.current() == null) {
            bdevs.appThread().checkCurrent("opening bdev " + name + " to stand on it (use appThread().call), which");
        }
        BaseBdev base = new BaseBdev(listener);
        // The first of those who share a claim opens the device as the others do, and is a writer by its claim.
        OpenMode mode = claim.type().isShared() ? OpenMode.READ_ONLY : OpenMode.READ_WRITE;
        BdevDesc desc = bdevs.open(name, mode, (event, _) -> base.event(event));
        try {
            desc.setOfDevice();
            desc.claim(claim);
        } catch (SpdkException | RuntimeException e) {
            desc.close();
            throw e;
        }
        base.desc = desc;
        return base;
    }

    /**
     * Opens a device, and has one made that it {@linkplain #carries carries}. It is let go again if that fails; else
     * the device on it sees to that.
     *
     * @throws SpdkException as {@link #open}, and what keeps the device from being made
     */
    public static Bdev createOn(BdevManager bdevs, String name, Claim claim, Listener listener, Maker maker)
            throws SpdkException {
        BaseBdev base = open(bdevs, name, claim, listener);
        try {
            return base.carries(maker.make(base));
        } catch (SpdkException | RuntimeException e) {
            base.close();
            throw e;
        }
    }

    private void event(BdevEvent event) {
        removed |= event == BdevEvent.REMOVED;
        listener.event(event, this);
    }

    /** The device. Any thread. */
    public Bdev bdev() {
        return desc.bdev();
    }

    /** Its descriptor. Any thread. */
    public BdevDesc desc() {
        return desc;
    }

    /** Whether the device is being removed. */
    public boolean isRemoved() {
        return removed;
    }

    /**
     * A channel on the calling thread, for {@link BdevOps#openChannel}; close it in {@link BdevOps#closeChannel}.
     *
     * <p>Its I/O is part of other I/O. It does not count against {@link BdevOptions#bdevIoPoolSize} and
     * {@link BdevOptions#ioWaitLimit}, since those bound what it is part of.
     */
    public BdevChannel openChannel() {
        return desc.openChannel();
    }

    /** Whether the device itself can do that type, so that one that hands it on can too. Any thread. */
    public boolean supports(IoType type) {
        return bdev().supports(type) && !bdev().emulates(type);
    }

    /** Begins the description of a device with the blocks of this one, and what it demands of I/O. */
    public BdevSpec.Builder spec(String name) {
        return spec(name, bdev().blockCount()).zones(bdev().zones());
    }

    /** The same with another number of blocks. */
    public BdevSpec.Builder spec(String name, long blockCount) {
        Bdev b = bdev();
        // What is too large or crosses a boundary is split below.
        return BdevSpec.builder(name, b.blockSize(), blockCount)
                .writeCache(b.writeCache())
                .requiredAlignment(b.requiredAlignment())
                .optimalIoBoundary(b.optimalIoBoundary(), false)
                .writeUnitSize(b.writeUnitSize(), b.splitOnWriteUnit())
                .metadata(b.metadata())
                .numaId(b.numaId())
                .acwu(b.acwu());
    }

    /**
     * An identity that comes from this device's, and from {@code more} numbers, and stays the same; {@code
     * spdk_uuid_generate_sha1}.
     */
    public UUID derivedUuid(UUID namespace, long... more) {
        ByteBuffer bytes = ByteBuffer.allocate(32 + 8 * more.length);
        for (UUID id : List.of(namespace, bdev().uuid())) {
            bytes.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
        }
        bytes.order(ByteOrder.LITTLE_ENDIAN); // SPDK hashes a struct as it is in memory
        for (long number : more) {
            bytes.putLong(number);
        }
        try {
            ByteBuffer hash = ByteBuffer.wrap(MessageDigest.getInstance("SHA-1").digest(bytes.array()));
            long most = (hash.getLong() & ~0xf000L) | 0x5000L;
            long least = (hash.getLong() & ~(0xc0L << 56)) | (0x80L << 56);
            return new UUID(most, least);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    // ---- the devices on it -----------------------------------------------------------------------------------------

    /** A device on this one was registered: it goes when this one goes. Returns it. */
    public Bdev carries(Bdev device) {
        upper.add(device);
        device.addBase(bdev());
        var _ = device.gone()
                .whenComplete((_, _) -> bdev().manager().appThread().trySendInternal(() -> upper.remove(device)));
        if (removed) {
            unregisterUpper();
        }
        return device;
    }

    /** The devices that it {@linkplain #carries carries}. */
    public List<Bdev> upper() {
        return List.copyOf(upper);
    }

    /** Begins to remove the devices that it {@linkplain #carries carries}. */
    public void unregisterUpper() {
        upper().stream().filter(Bdev::isRegistered).forEach(device -> {
            var _ = device.manager().unregister(device);
        });
    }

    /**
     * Gives the devices that it carries another size; {@code spdk_bdev_notify_blockcnt_change}. One that is open does
     * not shrink: it goes on, and what it asks for beyond the new end fails.
     */
    public void resizeUpper(long blocks) {
        for (Bdev device : upper) {
            try {
                device.notifyBlockCount(blocks);
            } catch (SpdkException busy) {
                LOG.log(Level.WARNING, "{0} has another size now: {1}", bdev(), busy.getMessage());
            }
        }
    }

    /** {@link #close}, completing when the device below is let go. */
    public CompletableFuture<Void> closeAsync() {
        desc.close();
        return desc.closed();
    }

    /** Lets the device below go, its claim too. Idempotent. */
    @Override
    public void close() {
        desc.close();
    }

    @Override
    public String toString() {
        return "base " + desc;
    }
}
