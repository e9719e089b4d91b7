// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.zoneblock;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.ZoneSpec;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/**
 * A device with zones on one without: each zone is written from its beginning to its end. Stands for SPDK's zone_block
 * bdev.
 *
 * <p>At first all zones are full, and have what the device below has: reset a zone to write to it. Write pointers are
 * not kept anywhere else, so that this is so again when the device is made again. A write that fails has moved the
 * write pointer.
 *
 * <p>Thread rule: {@link #create} on the app thread; the rest is called by the hub.
 */
@SuppressWarnings("exports") // the channel is the hub's to hold, and nobody's to look into
public final class ZoneBlockBdev implements BdevOps<ZoneBlockChannel> {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "zone_block";

    /** What claims name it by, as in SPDK. */
    static final String MODULE = "bdev_zoned_block";

    /** Most zones, which are all kept in memory. */
    public static final int MAX_ZONES = 1 << 20;

    private static final UUID NAMESPACE = UUID.fromString("5f3f485a-d6bb-4443-9de7-023683b77389");

    private final ZoneBlockBdevOptions options;
    private final BaseBdev base;
    private final int zoneShift;
    private final Zone[] zones;

    private ZoneBlockBdev(ZoneBlockBdevOptions options, BaseBdev base, int count) {
        this.options = options;
        this.base = base;
        this.zoneShift = Long.numberOfTrailingZeros(options.zoneBlocks());
        this.zones = new Zone[count];
        for (int i = 0; i < count; i++) {
            zones[i] = new Zone((long) i << zoneShift, options.zoneCapacity());
        }
    }

    /**
     * Makes and registers one; the base must be there. Blocks of the base beyond the last whole zone are not used.
     *
     * @throws SpdkException ENODEV if there is no such base, EPERM if the base is claimed, EEXIST if the name is taken
     *     or the base has zones already
     * @throws IllegalArgumentException if there is not a single zone, or more than {@link #MAX_ZONES}
     */
    public static Bdev create(BdevManager bdevs, ZoneBlockBdevOptions options) throws SpdkException {
        return BaseBdev.createOn(
                bdevs,
                options.baseBdevName(),
                Claim.exclusiveWrite(MODULE),
                BaseBdev.Listener.FOLLOW,
                base -> createOn(base, bdevs, options));
    }

    private static Bdev createOn(BaseBdev base, BdevManager bdevs, ZoneBlockBdevOptions options) throws SpdkException {
        if (base.bdev().isZoned()) {
            throw new SpdkException(
                    Errno.EEXIST, "zoned bdev " + options.name() + ": " + base.bdev() + " has zones already");
        }
        long count = base.bdev().blockCount() / options.zoneBlocks();
        if (count < 1 || count > MAX_ZONES) {
            throw new IllegalArgumentException("zoned bdev " + options.name() + ": " + base.bdev() + " has " + count
                    + " zones of " + options.zoneBlocks() + " blocks; there must be 1 to " + MAX_ZONES);
        }
        BdevSpec spec = base.spec(options.name(), count * options.zoneBlocks())
                .productName(PRODUCT_NAME)
                .uuid(base.derivedUuid(NAMESPACE))
                .zones(new ZoneSpec(options.zoneBlocks(), 0, 0, 0, options.optimalOpenZones()))
                .build();
        return bdevs.register(spec, new ZoneBlockBdev(options, base, (int) count));
    }

    /** The zone that a block is in. */
    Zone zone(long block) {
        return zones[(int) (block >>> zoneShift)];
    }

    long zoneBlocks() {
        return options.zoneBlocks();
    }

    long zoneCapacity() {
        return options.zoneCapacity();
    }

    /** Whether the device below can forget what was in a zone. */
    boolean unmaps() {
        return base.supports(IoType.UNMAP);
    }

    @Override
    public void submit(ZoneBlockChannel channel, BdevIo io) {
        channel.submit(io);
    }

    @Override
    public void abort(ZoneBlockChannel channel, BdevIo target, BdevIo abort) {
        channel.abort(target, abort);
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, FLUSH, RESET, ABORT -> base.supports(type);
            case ZONE_APPEND, ZONE_MANAGEMENT, GET_ZONE_INFO -> true;
            default -> false;
        };
    }

    @Override
    public ZoneBlockChannel openChannel(SpdkThread thread) {
        return new ZoneBlockChannel(this, base.openChannel());
    }

    @Override
    public void closeChannel(ZoneBlockChannel channel) {
        channel.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        return base.closeAsync();
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        out.put("zoned_block", configCall().params());
    }

    @Override
    public ConfigCall configCall() {
        return options.configCall();
    }
}
