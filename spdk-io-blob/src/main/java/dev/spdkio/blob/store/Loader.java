// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.format.BlobReader;
import dev.spdkio.blob.format.BlobRecord;
import dev.spdkio.blob.format.ExtentPage;
import dev.spdkio.blob.format.MalformedMetadataException;
import dev.spdkio.blob.format.MetadataPage;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Reads a blob from the device. A chain is as long as there are pages at most, and has no page twice. */
final class Loader {
    /** Where metadata pages come from. */
    interface Pages {
        CompletableFuture<Void> read(DmaBuf buf, int page);
    }

    private final Store store;
    private final Pages pages;
    private final long id;
    private final BlobReader reader;
    private final BitSet seen = new BitSet();
    private int[] chain = new int[4];
    private int length;

    Loader(Store store, long id) {
        this(store, store::readPage, id);
    }

    Loader(Store store, Pages pages, long id) {
        this.store = store;
        this.pages = pages;
        this.id = id;
        this.reader = new BlobReader(id);
    }

    /** Fails with {@link dev.spdkio.blob.format.MalformedMetadataException} if it is damaged. */
    CompletableFuture<BlobState> read() {
        return store.device.with(
                store.pageSize(),
                buf -> chain(buf, (int) id)
                        .thenCompose(_ -> Steps.begin(() -> {
                            BlobRecord record = reader.record();
                            int[] extents = record.extentPages;
                            return extents == null
                                    ? CompletableFuture.completedFuture(record)
                                    : Steps.each(extents.length, i -> extent(buf, extents[i], i, record))
                                            .thenApply(_ -> record);
                        }))
                        .thenApply(this::state));
    }

    private CompletableFuture<Void> chain(DmaBuf buf, int root) {
        CompletableFuture<Void> end = new CompletableFuture<>();
        next(buf, root, end);
        return end;
    }

    @SuppressWarnings("NullAway") // a CompletableFuture<Void> has no other value
    private void next(DmaBuf buf, int page, CompletableFuture<Void> end) {
        CompletableFuture<Void> read = Steps.begin(() -> {
            claim(page);
            return pages.read(buf, page);
        });
        var _ = read.whenComplete((_, failure) -> {
            if (failure != null) {
                end.completeExceptionally(Steps.cause(failure));
                return;
            }
            try {
                if (!MetadataPage.isIntact(buf.segment())) {
                    throw BlobReader.malformed(id, "metadata page " + page + " with a wrong checksum");
                }
                int following = reader.accept(buf.segment());
                if (following == MetadataPage.NONE) {
                    end.complete(null);
                } else {
                    if (length == chain.length) {
                        chain = Arrays.copyOf(chain, 2 * length);
                    }
                    chain[length++] = following;
                    next(buf, following, end);
                }
            } catch (SpdkException | RuntimeException e) {
                end.completeExceptionally(e);
            }
        });
    }

    private void claim(int page) throws MalformedMetadataException {
        SuperBlock s = store.superBlock();
        if (page < 0 || page >= s.metadata().length()) {
            throw BlobReader.malformed(
                    id,
                    "page " + Integer.toUnsignedLong(page) + " of "
                            + s.metadata().length() + " metadata pages");
        }
        if (seen.get(page)) {
            throw BlobReader.malformed(id, "metadata page " + page + " twice");
        }
        seen.set(page);
    }

    private CompletableFuture<Void> extent(DmaBuf buf, int page, int index, BlobRecord record) {
        if (page == 0) {
            return Steps.done();
        }
        return Steps.begin(() -> {
            claim(page);
            return pages.read(buf, page)
                    .thenCompose(_ -> Steps.begin(() -> {
                        ExtentPage.decode(buf.segment(), id, index, record);
                        return Steps.done();
                    }));
        });
    }

    private BlobState state(BlobRecord record) {
        BlobState state = new BlobState(store, id, record);
        state.chain = Arrays.copyOf(chain, length);
        state.durableClusters = record.clusters;
        return state;
    }

    /** The pages it has, as far as it was read. */
    BitSet pages() {
        return seen.get(0, seen.length());
    }

    /** What it has, as far as it was read, and such as there can be. */
    Places places() {
        Places places = new Places(pages(), new BitSet());
        for (int c : reader.partial().map) {
            if (c >= store.superBlock().metadataClusters()
                    && c < store.superBlock().clusters()) {
                places.clusters().set(c);
            }
        }
        return places;
    }

    /** What blobs have that are whole. */
    static CompletableFuture<Places> places(Store store, List<Long> ids) {
        Places all = new Places();
        return Steps.each(ids.size(), i -> {
                    Loader loader = new Loader(store, ids.get(i));
                    return loader.read().thenAccept(_ -> all.add(loader.places()));
                })
                .thenApply(_ -> all);
    }
}
