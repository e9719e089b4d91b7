// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.memory.DmaBuf;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;

/** Metadata pages for who looks at blobs in the order of their root pages: those near each other are read at once. */
final class ReadAhead implements Loader.Pages {
    /** The most pages that are read at once. */
    static final int PAGES = 64;

    private final Store store;
    private final BitSet roots;
    private final DmaBuf window;
    private int first;
    private int count;

    private ReadAhead(Store store, BitSet roots, DmaBuf window) {
        this.store = store;
        this.roots = roots;
        this.window = window;
    }

    /** What is done with a root page. */
    interface Visit {
        CompletableFuture<Void> begin(int root, ReadAhead pages);
    }

    /** Visits one after the other; nobody writes metadata meanwhile. */
    static CompletableFuture<Void> each(Store store, BitSet roots, Visit visit) {
        int[] all = roots.stream().toArray();
        return store.device.with((long) PAGES * store.pageSize(), window -> {
            ReadAhead pages = new ReadAhead(store, roots, window);
            return Steps.each(all.length, i -> pages.to(all[i]).thenCompose(_ -> visit.begin(all[i], pages)));
        });
    }

    private boolean has(int page) {
        return page >= first && page < first + count;
    }

    /** What cannot be read is left to who wants it. */
    private CompletableFuture<Void> to(int root) {
        int last = roots.previousSetBit(root + PAGES - 1);
        if (has(root) || last == root) {
            return Steps.done();
        }
        first = root;
        count = 0;
        int wanted = last - root + 1;
        return Steps.after(store.readPages(window, root, wanted), (_, failure) -> {
            count = failure == null ? wanted : 0;
            return Steps.done();
        });
    }

    @Override
    public CompletableFuture<Void> read(DmaBuf buf, int page) {
        if (!has(page)) {
            return store.readPage(buf, page);
        }
        long size = store.pageSize();
        MemorySegment.copy(window.segment(), (page - first) * size, buf.segment(), 0, size);
        return Steps.done();
    }
}
