// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import dev.spdkio.blobfs.BlobFs;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileStoreAttributeView;
import org.jspecify.annotations.Nullable;

/**
 * The device below, and how much room it has.
 *
 * <p>Thread rule: as {@link BlobFs}.
 */
final class BlobFileStore extends FileStore {
    private final BlobFs fs;

    BlobFileStore(BlobFs fs) {
        this.fs = fs;
    }

    @Override
    public String name() {
        return fs.store().bdevName();
    }

    @Override
    public String type() {
        return BlobFsProvider.SCHEME;
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public long getTotalSpace() throws IOException {
        return fs.space().totalBytes();
    }

    @Override
    public long getUsableSpace() throws IOException {
        return fs.space().freeBytes();
    }

    @Override
    public long getUnallocatedSpace() throws IOException {
        return fs.space().freeBytes();
    }

    @Override
    public long getBlockSize() {
        return fs.store().ioUnitSize();
    }

    @Override
    public boolean supportsFileAttributeView(Class<? extends FileAttributeView> type) {
        return type == BasicFileAttributeView.class;
    }

    @Override
    public boolean supportsFileAttributeView(String name) {
        return name.equals(BlobAttributes.VIEW);
    }

    @Override
    public <V extends FileStoreAttributeView> @Nullable V getFileStoreAttributeView(Class<V> type) {
        return null;
    }

    @Override
    public Object getAttribute(String attribute) throws IOException {
        return switch (attribute) {
            case "totalSpace" -> getTotalSpace();
            case "usableSpace" -> getUsableSpace();
            case "unallocatedSpace" -> getUnallocatedSpace();
            default ->
                throw new UnsupportedOperationException(
                        "attribute '" + attribute + "': there are totalSpace, usableSpace and unallocatedSpace");
        };
    }

    @Override
    public String toString() {
        return fs.toString();
    }
}
