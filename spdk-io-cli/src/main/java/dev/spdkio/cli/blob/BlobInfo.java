// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What can be said of a store and of a blob. On the metadata thread. */
final class BlobInfo {
    private BlobInfo() {}

    static Map<String, Object> of(Blobstore store) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("bdev", store.bdevName());
        m.put("type", store.type());
        m.put("cluster_size", store.clusterSize());
        m.put("io_unit_size", store.ioUnitSize());
        m.put("metadata_page_size", store.metadataPageSize());
        m.put("total_clusters", store.totalClusters());
        m.put("free_clusters", store.freeClusters());
        return m;
    }

    static Map<String, Object> of(Blob blob) {
        Blobstore store = blob.store();
        BlobId id = blob.id();
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("id", id.toString());
        m.put("clusters", blob.clusters());
        m.put("allocated_clusters", blob.allocatedClusters());
        m.put("size", blob.clusters() * store.clusterSize());
        m.put("length", Attributes.length(blob));
        m.put("thin", blob.isThin());
        m.put("read_only", blob.isReadOnly());
        m.put("snapshot", blob.isSnapshot());
        m.put("clone", blob.isClone());
        store.parentSnapshot(id).ifPresent(parent -> m.put("parent", parent.toString()));
        blob.externalSnapshot().ifPresent(bdev -> m.put("external_snapshot", bdev));
        List<String> clones = store.clones(id).stream().map(BlobId::toString).toList();
        if (!clones.isEmpty()) {
            m.put("clones", clones);
        }
        m.put("xattrs", Attributes.of(blob));
        return m;
    }
}
