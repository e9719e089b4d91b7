// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Xattrs;
import dev.spdkio.blob.format.BlobRecord;
import dev.spdkio.blob.spi.BlobBase;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One opening of a blob. */
final class JavaBlob extends BlobBase {
    private final JavaBlobstore store;
    private final BlobState state;

    JavaBlob(JavaBlobstore store, BlobState state) {
        super(store, new BlobId(state.id));
        this.store = store;
        this.state = state;
    }

    BlobState state() {
        return state;
    }

    /** The state, for a caller on the metadata thread. */
    private BlobState enter(String what) {
        checkUsable(what);
        return state;
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    @Override
    public long clusters() {
        return state.view.clusters;
    }

    @Override
    public long ioUnits() {
        return state.view.ioUnits;
    }

    @Override
    public boolean isReadOnly() {
        return state.readOnly;
    }

    @Override
    public long allocatedClusters() {
        return enter("counting the clusters").allocatedClusters();
    }

    @Override
    protected long find(long offset, boolean allocated) {
        return state.view.next(offset, store.ioUnitsPerCluster(), allocated);
    }

    @Override
    public boolean isThin() {
        return enter("looking at the state").isThin();
    }

    @Override
    public boolean isSnapshot() {
        return enter("looking at the state").store.relations.hasClones(state.id);
    }

    @Override
    public boolean isClone() {
        return enter("looking at the state").backing() instanceof BlobState;
    }

    @Override
    public Optional<String> externalSnapshot() {
        return Optional.ofNullable(
                        enter("looking at the state").record.internalXattrs.get(BlobState.EXTERNAL_SNAPSHOT))
                .map(ExternalDevice::decode);
    }

    @Override
    public boolean isDegraded() {
        Backing at = enter("looking at the state").backing();
        while (at instanceof BlobState parent) {
            at = parent.backing();
        }
        return at instanceof ExternalDevice d && d.isMissing();
    }

    // ---- changes ----------------------------------------------------------------------------------------------------

    @Override
    protected CompletableFuture<Void> resize(String what, long clusters) {
        return store.change(this, () -> {
            if (state.metadataReadOnly) {
                throw Failures.of(Errno.EPERM, what, "it is read-only");
            }
            Snapshots.checkFree(state, what);
            Creation.resize(state, what, clusters);
            return syncHere();
        });
    }

    @Override
    public void setReadOnly() {
        BlobState s = enter("making read-only");
        if ((s.record.dataReadOnlyFlags & BlobRecord.READ_ONLY) == 0) {
            s.record.dataReadOnlyFlags |= BlobRecord.READ_ONLY;
            s.dirty = true;
        }
    }

    @Override
    public CompletableFuture<Void> sync() {
        return store.change(this, this::syncHere);
    }

    /** In an operation. */
    CompletableFuture<Void> syncHere() {
        return state.dirty ? Persist.write(state, true) : state.store.device.barrier();
    }

    // ---- attributes -------------------------------------------------------------------------------------------------

    @Override
    public List<String> xattrNames() {
        return enter("reading the attributes").record.xattrs.keySet().stream()
                .map(Creation::outer)
                .toList();
    }

    @Override
    public byte @Nullable [] xattr(String name) {
        Xattrs.checkName(name);
        Map<String, byte[]> all = enter("reading the attributes").record.xattrs;
        byte[] value = all.get(key(all, name));
        return value == null ? null : value.clone();
    }

    /** What a name is on the device. It may be no text there, and is known by what is shown of it. */
    private static String key(Map<String, byte[]> all, String name) {
        String key = Creation.inner(name);
        return all.containsKey(key)
                ? key
                : all.keySet().stream()
                        .filter(k -> Creation.outer(k).equals(name))
                        .findFirst()
                        .orElse(key);
    }

    @Override
    public void setXattr(String name, byte[] value) throws SpdkException {
        Xattrs.check(name, value);
        BlobState s = enter("setting an attribute");
        checkXattr("setting", name, s.metadataReadOnly ? Errno.EPERM : 0, "the blob is read-only");
        s.record.xattrs.put(Creation.inner(name), value.clone());
        s.dirty = true;
    }

    @Override
    public void removeXattr(String name) throws SpdkException {
        Xattrs.checkName(name);
        BlobState s = enter("removing an attribute");
        checkXattr("removing", name, s.metadataReadOnly ? Errno.EPERM : 0, "the blob is read-only");
        Map<String, byte[]> all = s.record.xattrs;
        boolean known = all.remove(key(all, name)) != null;
        checkXattr("removing", name, known ? 0 : Errno.ENOENT, "there is none of that name");
        s.dirty = true;
    }

    private void checkXattr(String verb, String name, int errno, String why) throws SpdkException {
        if (errno != 0) {
            throw Failures.of(errno, verb + " attribute '" + name + "' of " + this, why);
        }
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    @Override
    protected CompletableFuture<Void> release() {
        return syncHere().thenRun(() -> {
            state.openings--;
            store.store().release(state);
        });
    }
}
