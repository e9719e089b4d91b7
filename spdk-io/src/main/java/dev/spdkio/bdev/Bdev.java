// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.IoDevice;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A block device. Stands for {@code struct spdk_bdev}.
 *
 * <p>Holding one keeps nothing alive: open it by {@link BdevManager#open} to be told when it goes, and to keep it
 * until then.
 *
 * <p>Thread rule: everything here may be called on any thread.
 */
public final class Bdev extends BdevControl {
    enum State {
        REGISTERED,
        REMOVING,
        DESTROYING,
        GONE
    }

    final BdevManager manager;
    final BdevSpec spec;
    final int blockSize;
    final int blockShift;
    private volatile int typeMask;
    final IoDevice<DeviceChannel> ioDevice;
    final BdevReset reset;
    final BdevLocks locks;
    final SplitRules rules;
    private final UUID uuid;
    private final BdevOps<Object> ops;
    private volatile long blockCount;

    private final Object lock = new Object();
    private final List<BdevDesc> descs = new ArrayList<>();
    private final BdevClaims claims = new BdevClaims(this);
    private final List<Bdev> bases = new CopyOnWriteArrayList<>();
    private volatile State state = State.REGISTERED;
    private boolean toldRemoval;
    private final CompletableFuture<Void> gone;

    @SuppressWarnings("unchecked") // the channels that ops gets are those that ops made
    Bdev(BdevManager manager, BdevSpec spec, BdevOps<?> ops) {
        this.manager = manager;
        this.spec = spec;
        this.uuid = Objects.requireNonNull(spec.uuid());
        this.ops = (BdevOps<Object>) ops;
        this.blockSize = spec.blockSize();
        this.blockShift = Integer.bitCount(blockSize) == 1 ? Integer.numberOfTrailingZeros(blockSize) : -1;
        this.blockCount = spec.blockCount();
        this.typeMask = supportedTypes(this.ops, spec.zones() != null);
        this.gone = manager.runtime().newFuture();
        this.reset = new BdevReset(this);
        this.locks = new BdevLocks(this);
        this.rules = new SplitRules(spec, manager.options());
        this.ioDevice = IoDevice.register(
                manager.runtime(), "bdev " + spec.name(), this::createChannel, DeviceChannel::destroy);
    }

    /** A device without zones that says it can do something with them cannot. */
    private static int supportedTypes(BdevOps<?> ops, boolean zoned) {
        int mask = 0;
        for (IoType type : IoType.values()) {
            if (ops.supports(type) && (zoned || !type.isForZones())) {
                mask |= type.bit();
            }
        }
        return mask;
    }

    private DeviceChannel createChannel(SpdkThread thread) {
        DeviceChannel channel = new DeviceChannel(this, manager.hub(thread), ops, ops.openChannel(thread));
        channelOpened(channel);
        return channel;
    }

    /** A channel that all can see now begins to do as the others do; later changes are told to it. On its thread. */
    void joined(DeviceChannel channel) {
        channel.thaw();
        locks.lockOn(channel);
        control(channel);
    }

    // ---- properties ------------------------------------------------------------------------------------------------

    /** The name. */
    public String name() {
        return spec.name();
    }

    /** The further names, the UUID included. */
    public List<String> aliases() {
        return manager.aliasesOf(this);
    }

    /** The identity. */
    public UUID uuid() {
        return uuid;
    }

    /** What kind of device it is, for people. */
    public String productName() {
        return spec.productName();
    }

    /** Bytes of a block. */
    public int blockSize() {
        return blockSize;
    }

    /** Blocks, as of now. */
    public long blockCount() {
        return blockCount;
    }

    /** Bytes, as of now. */
    public long sizeBytes() {
        return blockCount * blockSize;
    }

    /** What addresses of buffers must be multiples of, in bytes, if they are not to go through a bounce buffer. */
    public int requiredAlignment() {
        return spec.requiredAlignment();
    }

    /** Blocks between the boundaries that an I/O should not cross; 0 for none. */
    public int optimalIoBoundary() {
        return spec.optimalIoBoundary();
    }

    /** Whether the hub splits I/O at {@link #optimalIoBoundary}. */
    public boolean splitOnOptimalIoBoundary() {
        return spec.splitOnOptimalIoBoundary();
    }

    /** Blocks that the device writes at once. */
    public int writeUnitSize() {
        return spec.writeUnitSize();
    }

    /** Whether writes must be whole write units. */
    public boolean splitOnWriteUnit() {
        return spec.splitOnWriteUnit();
    }

    /** Most blocks of one read or write at the device; 0 for no limit. */
    public int maxRwBlocks() {
        return spec.maxRwBlocks();
    }

    /** Most bytes of one segment at the device; 0 for no limit. */
    public int maxSegmentSize() {
        return spec.maxSegmentSize();
    }

    /** Most segments of one read or write at the device; 0 for no limit. */
    public int maxSegments() {
        return spec.maxSegments();
    }

    /** Most blocks of one unmap at the device; 0 for no limit. */
    public long maxUnmapBlocks() {
        return spec.maxUnmapBlocks();
    }

    /** Most blocks of one write zeroes at the device; 0 for no limit. */
    public long maxWriteZeroesBlocks() {
        return spec.maxWriteZeroesBlocks();
    }

    /** Most blocks of one copy at the device; 0 for no limit. */
    public long maxCopyBlocks() {
        return spec.maxCopyBlocks();
    }

    /** Most blocks of a compare and write; {@code spdk_bdev_get_acwu}. */
    public int acwu() {
        return spec.acwu();
    }

    /** Whether written data may be lost with power until it is flushed. */
    public boolean writeCache() {
        return spec.writeCache();
    }

    /** What its zones are like; null if it has none. */
    public @Nullable ZoneSpec zones() {
        return spec.zones();
    }

    /** Whether it has zones, which are written from their beginnings to their ends; {@code spdk_bdev_is_zoned}. */
    public boolean isZoned() {
        return spec.zones() != null;
    }

    /** What metadata its blocks have; null if they have none. */
    public @Nullable MetadataSpec metadata() {
        return spec.metadata();
    }

    /** Bytes of a block without the metadata in it; {@code spdk_bdev_get_data_block_size}. */
    public int dataBlockSize() {
        MetadataSpec metadata = spec.metadata();
        return metadata == null || !metadata.interleaved() ? blockSize : blockSize - metadata.bytes();
    }

    /**
     * A write of so many blocks from one piece of memory, at a multiple of that, is done as a whole or not at all,
     * whatever becomes of the power, and so is one of every smaller power of two. 0 if the device does not say.
     */
    public int atomicWriteBlocks() {
        return spec.atomicWriteBlocks();
    }

    /** The NUMA node that it is attached to; -1 if that is not known. {@code spdk_bdev_get_numa_id}. */
    public int numaId() {
        return spec.numaId();
    }

    /** Whether that type of I/O is possible, natively or {@linkplain #emulates emulated}. */
    public boolean supports(IoType type) {
        return (effectiveTypes() & type.bit()) != 0;
    }

    /**
     * Whether that type of I/O is possible only because the hub makes it from others: write zeroes from writes, compare
     * from reads, copy and compare-and-write from both unless it is zoned. Seeks it answers as for a device without
     * holes.
     */
    public boolean emulates(IoType type) {
        return supports(type) && !isNative(type);
    }

    /** The types of I/O that are possible. */
    public Set<IoType> supportedTypes() {
        EnumSet<IoType> types = EnumSet.noneOf(IoType.class);
        for (IoType type : IoType.values()) {
            if (supports(type)) {
                types.add(type);
            }
        }
        return types;
    }

    /**
     * The device can do other types of I/O now, as its {@link BdevOps#supports} says. Channels that are open go on by
     * what was said before. Any thread.
     */
    public void notifyTypes() {
        typeMask = supportedTypes(ops, isZoned());
    }

    /** Whether the device itself does that type. */
    boolean isNative(IoType type) {
        return (typeMask & type.bit()) != 0;
    }

    int effectiveTypes() {
        int types = typeMask;
        int mask = types | IoType.SEEK_HOLE.bit() | IoType.SEEK_DATA.bit();
        boolean reads = (types & IoType.READ.bit()) != 0;
        boolean writes = (types & IoType.WRITE.bit()) != 0;
        mask |= writes ? IoType.WRITE_ZEROES.bit() : 0;
        mask |= reads ? IoType.COMPARE.bit() : 0;
        return reads && writes && !isZoned() ? mask | IoType.COMPARE_AND_WRITE.bit() | IoType.COPY.bit() : mask;
    }

    /** The types that a descriptor of that mode may submit, as a set of bits. */
    int allowedTypes(OpenMode mode) {
        int mask = effectiveTypes();
        if (mode == OpenMode.READ_ONLY) {
            for (IoType type : IoType.values()) {
                if (type.modifies()) {
                    mask &= ~type.bit();
                }
            }
        }
        return mask;
    }

    /** Whether it is registered and stays so, as far as is known. */
    public boolean isRegistered() {
        return state == State.REGISTERED;
    }

    /** Completes when its removal, by whomever, is complete. */
    public CompletableFuture<Void> gone() {
        return gone.copy();
    }

    /** How many descriptors are open. */
    public int openCount() {
        synchronized (lock) {
            return descs.size();
        }
    }

    boolean hasOps(BdevOps<?> other) {
        return ops == other;
    }

    /** Whether our modules are to look at what is stored on it. */
    boolean isExaminedHere() {
        return ops.isExaminedHere();
    }

    /** The claims on it, all of one type; empty if it is not claimed. */
    public List<Claim> claims() {
        synchronized (lock) {
            return claims.all();
        }
    }

    /** The devices that it stands on now: what {@link BaseBdev#carries} it, and what its module says. Any thread. */
    public List<Bdev> bases() {
        return Stream.concat(bases.stream(), ops.bases().stream()).toList();
    }

    void addBase(Bdev base) {
        bases.add(base);
    }

    /** The manager it is registered with. */
    public BdevManager manager() {
        return manager;
    }

    /** The module's side of it, if that is of class {@code type}: for modules that look for devices of their own. */
    public <T extends BdevOps<?>> @Nullable T opsAs(Class<T> type) {
        Object side = ops;
        return type.isInstance(side) ? type.cast(side) : null;
    }

    /** What the module has to say about it. App thread. */
    public void dumpInfo(Map<String, Object> out) {
        ops.dumpInfo(out);
    }

    /** The RPC call that would make it again, or null. App thread. */
    public BdevOps.@Nullable ConfigCall configCall() {
        return ops.configCall();
    }

    // ---- size ------------------------------------------------------------------------------------------------------

    /**
     * The device has another size now: every descriptor is told. Any thread; {@code spdk_bdev_notify_blockcnt_change}.
     *
     * @throws SpdkException EBUSY if it would shrink while it is open
     */
    public void notifyBlockCount(long blocks) throws SpdkException {
        if (blocks < 0 || blocks > Long.MAX_VALUE / blockSize) {
            throw new IllegalArgumentException("bdev " + name() + " cannot have " + blocks + " blocks of " + blockSize);
        }
        synchronized (lock) {
            if (blocks == blockCount) {
                return;
            }
            if (blocks < blockCount && !descs.isEmpty()) {
                throw new SpdkException(
                        Errno.EBUSY,
                        "bdev " + name() + " cannot shrink from " + blockCount + " to " + blocks + " blocks while "
                                + descs.size() + " descriptors are open: close them first");
            }
            blockCount = blocks;
            descs.forEach(BdevDesc::tellResized);
        }
    }

    // ---- opening, removal ------------------------------------------------------------------------------------------

    /** Opens it as {@code owner}, which the caller runs as. */
    BdevDesc open(SpdkThread owner, OpenMode mode, BdevEventListener listener) throws SpdkException {
        DescOps told = (Object) ops instanceof DescOps d ? d : null;
        long handle = told == null ? 0 : told.openDesc(mode);
        try {
            return open(owner, mode, listener, told, handle);
        } catch (SpdkException e) {
            if (told != null) {
                told.closeDesc(handle);
            }
            throw e;
        }
    }

    /** A descriptor that keeps it from going, and of which the module hears nothing. Any thread. */
    BdevDesc hold(SpdkThread owner) throws SpdkException {
        return open(owner, OpenMode.READ_ONLY, BdevEventListener.NONE, null, 0);
    }

    private BdevDesc open(
            SpdkThread owner, OpenMode mode, BdevEventListener listener, @Nullable DescOps told, long handle)
            throws SpdkException {
        synchronized (lock) {
            if (state != State.REGISTERED) {
                throw new SpdkException(Errno.ENODEV, "bdev " + name() + " is being removed and cannot be opened");
            }
            claims.checkOpen(mode);
            BdevDesc desc = new BdevDesc(this, owner, mode, listener, told, handle);
            descs.add(desc);
            return desc;
        }
    }

    void descClosed(BdevDesc desc) {
        synchronized (lock) {
            descs.remove(desc);
            claims.remove(desc);
        }
        destroyIfUnused();
    }

    void claim(BdevDesc desc, Claim claim) throws SpdkException {
        synchronized (lock) {
            claims.add(desc, claim, descs);
        }
    }

    /** False if it had none. */
    boolean releaseClaim(BdevDesc desc) {
        synchronized (lock) {
            return claims.remove(desc);
        }
    }

    CompletableFuture<Void> unregister() {
        synchronized (lock) {
            if (state != State.REGISTERED) {
                CompletableFuture<Void> refused = manager.runtime().newFuture();
                refused.completeExceptionally(new SpdkException(
                        Errno.EBUSY, "bdev " + name() + " is being removed already: wait for the first removal"));
                return refused;
            }
            state = State.REMOVING;
        }
        manager.appThread()
                .sendInternal(() -> ioDevice.forEachChannel(
                        i -> {
                            i.context().abortQueued();
                            i.next();
                        },
                        _ -> tellRemoval()));
        return gone.copy();
    }

    private void tellRemoval() {
        synchronized (lock) {
            toldRemoval = true;
            descs.forEach(BdevDesc::tellRemoved);
        }
        destroyIfUnused();
    }

    private void destroyIfUnused() {
        synchronized (lock) {
            if (state != State.REMOVING || !toldRemoval || !descs.isEmpty()) {
                return;
            }
            state = State.DESTROYING;
        }
        manager.appThread().sendInternal(this::destroy);
    }

    private void destroy() {
        stopSampling();
        CompletableFuture<Void> channelsGone = ioDevice.unregister();
        manager.forget(this);
        var _ = channelsGone.thenCompose(_ -> ops.destruct()).whenComplete((_, failure) -> {
            state = State.GONE;
            if (failure != null) {
                gone.completeExceptionally(failure);
            } else {
                gone.complete(null);
            }
        });
    }

    @Override
    public String toString() {
        return "bdev " + name() + " (" + productName() + ", " + blockCount + " blocks of " + blockSize + ")";
    }
}
