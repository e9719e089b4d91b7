// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.raid.RaidSuperblock.BaseState;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.IoChannel;
import dev.spdkio.runtime.IoDevice;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An array of devices that is one device. Stands for {@code struct raid_bdev}.
 *
 * <p>It waits for its bases, is a bdev while it has enough of them, and is made by {@link RaidArrays}. What changes in
 * it while it is a bdev (a base fails, leaves, comes, is rebuilt) is done one after the other; channels learn of it by
 * a new {@link RaidView}.
 *
 * <p>Thread rule: the app thread, except what the hub calls and what says otherwise.
 */
@SuppressWarnings("exports") // the channel is the hub's to hold, and nobody's to look into
public final class RaidBdev implements BdevOps<RaidChannel> {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "Raid Volume";

    static final String CLAIMANT = "raid";

    /** The largest write of raid5f. */
    static final long MAX_STRIPE_BYTES = 1L << 30;

    private static final Logger LOG = System.getLogger(RaidBdev.class.getName());

    private final RaidArrays arrays;
    private final String name;
    private final UUID uuid;
    private final RaidLevel level;
    private final int stripSizeKb;
    private final boolean superblock;
    private final List<RaidSlot> slots = new ArrayList<>();
    private final RaidSync sync = new RaidSync(this);
    private final RaidResets resets;

    private final RaidControl control;
    private int blockSize;

    private volatile @Nullable RaidLayout layout;
    private volatile RaidView view;
    private @Nullable IoDevice<RaidChannel> channels;
    private @Nullable Bdev bdev;
    private int alignment = 1;

    RaidBdev(RaidArrays arrays, RaidBdevOptions options) {
        this(
                arrays,
                options.name(),
                options.uuid(),
                options.level(),
                options.stripSizeKb(),
                options.superblock(),
                options.baseBdevs().size(),
                null);
        for (RaidSlot slot : slots) {
            slot.name = options.baseBdevs().get(slot.index);
        }
        control.expect(slots.size());
    }

    /** As a superblock describes it. */
    RaidBdev(RaidArrays arrays, RaidSuperblock sb) {
        this(
                arrays,
                sb.name(),
                sb.uuid(),
                sb.level(),
                (int) ((long) sb.stripBlocks() * sb.blockSize() / 1024),
                true,
                sb.bases(),
                sb);
        int expected = 0;
        for (RaidSlot slot : slots) {
            if (sb.state(slot.index) == BaseState.CONFIGURED) {
                slot.uuid = sb.baseUuid(slot.index);
                slot.offset = sb.dataOffset(slot.index);
                expected++;
            }
            slot.blocks = sb.dataBlocks(slot.index);
        }
        control.expect(expected);
    }

    private RaidBdev(
            RaidArrays arrays,
            String name,
            @Nullable UUID uuid,
            RaidLevel level,
            int stripSizeKb,
            boolean superblock,
            int bases,
            @Nullable RaidSuperblock sb) {
        this.arrays = arrays;
        this.name = name;
        this.uuid = uuid != null ? uuid : UUID.randomUUID();
        this.level = level;
        this.stripSizeKb = stripSizeKb;
        this.superblock = superblock;
        this.resets = new RaidResets(arrays.bdevs().appThread());
        this.control = new RaidControl(this, sb);
        for (int i = 0; i < bases; i++) {
            slots.add(new RaidSlot(this, i));
        }
        this.view = RaidView.of(new RaidMember[bases], RaidView.NOTHING);
    }

    /** The name. Any thread. */
    public String name() {
        return name;
    }

    /** The identity. Any thread. */
    public UUID uuid() {
        return uuid;
    }

    /** The level. Any thread. */
    public RaidLevel level() {
        return level;
    }

    /** What becomes of it. */
    public RaidState state() {
        return control.state();
    }

    /** The bdev that it is, or null while it is none. */
    public @Nullable Bdev bdev() {
        return bdev;
    }

    BdevManager bdevs() {
        return arrays.bdevs();
    }

    RaidArrays arrays() {
        return arrays;
    }

    List<RaidSlot> slotList() {
        return slots;
    }

    RaidSlot slot(int index) {
        return slots.get(index);
    }

    int slots() {
        return slots.size();
    }

    RaidSync sync() {
        return sync;
    }

    boolean hasSuperblock() {
        return superblock;
    }

    @Nullable
    RaidSuperblock sb() {
        return control.sb();
    }

    RaidControl control() {
        return control;
    }

    RaidView view() {
        return view;
    }

    RaidLayout layout() {
        return Objects.requireNonNull(layout);
    }

    int blockSize() {
        return blockSize;
    }

    // ---- becoming a bdev -------------------------------------------------------------------------------------------

    void checkBlockSize(Bdev base) throws SpdkException {
        RaidSuperblock known = control.sb();
        int wanted = known != null ? known.blockSize() : blockSize != 0 ? blockSize : base.blockSize();
        if (base.blockSize() != wanted) {
            throw new SpdkException(
                    Errno.EINVAL,
                    "raid bdev " + name + " has blocks of " + wanted + " bytes, base bdev " + base.name() + " of "
                            + base.blockSize() + ": all must be the same");
        }
        blockSize = wanted;
    }

