// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.gpt;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A partition of a device. Stands for SPDK's gpt bdev.
 *
 * <p>The partitions of one device share it: it is let go with the last of them.
 *
 * <p>Thread rule: {@link #createAll} on the app thread; the rest is called by the hub.
 */
public final class GptBdev implements BdevOps<BdevChannel> {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "GPT Disk";

    static final String MODULE = "gpt";

    private static final Logger LOG = System.getLogger(GptBdev.class.getName());

    /** What the partitions of one device have in common. Owned by the app thread. */
    private static final class Shared {
        final BaseBdev base;
        final GptTable table;
        int partitions;

        Shared(BaseBdev base, GptTable table) {
            this.base = base;
            this.table = table;
        }
    }

    private final Shared shared;
    private final GptPartition partition;

    private GptBdev(Shared shared, GptPartition partition) {
        this.shared = shared;
        this.partition = partition;
    }

    /**
     * Makes and registers those of a table that {@linkplain GptTable#forSpdk are for SPDK}: partition 1 of
     * {@code Nvme0} is {@code Nvme0p1}. One that cannot be registered is logged and left out.
     *
     * @throws SpdkException ENODEV if there is no such device, EPERM if it is claimed
     */
    public static List<Bdev> createAll(BdevManager bdevs, String baseName, GptTable table) throws SpdkException {
        List<Bdev> made = new ArrayList<>();
        if (table.forSpdk().isEmpty()) {
            return made;
        }
        BaseBdev base = BaseBdev.open(bdevs, baseName, Claim.exclusiveWrite(MODULE), BaseBdev.Listener.FOLLOW);
        Shared shared = new Shared(base, table);
        for (GptPartition p : table.forSpdk()) {
            String name = base.bdev().name() + "p" + p.number();
            try {
                made.add(base.carries(bdevs.register(
                        base.spec(name, p.blocks())
                                .productName(PRODUCT_NAME)
                                .uuid(p.id())
                                .build(),
                        new GptBdev(shared, p))));
                shared.partitions++;
            } catch (SpdkException e) {
                LOG.log(Level.ERROR, "partition " + p.number() + " of bdev " + baseName + " is left out", e);
            }
        }
        if (made.isEmpty()) {
            base.close();
        }
        return made;
    }

    @Override
    public void submit(BdevChannel channel, BdevIo io) {
        channel.forward(io, io.offsetBlocks() + partition.firstBlock());
    }

    @Override
    public void abort(BdevChannel channel, BdevIo target, BdevIo abort) {
        channel.forwardAbort(target, abort);
    }

    /** NVMe commands name blocks of the whole device. */
    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case NVME_ADMIN, NVME_IO, SEEK_HOLE, SEEK_DATA, ZONE_APPEND, ZONE_MANAGEMENT, GET_ZONE_INFO -> false;
            default -> shared.base.supports(type);
        };
    }

    @Override
    public BdevChannel openChannel(SpdkThread thread) {
        return shared.base.openChannel();
    }

    @Override
    public void closeChannel(BdevChannel channel) {
        channel.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        return --shared.partitions == 0 ? shared.base.closeAsync() : CompletableFuture.completedFuture(null);
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        Map<String, Object> gpt = new LinkedHashMap<>();
        gpt.put("base_bdev", shared.base.bdev().name());
        gpt.put("offset_blocks", partition.firstBlock());
        gpt.put("partition_table_guid", shared.table.diskId().toString());
        gpt.put("partition_type_guid", partition.type().toString());
        gpt.put("unique_partition_guid", partition.id().toString());
        gpt.put("partition_name", partition.name());
        out.put("gpt", gpt);
    }
}
