// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.spi;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One opening of a blob, without what keeps it.
 *
 * <p>Thread rule: the metadata thread, where {@link Blob} does not allow more.
 */
public abstract class BlobBase implements Blob {
    private final BlobstoreBase store;
    private final BlobId id;
    private volatile boolean open = true;
    private @Nullable CompletableFuture<Void> closing;

    /** Open from now on, for {@link BlobstoreBase#opened}. */
    protected BlobBase(BlobstoreBase store, BlobId id) {
        this.store = store;
        this.id = id;
    }

    @Override
    public final BlobstoreBase store() {
        return store;
    }

    @Override
    public final BlobId id() {
        return id;
    }

    @Override
    public final boolean isOpen() {
        return open;
    }

    /** Sees to it that the caller is on the metadata thread, and the blob open. */
    protected final void checkUsable(String what) {
        store.thread().checkCurrent(what + " of " + this);
        checkOpen();
    }

    /** @throws IllegalStateException if it is closed */
    public final void checkOpen() {
        if (!open) {
            throw new IllegalStateException(this + " is closed: open it again");
        }
    }

    @Override
    public final OptionalLong nextAllocated(long offset) {
        return next(offset, true);
    }

    @Override
    public final OptionalLong nextUnallocated(long offset) {
        return next(offset, false);
    }

    private OptionalLong next(long offset, boolean allocated) {
        checkUsable("looking for clusters");
        if (offset < 0) {
            throw new IllegalArgumentException("io unit " + offset + " of " + this + " is negative");
        }
        long found = find(offset, allocated);
        return found == -1 ? OptionalLong.empty() : OptionalLong.of(found);
    }

    /** The first io unit from {@code offset} on whose cluster is allocated, or is not; -1 if there is none. */
    protected abstract long find(long offset, boolean allocated);

    @Override
    public final CompletableFuture<Void> resize(long clusters) {
        if (clusters < 0 || clusters > BlobOptions.MAX_CLUSTERS) {
            throw new IllegalArgumentException(
                    this + " cannot have " + clusters + " clusters: 0 to " + BlobOptions.MAX_CLUSTERS);
        }
        return resize("resizing " + this + " to " + clusters + " clusters", clusters);
    }

    /** Makes it smaller or larger; any thread. */
    protected abstract CompletableFuture<Void> resize(String what, long clusters);

    @Override
    public final CompletableFuture<Void> close() {
        return store.begin(this::closeHere);
    }

    private CompletableFuture<Void> closeHere() {
        CompletableFuture<Void> running = closing;
        if (running != null) {
            return running;
        }
        open = false;
        CompletableFuture<Void> end = store.close(this);
        closing = end;
        var _ = end.whenComplete((_, failure) -> {
            if (failure != null) {
                closing = null;
            }
        });
        return end;
    }

    /** Makes it durable and lets it go: an operation, after the last request. */
    protected abstract CompletableFuture<Void> release();

    @Override
    public final String toString() {
        return "blob " + id + " of " + store;
    }
}