    /** Whether it has told that it unmaps, so that each of its bases must. */
    boolean unmaps() {
        Bdev mine = bdev;
        return mine != null && mine.supports(IoType.UNMAP);
    }

    private int stripBlocks() {
        return (int) (stripSizeKb * 1024L / blockSize);
    }

    /** Finds out where everything is. */
    RaidLayout arrange(@Nullable RaidSuperblock known) throws SpdkException {
        int strip = stripBlocks();
        if (strip == 0 && level != RaidLevel.RAID1) {
            throw new SpdkException(
                    Errno.EINVAL,
                    "raid bdev " + name + ": strips of " + stripSizeKb + " KiB are smaller than a block of " + blockSize
                            + " bytes");
        }
        if (level == RaidLevel.RAID5F && (long) strip * blockSize * (slots.size() - 1) > MAX_STRIPE_BYTES) {
            throw new SpdkException(
                    Errno.EINVAL,
                    "raid bdev " + name + ": a stripe of " + slots.size() + " strips of " + stripSizeKb
                            + " KiB is more than the " + MAX_STRIPE_BYTES + " bytes that are written at once");
        }
        long[] available = slots.stream().mapToLong(slot -> slot.blocks).toArray();
        RaidLayout made = RaidLayout.of(level, strip, available);
        if (made.blockCount() == 0) {
            throw new SpdkException(
                    Errno.EINVAL,
                    "raid bdev " + name + ": its bases have " + Arrays.toString(available)
                            + " blocks for data, which is not one of " + Math.max(strip, 1) + " on each");
        }
        if (known != null && known.raidBlocks() != made.blockCount()) {
            throw new SpdkException(
                    Errno.EINVAL,
                    "raid bdev " + name + ": its superblock says " + known.raidBlocks() + " blocks, its bases make "
                            + made.blockCount());
        }
        layout = made;
        slots.forEach(slot -> slot.blocks = made.dataBlocks(slot.index));
        return made;
    }

    RaidSuperblock newSuperblock(RaidLayout made) {
        RaidSuperblock fresh =
                RaidSuperblock.create(uuid, name, level, blockSize, stripBlocks(), made.blockCount(), slots.size());
        slots.forEach(slot -> fresh.setBase(slot.index, Objects.requireNonNull(slot.uuid), slot.offset, slot.blocks));
        return fresh;
    }

    void register() throws SpdkException {
        alignment = 1;
        boolean writeCache = false;
        for (RaidSlot slot : slots) {
            if (slot.configured) {
                alignment = Math.max(alignment, slot.base().bdev().requiredAlignment());
                writeCache |= slot.base().bdev().writeCache();
            }
        }
        BdevSpec.Builder spec = BdevSpec.builder(name, blockSize, layout().blockCount())
                .productName(PRODUCT_NAME)
                .uuid(uuid)
                .requiredAlignment(alignment)
                .writeCache(writeCache);
        layout().describe(spec);
        IoDevice<RaidChannel> device = IoDevice.register(
                bdevs().runtime(), "raid " + name, thread -> new RaidChannel(this, thread), RaidChannel::close);
        channels = device;
        try {
            bdev = bdevs().register(spec.build(), this);
        } catch (SpdkException | RuntimeException e) {
            channels = null;
            var _ = device.unregister();
            throw e;
        }
    }

    /** Its bases have other sizes now. Says whether it has another one too. */
    boolean resize() {
        Bdev mine = bdev;
        if (mine == null || (level != RaidLevel.RAID0 && level != RaidLevel.RAID1)) {
            return false;
        }
        long[] available = slots.stream()
                .mapToLong(s -> s.isEmpty() ? Long.MAX_VALUE : s.base().bdev().blockCount() - s.offset)
                .toArray();
        RaidLayout other = RaidLayout.of(level, stripBlocks(), available);
        if (other.blockCount() == mine.blockCount()) {
            return false;
        }
        try {
            mine.notifyBlockCount(other.blockCount());
        } catch (SpdkException e) {
            LOG.log(Level.WARNING, "raid bdev {0} keeps its size: {1}", name, e.getMessage());
            return false;
        }
        layout = other;
        slots.forEach(slot -> slot.blocks = other.dataBlocks(slot.index));
        return true;
    }

    /** It is no bdev any more, nor can anybody tell it anything. */
    void gone() {
        channels = null;
        bdev = null;
    }

    // ---- what its threads are told ---------------------------------------------------------------------------------

    /** The same future, completing on the app thread. */
    <T> CompletableFuture<T> onApp(CompletableFuture<T> future) {
        CompletableFuture<T> here = bdevs().runtime().newFuture();
        var _ = future.whenComplete((value, failure) -> bdevs().appThread().execute(() -> {
            if (failure != null) {
                here.completeExceptionally(failure);
            } else {
                here.complete(value);
            }
        }));
        return here;
    }

