// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.format.BlobRecord;
import dev.spdkio.blob.format.Mask;
import dev.spdkio.blob.format.MetadataPage;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a device with a store on it.
 *
 * <p>Thread rule: the metadata thread, on which one operation runs at a time; constants any.
 */
final class Store {
    /** What stands for no blob. */
    static final long NONE = SuperBlock.NO_BLOB;

    final Devices devices;
    final SpdkThread thread;
    final BlobstoreOptions options;
    final StoreDevice device;
    final int ioUnitSize;
    final long clusterSize;
    final long unitsPerCluster;
    final Space space;
    final Relations relations = new Relations();
    final PageMemory pageMemory = new PageMemory();

    /** Blobs that are in memory. */
    final Map<Long, BlobState> states = new HashMap<>();

    /** Blobs that are damaged, and how. Nothing that they have is used again. */
    final TreeMap<Long, String> damaged = new TreeMap<>();

    /** Who sends data to the devices, for {@link #fence}. Any thread, under this lock. */
    final List<Lane> lanes = new ArrayList<>();

    private SuperBlock superBlock;

    /** Whether the super block on the device says that the store was unloaded. */
    private boolean clean;

    /** Whether something that nobody has is not free: only a recovery finds out what. */
    boolean leaks;

    Store(
            Devices devices,
            SpdkThread thread,
            BlobstoreOptions options,
            StoreDevice device,
            SuperBlock superBlock,
            Space space) {
        this.devices = devices;
        this.thread = thread;
        this.options = options;
        this.device = device;
        this.superBlock = superBlock;
        this.clean = superBlock.clean();
        this.space = space;
        this.ioUnitSize = superBlock.ioUnitSize();
        this.clusterSize = superBlock.clusterSize();
        this.unitsPerCluster = clusterSize / ioUnitSize;
    }

    SuperBlock superBlock() {
        return superBlock;
    }

    long clusterOffset(int cluster) {
        return cluster * clusterSize;
    }

    int pageSize() {
        return superBlock.metadataPageSize();
    }

    // ---- the super block, and masks -------------------------------------------------------------------------------

    /** Writes the super block, durably. */
    CompletableFuture<Void> writeSuper(SuperBlock value) {
        return device.barrier()
                .thenCompose(_ -> device.with(superBytes(), buf -> {
                    buf.fill((byte) 0);
                    value.encode(buf.segment());
                    return device.write(buf, 0);
                }))
                .thenCompose(_ -> device.barrier())
                .thenRun(() -> {
                    superBlock = value;
                    clean = value.clean();
                });
    }

    private long superBytes() {
        return Math.max(MetadataPage.BYTES, device.bdev().blockSize());
    }

    /** Before the first change of metadata: from now on the masks on the device do not count. */
    CompletableFuture<Void> markDirty() {
        return clean ? writeSuper(superBlock.withClean(false)) : Steps.done();
    }

    /** Writes what is used. */
    CompletableFuture<Void> writeMasks() {
        return writeMask(Mask.PAGES, space.pages, superBlock.metadata().length(), superBlock.pageMask())
                .thenCompose(_ -> superBlock.blobMask().length() == 0
                        ? Steps.done()
                        : writeMask(
                                Mask.BLOBS, space.blobs, superBlock.metadata().length(), superBlock.blobMask()))
                .thenCompose(
                        _ -> writeMask(Mask.CLUSTERS, space.clusters, space.clusterCount(), superBlock.clusterMask()));
    }

    private CompletableFuture<Void> writeMask(Mask mask, BitSet bits, int length, SuperBlock.Region region) {
        return device.with((long) region.length() * pageSize(), buf -> {
            mask.encode(bits, length, buf.segment());
            return device.write(buf, (long) region.start() * pageSize());
        });
    }

    /** Writes all that is needed to load it without recovery, unless that has to find what leaked. */
    CompletableFuture<Void> writeClean() {
        List<BlobState> unsettled =
                states.values().stream().filter(s -> s.dirty).toList();
        return Steps.each(unsettled.size(), i -> Persist.write(unsettled.get(i), true))
                .thenCompose(_ -> leaks ? Steps.done() : writeMasks())
                .thenCompose(_ -> leaks ? Steps.done() : writeSuper(superBlock.withClean(true)));
    }

    // ---- pages ----------------------------------------------------------------------------------------------------

