// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.gpt;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.PartBase;
import dev.spdkio.error.SpdkException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The partitions of a device as devices. Stands for SPDK's gpt bdev.
 *
 * <p>The partitions of one device share it: it is let go with the last of them.
 *
 * <p>Thread rule: {@link #createAll} on the app thread.
 */
public final class GptBdev {
    /** What their kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "GPT Disk";

    static final String MODULE = "gpt";

    private static final Logger LOG = System.getLogger(GptBdev.class.getName());

    private GptBdev() {}

    /**
     * Makes and registers those of a table that {@linkplain GptTable#forSpdk are for SPDK}: partition 1 of
     * {@code Nvme0} is {@code Nvme0p1}. One that cannot be registered is logged and left out.
     *
     * @throws SpdkException ENODEV if there is no such device, EPERM if it is claimed
     */
    public static List<Bdev> createAll(BdevManager bdevs, String baseName, GptTable table) throws SpdkException {
        if (table.forSpdk().isEmpty()) {
            return List.of();
        }
        PartBase base = PartBase.open(bdevs, baseName, MODULE);
        for (GptPartition p : table.forSpdk()) {
            String name = base.bdev().name() + "p" + p.number();
            try {
                base.add(name, PRODUCT_NAME, p.firstBlock(), p.blocks(), p.id(), MODULE, info(table, p));
            } catch (SpdkException e) {
                LOG.log(Level.ERROR, "partition " + p.number() + " of bdev " + baseName + " is left out", e);
            } catch (RuntimeException e) {
                var _ = base.remove();
                throw e;
            }
        }
        List<Bdev> made = base.parts();
        if (made.isEmpty()) {
            var _ = base.remove();
        }
        return made;
    }

    private static Map<String, Object> info(GptTable table, GptPartition partition) {
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("partition_table_guid", table.diskId().toString());
        info.put("partition_type_guid", partition.type().toString());
        info.put("unique_partition_guid", partition.id().toString());
        info.put("partition_name", partition.name());
        return info;
    }
}