    /** What it begins with. */
    void setView(RaidView first) {
        view = first;
    }

    /** Tells all channels what is new. Completes when each has heard. */
    CompletableFuture<Void> publish(UnaryOperator<RaidView> change) {
        view = change.apply(view);
        return visit((channel, done) -> {
            channel.apply(view);
            done.run();
        });
    }

    /** Completes when the writes have ended that began before the range was locked. */
    CompletableFuture<Void> drain() {
        return visit(RaidChannel::drain);
    }

    private interface Visit {
        void visit(RaidChannel channel, Runnable done);
    }

    private CompletableFuture<Void> visit(Visit visit) {
        CompletableFuture<Void> all = bdevs().runtime().newFuture();
        IoDevice<RaidChannel> device = channels;
        if (device == null) {
            all.complete(null);
        } else {
            device.forEachChannel(i -> visit.visit(i.context(), i::next), _ -> all.complete(null));
        }
        return all;
    }

    // ---- what its threads say --------------------------------------------------------------------------------------

    private void toApp(Runnable message) {
        var _ = bdevs().appThread().trySendInternal(message);
    }

    /** A member did not do what it had to. Any thread. */
    void failed(RaidMember member, String why) {
        toApp(() -> {
            var _ = control.lose(member, BaseState.FAILED, why);
        });
    }

    /** A member could not read what the others could tell. Any thread. */
    void repair(RaidMember member, long block, long count) {
        toApp(() -> sync.repair(member, block, count));
    }

    /** Members may have got different parts of a write. Any thread. */
    void resync(long block, long count) {
        toApp(() -> sync.resync(block, count));
    }

    // ---- what the hub and the channels ask -------------------------------------------------------------------------

    @Override
    public CompletionStage<Void> destruct() {
        return control.unregistered(() -> onApp(Objects.requireNonNull(channels).unregister()));
    }

    @Override
    public void submit(RaidChannel channel, BdevIo io) {
        channel.layout.submit(channel, io);
    }

    @Override
    public List<Bdev> bases() {
        return view.members().stream()
                .filter(Objects::nonNull)
                .map(member -> member.base().bdev())
                .toList();
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, RESET -> true;
            case FLUSH ->
                layout().handsOn(type)
                        && slots.stream().anyMatch(s -> s.configured && s.base().supports(type));
            case UNMAP ->
                layout().handsOn(type)
                        && slots.stream()
                                .allMatch(s -> !s.configured || s.base().supports(type));
            default -> false;
        };
    }

    @Override
    public RaidChannel openChannel(SpdkThread thread) {
        IoChannel<RaidChannel> handle = Objects.requireNonNull(channels).channel();
        RaidChannel channel = handle.context();
        channel.hold(handle);
        // Only now, since what is published from here on reaches it.
        channel.apply(view);
        return channel;
    }

    @Override
    public void closeChannel(RaidChannel channel) {
        channel.letGo();
    }

    RaidResets resets() {
        return resets;
    }

    void endReset(Runnable done) {
        Objects.requireNonNull(channels).forEachChannel(IoDevice.Iteration::next, _ -> {
            resets.end();
            done.run();
        });
    }

    @Nullable
    DmaBuf tryAllocate(long bytes) {
        return bdevs().pool().tryAllocate(bytes, Math.max(alignment, 64));
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        out.put("raid", info());
    }

    /** What {@code bdev_raid_get_bdevs} says of it. */
    Map<String, Object> info() {
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("uuid", uuid.toString());
        info.put("strip_size_kb", stripSizeKb);
        info.put("state", state().jsonName());
        info.put("raid_level", level.jsonName());
        info.put("superblock", superblock);
        info.put("num_base_bdevs", slots.size());
        info.put(
                "num_base_bdevs_discovered",
                slots.stream().filter(s -> s.configured).count());
        info.put(
                "num_base_bdevs_operational",
                state() == RaidState.CONFIGURING
                        ? control.expected()
                        : slots.stream().filter(s -> s.member != null).count());
        Map<String, Object> process = sync.info();
        if (process != null) {
            info.put("process", process);
        }
        info.put("base_bdevs_list", slots.stream().map(RaidSlot::toJson).toList());
        return info;
    }

    @Override
    public @Nullable ConfigCall configCall() {
        if (superblock) {
            return null; // it is found by its superblock
        }
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", name);
        params.put("uuid", uuid.toString());
        if (stripSizeKb != 0) {
            params.put("strip_size_kb", stripSizeKb);
        }
        params.put("raid_level", level.jsonName());
        params.put(
                "base_bdevs",
                slots.stream()
                        .map(s -> s.name != null ? s.name : "removed_base_bdev_" + s.index)
                        .toList());
        return new ConfigCall("bdev_raid_create", params);
    }

    @Override
    public String toString() {
        return "raid bdev " + name + " (" + level.jsonName() + ", " + state().jsonName() + ")";
    }
}
