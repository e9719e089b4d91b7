// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.Xattrs;
import dev.spdkio.error.SpdkException;
import dev.spdkio.spdk.ffi.BlobApi;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One opening of a blob of SPDK's. */
final class NativeBlob implements Blob {
    private final NativeBlobstore store;
    private final BlobId id;
    private final BlobState state;
    private volatile boolean open = true;
    private @Nullable CompletableFuture<Void> closing;

    NativeBlob(NativeBlobstore store, BlobId id, BlobState state) {
        this.store = store;
        this.id = id;
        this.state = state;
    }

    long pointer() {
        return state.pointer;
    }

    BlobState state() {
        return state;
    }

    /** The pointer for a caller on the metadata thread, who may use it at once. */
    private long enter(String what) {
        store.thread().checkCurrent(what + " of " + this);
        checkOpen();
        NativeThread.enter(store.thread());
        return state.pointer;
    }

    void checkOpen() {
        if (!open) {
            throw new IllegalStateException(this + " is closed: open it again");
        }
    }

    // ---- what it is -----------------------------------------------------------------------------------------------

    @Override
    public Blobstore store() {
        return store;
    }

    @Override
    public BlobId id() {
        return id;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public long clusters() {
        return state.clusters;
    }

    @Override
    public boolean isReadOnly() {
        return state.readOnly;
    }

    @Override
    public long allocatedClusters() {
        return BlobApi.allocatedClusters(enter("counting the clusters"));
    }

    @Override
    public OptionalLong nextAllocated(long offset) {
        return next(BlobApi.nextAllocated(enter("looking for clusters"), checkOffset(offset)));
    }

    @Override
    public OptionalLong nextUnallocated(long offset) {
        return next(BlobApi.nextUnallocated(enter("looking for clusters"), checkOffset(offset)));
    }

    private long checkOffset(long offset) {
        if (offset < 0) {
            throw new IllegalArgumentException("io unit " + offset + " of " + this + " is negative");
        }
        return offset;
    }

    private static OptionalLong next(long found) {
        return found == -1 ? OptionalLong.empty() : OptionalLong.of(found);
    }

    @Override
    public boolean isThin() {
        return BlobApi.isThin(enter("looking at the state"));
    }

    @Override
    public boolean isSnapshot() {
        return BlobApi.isSnapshot(enter("looking at the state"));
    }

    @Override
    public boolean isClone() {
        return BlobApi.isClone(enter("looking at the state"));
    }

    @Override
    public Optional<String> externalSnapshot() {
        return Optional.ofNullable(BlobApi.externalSnapshot(enter("looking at the state")))
                .map(BlobStructs::externalName);
    }

    @Override
    public boolean isDegraded() {
        return BlobApi.isDegraded(enter("looking at the state"));
    }

    // ---- changes --------------------------------------------------------------------------------------------------

    @Override
    public CompletableFuture<Void> resize(long clusters) {
        if (clusters < 0 || clusters > BlobOptions.MAX_CLUSTERS) {
            throw new IllegalArgumentException(
                    this + " cannot have " + clusters + " clusters: 0 to " + BlobOptions.MAX_CLUSTERS);
        }
        String what = "resizing " + this + " to " + clusters + " clusters";
        return store.operations().resize(what, this, clusters).thenRun(this::refresh);
    }

    @Override
    public void setReadOnly() {
        long pointer = enter("making read-only");
        if (!BlobApi.isReadOnly(pointer)) {
            BlobApi.setReadOnly(pointer);
        }
    }

    @Override
    public CompletableFuture<Void> sync() {
        return store.operations()
                .change("syncing " + this, this, token -> BlobApi.sync(state.pointer, Calls.STATUS, token))
                .thenRun(this::refresh);
    }

    /** Takes over what other threads may know. On the metadata thread, while it is open to the store. */
    void refresh() {
        if (state.openings > 0) {
            state.clusters = BlobApi.clusters(state.pointer);
            state.readOnly = BlobApi.isReadOnly(state.pointer);
        }
    }

    // ---- attributes -----------------------------------------------------------------------------------------------

    @Override
    public List<String> xattrNames() {
        List<String> names = BlobApi.xattrNames(enter("reading the attributes"));
        if (names == null) {
            throw new OutOfMemoryError("SPDK has no memory for the names of the attributes of " + this);
        }
        return names;
    }

    @Override
    public byte @Nullable [] xattr(String name) {
        Xattrs.checkName(name);
        return BlobApi.xattr(enter("reading the attributes"), name);
    }

    @Override
    public void setXattr(String name, byte[] value) throws SpdkException {
        Xattrs.check(name, value);
        checkXattr("setting", name, BlobApi.setXattr(enter("setting an attribute"), name, value));
    }

    @Override
    public void removeXattr(String name) throws SpdkException {
        Xattrs.checkName(name);
        checkXattr("removing", name, BlobApi.removeXattr(enter("removing an attribute"), name));
    }

    private void checkXattr(String verb, String name, int rc) throws SpdkException {
        if (rc != 0) {
            String why = switch (-rc) {
                case Errno.ENOENT -> "there is none of that name";
                case Errno.EPERM -> "the blob is read-only";
                default -> "SPDK has no memory for it";
            };
            throw new SpdkException(
                    -rc, verb + " attribute '" + name + "' of " + this + " failed (" + Errno.name(-rc) + "): " + why);
        }
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    @Override
    public CompletableFuture<Void> close() {
        return store.operations().begin(this::closeHere);
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

    @Override
    public String toString() {
        return "blob " + id + " of " + store;
    }
}
