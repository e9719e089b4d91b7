// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.lvol;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.Blobstore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Stores and volumes as the methods of RPC describe them, in SPDK's words and order. On the app thread. */
final class LvolInfo {
    private LvolInfo() {}

    /** In {@code bdev_get_bdevs}. */
    static Map<String, Object> ofBdev(Lvol lvol, Blob blob) {
        Map<String, Object> out = new LinkedHashMap<>();
        if (!blob.isOpen() || !blob.store().isLoaded()) {
            return out; // it is on its way to its end
        }
        out.put("lvol_store_uuid", lvol.store().uuid().toString());
        out.put("base_bdev", lvol.store().base().bdev().name());
        out.put("thin_provision", blob.isThin());
        out.put("num_allocated_clusters", blob.allocatedClusters());
        out.put("snapshot", blob.isSnapshot());
        out.put("clone", blob.isClone());
        lvol.parent().ifPresent(parent -> out.put("base_snapshot", parent.name()));
        if (blob.isSnapshot()) {
            out.put("clones", lvol.clones().stream().map(Lvol::name).toList());
        }
        out.put("esnap_clone", blob.externalSnapshot().isPresent());
        blob.externalSnapshot().ifPresent(name -> out.put("external_snapshot_name", name));
        return out;
    }

    /** In {@code bdev_lvol_get_lvols}. */
    static Map<String, Object> of(Lvol lvol, Blob blob) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("alias", lvol.alias());
        out.put("uuid", lvol.uuidText());
        out.put("name", lvol.name());
        out.put("is_thin_provisioned", blob.isThin());
        out.put("is_snapshot", blob.isSnapshot());
        out.put("is_clone", blob.isClone());
        out.put("is_esnap_clone", blob.externalSnapshot().isPresent());
        out.put("is_degraded", blob.isDegraded());
        out.put("num_allocated_clusters", blob.allocatedClusters());
        Map<String, Object> store = new LinkedHashMap<>();
        store.put("name", lvol.store().name());
        store.put("uuid", lvol.store().uuid().toString());
        out.put("lvs", store);
        return out;
    }

    /** The volumes of some stores that are open. */
    static List<Map<String, Object>> lvols(List<LvolStore> stores) {
        return stores.stream()
                .flatMap(store -> store.lvols().stream())
                .filter(Lvol::isOpen)
                .map(lvol -> of(lvol, lvol.blob()))
                .toList();
    }

    /** In {@code bdev_lvol_get_lvstores}. */
    static Map<String, Object> of(LvolStore store) {
        Blobstore blobs = store.blobs();
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("uuid", store.uuid().toString());
        out.put("name", store.name());
        out.put("base_bdev", store.base().bdev().name());
        out.put("total_data_clusters", blobs.totalClusters());
        out.put("free_clusters", blobs.freeClusters());
        out.put("block_size", blobs.ioUnitSize());
        out.put("cluster_size", blobs.clusterSize());
        blobs.maxGrowableSize().ifPresent(bytes -> out.put("max_growable_size", bytes));
        return out;
    }
}
