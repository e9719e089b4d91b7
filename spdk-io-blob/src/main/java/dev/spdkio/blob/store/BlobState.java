// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blob.format.BlobRecord;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A blob in memory, which all openings of it share, and the blobs that stand on it.
 *
 * <p>Thread rule: the metadata thread; {@link #view} and {@link #readOnly} any.
 */
final class BlobState implements Backing {
    /** Internal attributes. */
    static final String SNAPSHOT = "SNAP";

    static final String SNAPSHOT_BEING_MADE = "SNAPTMP";
    static final String SNAPSHOT_BEING_REMOVED = "SNAPRM";
    static final String EXTERNAL_SNAPSHOT = "EXTSNAP";

    private static final ValueLayout.OfLong ID = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    final Store store;
    final long id;

    /** What is to be on the device. Its map may have more places than clusters: those are cut off at the next sync. */
    final BlobRecord record;

    /** Pages of its chain behind the root, as they are on the device. */
    int[] chain = new int[0];

    /** Places that are given clusters, in order, and those; they are in no map before the device has them. */
    int[] comingPlaces = {};

    int[] comingClusters = {};

    /** Its clusters, as they are on the device. */
    int durableClusters;

    /** Pages of its map that are not on the device as they should be. */
    final BitSet dirtyExtents = new BitSet();

    /** Whether pages of its map were written that a root may need which is written next. */
    boolean looseExtents;

    /** What it no longer needs, and others may have after the next sync that succeeds. */
    final BitSet limboPages = new BitSet();

    final BitSet limboClusters = new BitSet();

    /** Whether what is on the device is not what is to be there, as far as is known. */
    boolean dirty;

    /** Openings by the application. */
    int openings;

    /** Openings, blobs in memory that stand on it, and operations. A dirty one stays in memory without. */
    int uses;

    /** A long operation that excludes others; null for none. */
    @Nullable
    String locked;

    ClearMethod clearMethod;
    boolean metadataReadOnly;
    volatile boolean readOnly;
    volatile View view;

    /** Requests that wait for clusters, or give them back. */
    final Deque<Allocation.Want> wants = new ArrayDeque<>();

    boolean allocating;

    BlobState(Store store, long id, BlobRecord record) {
        this.store = store;
        this.id = id;
        this.record = record;
        this.readOnly = (record.dataReadOnlyFlags & BlobRecord.READ_ONLY) != 0 || record.hasUnknownDataFlags();
        this.metadataReadOnly = readOnly || record.hasUnknownMetadataFlags();
        this.clearMethod = Creation.clearMethod(record.metadataReadOnlyFlags);
        this.view = new View(record.map, record.clusters, record.clusters * store.unitsPerCluster, null);
    }

    /** Shows data threads the size, the map, and what there is below. */
    void publish(@Nullable Backing backing) {
        view = new View(record.map, record.clusters, record.clusters * store.unitsPerCluster, backing);
    }

    void publish() {
        publish(view.backing);
    }

    @Nullable
    Backing backing() {
        return view.backing;
    }

    /** The cluster that is to be on the device for a place; 0 for none. */
    int cluster(int place) {
        int coming = record.map[place] == 0 ? Arrays.binarySearch(comingPlaces, place) : -1;
        return coming < 0 ? record.map[place] : comingClusters[coming];
    }

    /** Its root page, which its identifier says. */
    int rootPage() {
        return (int) id;
    }

    static long idOf(int page) {
        return 1L << Integer.SIZE | page;
    }

    boolean isThin() {
        return record.isThin();
    }

    int allocatedClusters() {
        int n = 0;
        for (int i = 0; i < record.clusters; i++) {
            n += record.map[i] == 0 ? 0 : 1;
        }
        return n;
    }

    /** Makes its map, and the table of its pages, large enough. */
    void reserve(int clusters) {
        if (record.map.length < clusters) {
            record.map = Arrays.copyOf(record.map, clusters);
        }
        int[] pages = record.extentPages;
        int count = BlobRecord.extentPages(clusters);
        if (pages != null && pages.length < count) {
            record.extentPages = Arrays.copyOf(pages, count);
        }
    }

    // ---- internal attributes ----------------------------------------------------------------------------------------

    void setInternal(String name, byte[] value) {
        record.internalXattrs.put(name, value);
        record.invalidFlags |= BlobRecord.INTERNAL_XATTRS;
        dirty = true;
    }

    void setInternal(String name, long value) {
        byte[] bytes = new byte[Long.BYTES];
        MemorySegment.ofArray(bytes).set(ID, 0, value);
        setInternal(name, bytes);
    }

    void removeInternal(String name) {
        if (record.internalXattrs.remove(name) != null) {
            dirty = true;
            if (record.internalXattrs.isEmpty()) {
                record.invalidFlags &= ~BlobRecord.INTERNAL_XATTRS;
            }
        }
    }

    /** A blob that an attribute names; {@link Store#NONE} if it names none. */
    static long internalId(BlobRecord record, String name) {
        byte[] value = record.internalXattrs.get(name);
        return value == null || value.length != Long.BYTES
                ? Store.NONE
                : MemorySegment.ofArray(value).get(ID, 0);
    }

    /** Has it stand on a snapshot, or on nothing, as far as the device is concerned. */
    void setParent(long parent) {
        if (record.internalXattrs.containsKey(EXTERNAL_SNAPSHOT)) {
            removeInternal(EXTERNAL_SNAPSHOT);
            record.invalidFlags &= ~BlobRecord.EXTERNAL_SNAPSHOT;
        }
        if (parent == Store.NONE) {
            removeInternal(SNAPSHOT);
        } else {
            setInternal(SNAPSHOT, parent);
        }
    }

    /** Has it stand on a device, as far as the device of the store is concerned. */
    void setExternal(byte[] name) {
        removeInternal(SNAPSHOT);
        setInternal(EXTERNAL_SNAPSHOT, name);
        record.invalidFlags |= BlobRecord.EXTERNAL_SNAPSHOT;
    }

    @Override
    public String toString() {
        return "blob " + new BlobId(id) + " of " + store;
    }
}
