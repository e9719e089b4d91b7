// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Xattrs;
import dev.spdkio.blob.spi.BlobBase;
import dev.spdkio.blob.spi.BlobstoreBase;
import dev.spdkio.error.SpdkException;
import dev.spdkio.spdk.ffi.BlobApi;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One opening of a blob of SPDK's. */
final class NativeBlob extends BlobBase {
    private final NativeBlobstore store;
    private final BlobState state;

    NativeBlob(NativeBlobstore store, BlobId id, BlobState state) {
        super(store, id);
        this.store = store;
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
        checkUsable(what);
        NativeThread.enter(store.thread());
        return state.pointer;
    }

    // ---- what it is -----------------------------------------------------------------------------------------------

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
    protected long find(long offset, boolean allocated) {
        NativeThread.enter(store.thread());
        return allocated
                ? BlobApi.nextAllocated(state.pointer, offset)
                : BlobApi.nextUnallocated(state.pointer, offset);
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
    protected CompletableFuture<Void> resize(String what, long clusters) {
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
            throw BlobstoreBase.failure(-rc, verb + " attribute '" + name + "' of " + this, why);
        }
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    @Override
    protected CompletableFuture<Void> release() {
        return store.release(this);
    }
}
