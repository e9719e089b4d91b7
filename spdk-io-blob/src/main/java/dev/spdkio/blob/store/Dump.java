// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.blob.check.Finding;
import dev.spdkio.blob.format.MalformedMetadataException;
import dev.spdkio.blob.format.PageDump;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** {@link dev.spdkio.blob.check.BlobstoreDump}, at work. */
public final class Dump {
    private Dump() {}

    /** The super block and the masks. Any thread. */
    public static CompletableFuture<Map<String, Object>> store(BdevManager bdevs, SpdkThread thread, String name) {
        Offline offline = new Offline(bdevs, thread, name, "dump");
        return offline.use(false, device -> {
            Findings findings = new Findings();
            return offline.superBlock(device, findings)
                    .thenCompose(found -> Steps.begin(() -> {
                        Map<String, Object> m = new LinkedHashMap<>();
                        m.put(
                                "problems",
                                findings.report(name, null, List.of(), List.of()).findings().stream()
                                        .map(Finding::text)
                                        .toList());
                        if (found.isEmpty()) {
                            return CompletableFuture.completedFuture(m);
                        }
                        m.put("super_block", of(found.get()));
                        return masks(offline, device, found.get()).thenApply(masks -> {
                            masks.ifPresent(store -> {
                                m.put("used_pages", store.space.pages.cardinality());
                                m.put("used_clusters", store.space.clusters.cardinality());
                                m.put("blobs", store.space.blobs.cardinality());
                            });
                            return m;
                        });
                    }));
        });
    }

    private static Map<String, Object> of(SuperBlock s) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("version", s.version());
        m.put("clean", s.clean());
        m.put("type", s.type().text());
        m.put("super_blob", s.superBlob() == SuperBlock.NO_BLOB ? "none" : "0x" + Long.toHexString(s.superBlob()));
        m.put("size", s.size());
        m.put("cluster_size", s.clusterSize());
        m.put("clusters", s.clusters());
        m.put("metadata_clusters", s.metadataClusters());
        m.put("io_unit_size", s.ioUnitSize());
        m.put("metadata_page_size", s.metadataPageSize());
        m.put("page_mask", of(s.pageMask()));
        m.put("cluster_mask", of(s.clusterMask()));
        m.put("blob_mask", of(s.blobMask()));
        m.put("metadata_pages", of(s.metadata()));
        return m;
    }

    /** In pages from the beginning of the device. */
    private static Map<String, Object> of(SuperBlock.Region r) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("start", Integer.toUnsignedLong(r.start()));
        m.put("length", Integer.toUnsignedLong(r.length()));
        return m;
    }

    /** Metadata pages with something on them. Any thread. */
    public static CompletableFuture<List<Map<String, Object>>> pages(
            BdevManager bdevs, SpdkThread thread, String name, int first, int count) {
        Offline offline = new Offline(bdevs, thread, name, "dump");
        return offline.use(
                false,
                device -> offline.superBlock(device, new Findings())
                        .thenCompose(found -> Steps.begin(() -> {
                            if (found.isEmpty()) {
                                return CompletableFuture.completedFuture(List.of());
                            }
                            return masks(offline, device, found.get())
                                    .thenCompose(masks -> pages(device, found.get(), masks, first, count));
                        })));
    }

    /** The masks as they are, whether they count or not; empty if they cannot be read. */
    private static CompletableFuture<Optional<Store>> masks(Offline offline, CautiousDevice device, SuperBlock s) {
        Store store = offline.store(device, s);
        return Steps.after(
                new Census(store, Census.Witness.NONE).readMasks(),
                (_, failure) -> failure == null || failure instanceof MalformedMetadataException
                        ? CompletableFuture.completedFuture(failure == null ? Optional.of(store) : Optional.empty())
                        : CompletableFuture.failedFuture(failure));
    }

    private static CompletableFuture<List<Map<String, Object>>> pages(
            CautiousDevice device, SuperBlock s, Optional<Store> masks, int first, int count) {
        List<Map<String, Object>> all = new ArrayList<>();
        int end = (int) Math.min((long) first + count, s.metadata().length());
        return device.with(
                s.metadataPageSize(),
                buf -> Steps.each(Math.max(0, end - first), i -> {
                            int page = first + i;
                            return device.read(buf, s.pageOffset(page)).thenRun(() -> {
                                if (!PageDump.isEmpty(buf.segment())) {
                                    Map<String, Object> m = new LinkedHashMap<>();
                                    m.put("page", page);
                                    m.put("offset", s.pageOffset(page));
                                    String unreadable = device.unreadable.get(s.pageOffset(page));
                                    if (unreadable != null) {
                                        m.put("unreadable", unreadable);
                                    } else {
                                        m.putAll(PageDump.of(buf.segment()));
                                    }
                                    masks.ifPresent(store -> {
                                        m.put("page_used", store.space.pages.get(page));
                                        m.put("blob_used", store.space.blobs.get(page));
                                    });
                                    all.add(m);
                                }
                            });
                        })
                        .thenApply(_ -> all));
    }
}
