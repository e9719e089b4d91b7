// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A device that is divided into parts, each a device of its own: for partitions and the like. Stands for {@code struct
 * spdk_bdev_part_base}. It is let go when the last part has gone, and the parts go when it goes.
 *
 * <p>Thread rule: the app thread.
 */
public final class PartBase {
    private static final UUID NAMESPACE = UUID.fromString("976b899e-3e1e-4d71-ab69-c2b08e9df8b8");

    private final BdevManager bdevs;
    private final BaseBdev base;
    private final List<Bdev> parts = new ArrayList<>();
    private final CompletableFuture<Void> gone;

    private PartBase(BdevManager bdevs, BaseBdev base) {
        this.bdevs = bdevs;
        this.base = base;
        this.gone = bdevs.runtime().newFuture();
    }

    /**
     * Opens and claims a device. Without parts it is to be closed by {@link #remove}.
     *
     * @param claimant the name of the module
     * @throws SpdkException ENODEV if there is no such device, EPERM if it is claimed
     */
    public static PartBase open(BdevManager bdevs, String baseName, String claimant) throws SpdkException {
        return new PartBase(
                bdevs, BaseBdev.open(bdevs, baseName, Claim.exclusiveWrite(claimant), BaseBdev.Listener.FOLLOW));
    }

    /** The device that is divided. */
    public Bdev bdev() {
        return base.bdev();
    }

    /**
     * Registers a part.
     *
     * @param offset its first block
     * @param count its blocks
     * @param uuid its identity; if null, one that comes from that of the device and from the range, as in SPDK
     * @param kind under which name {@code info} is in {@code driver_specific}
     * @param info what there is to say, besides {@code base_bdev} and {@code offset_blocks}
     * @throws SpdkException EEXIST if the name is taken
     * @throws IllegalArgumentException if the range is not within the device
     */
    public Bdev add(
            String name,
            String productName,
            long offset,
            long count,
            @Nullable UUID uuid,
            String kind,
            Map<String, ?> info)
            throws SpdkException {
        if (offset < 0 || count <= 0 || offset > bdev().blockCount() - count) {
            throw new IllegalArgumentException("part " + name + ": " + count + " blocks at block " + offset
                    + " are not within the " + bdev().blockCount() + " of bdev " + bdev().name());
        }
        BdevSpec spec = base.spec(name, count)
                .productName(productName)
                .uuid(uuid != null ? uuid : base.derivedUuid(NAMESPACE, offset, count))
                .build();
        Bdev part = bdevs.register(spec, new Part(offset, kind, info));
        parts.add(part);
        return base.carries(part);
    }

    /** The parts, in the order in which they were added. */
    public List<Bdev> parts() {
        return List.copyOf(parts);
    }

    /** Removes all parts and lets the device go; completes when that is done. */
    public CompletableFuture<Void> remove() {
        base.unregisterUpper();
        if (parts.isEmpty()) {
            var _ = letGo();
        }
        return gone.copy();
    }

    /** Completes when the device was let go, because of {@link #remove} or whatever removed it or its parts. */
    public CompletableFuture<Void> gone() {
        return gone.copy();
    }

    private CompletableFuture<Void> letGo() {
        return base.closeAsync().thenAccept(_ -> gone.complete(null));
    }

    private final class Part extends ForwardingOps {
        private final long offset;
        private final String kind;
        private final Map<String, ?> info;

        Part(long offset, String kind, Map<String, ?> info) {
            super(PartBase.this.base);
            this.offset = offset;
            this.kind = kind;
            this.info = new LinkedHashMap<>(info);
        }

        @Override
        public void submit(BdevChannel channel, BdevIo io) {
            channel.forward(io, io.offsetBlocks() + offset);
        }

        /** NVMe commands name blocks of the whole device, a seek may end beyond the part, and a part has no zones. */
        @Override
        public boolean supports(IoType type) {
            return switch (type) {
                case NVME_ADMIN, NVME_IO, SEEK_HOLE, SEEK_DATA, ZONE_APPEND, ZONE_MANAGEMENT, GET_ZONE_INFO -> false;
                default -> super.supports(type);
            };
        }

        @Override
        public CompletionStage<Void> destruct() {
            parts.removeIf(part -> !part.isRegistered() && part.hasOps(this));
            return parts.isEmpty() ? letGo() : CompletableFuture.completedFuture(null);
        }

        @Override
        public void dumpInfo(Map<String, Object> out) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("base_bdev", bdev().name());
            all.put("offset_blocks", offset);
            all.putAll(info);
            out.put(kind, all);
        }
    }
}