    /** Reads a metadata page. */
    CompletableFuture<Void> readPage(DmaBuf buf, int page) {
        return device.read(buf, superBlock.pageOffset(page));
    }

    /** Reads metadata pages that follow each other, to the beginning of a buffer. */
    CompletableFuture<Void> readPages(DmaBuf buf, int first, int count) {
        DmaBuf part = buf.slice(0, (long) count * pageSize());
        return readPage(part, first).whenComplete((_, _) -> part.close());
    }

    CompletableFuture<Void> zeroPage(int page) {
        return device.zero(superBlock.pageOffset(page), pageSize());
    }

    // ---- blobs in memory ------------------------------------------------------------------------------------------

    /** Takes a use of a blob, reading it and what it stands on if need be. In an operation. */
    CompletableFuture<BlobState> acquire(String what, long id) {
        BlobState known = states.get(id);
        if (known != null) {
            known.uses++;
            return CompletableFuture.completedFuture(known);
        }
        return Steps.begin(() -> {
            String damage = damaged.get(id);
            if (damage != null) {
                throw Failures.of(Errno.EILSEQ, what, damage);
            }
            if (id >>> Integer.SIZE != 1 || (int) id < 0 || !space.blobs.get((int) id)) {
                throw Failures.of(Errno.ENOENT, what, "there is no such blob");
            }
            return new Loader(this, id)
                    .read()
                    .thenCompose(state -> Steps.begin(() -> {
                        Census.checkClusters(this, state);
                        return acquireBacking(what, state);
                    }));
        });
    }

    private CompletableFuture<BlobState> acquireBacking(String what, BlobState state) throws SpdkException {
        byte[] external = state.record.internalXattrs.get(BlobState.EXTERNAL_SNAPSHOT);
        long parent = BlobState.internalId(state.record, BlobState.SNAPSHOT);
        if ((state.record.invalidFlags & BlobRecord.EXTERNAL_SNAPSHOT) != 0 && external != null) {
            state.publish(ExternalDevice.open(this, state.id, ExternalDevice.decode(external), devices.mayBeMissing()));
        } else if (parent != NONE) {
            return acquire(what, parent).thenApply(p -> {
                state.publish(p);
                return keep(state);
            });
        }
        return CompletableFuture.completedFuture(keep(state));
    }

    private BlobState keep(BlobState state) {
        states.put(state.id, state);
        state.uses++;
        return state;
    }

    /** A new blob that is in memory, with one use. */
    void add(BlobState state) {
        keep(state);
    }

    /** Gives back a use. What the device has of a blob that could not be written is not to be read: it is kept. */
    void release(BlobState state) {
        if (--state.uses == 0 && !state.dirty) {
            states.remove(state.id, state);
            letGo(state.backing());
        }
    }

    /** What a blob stood on is not needed by it any more. */
    void letGo(@Nullable Backing backing) {
        switch (backing) {
            case BlobState parent -> release(parent);
            case ExternalDevice external -> external.close();
            case null -> {}
        }
    }

    /** Blobs that can be read. */
    List<BlobId> blobIds() {
        return space.blobs.stream()
                .mapToLong(BlobState::idOf)
                .filter(id -> !damaged.containsKey(id))
                .mapToObj(BlobId::new)
                .toList();
    }

    // ---- data threads ---------------------------------------------------------------------------------------------

    /** Completes when every request has ended that was begun before this, and may have seen what is no more. */
    CompletableFuture<Void> fence() {
        List<Lane> all;
        synchronized (lanes) {
            all = List.copyOf(lanes);
        }
        List<CompletableFuture<Void>> passed = new ArrayList<>();
        for (Lane lane : all) {
            CompletableFuture<Void> one = new CompletableFuture<>();
            if (lane.thread.trySendInternal(() -> lane.fence(() -> complete(one)))) {
                passed.add(one);
            }
        }
        return passed.isEmpty() ? Steps.done() : Steps.all(passed);
    }

    @SuppressWarnings("NullAway") // a CompletableFuture<Void> has no other value
    private void complete(CompletableFuture<Void> passed) {
        if (!thread.trySendInternal(() -> passed.complete(null))) {
            passed.complete(null);
        }
    }

    @Override
    public String toString() {
        return "blobstore on bdev " + device.bdev().name();
    }
}
