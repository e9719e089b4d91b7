// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import java.io.IOException;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;

/** A look at the attributes of a path. */
record BlobAttributeView(BlobPath path) implements BasicFileAttributeView {
    @Override
    public String name() {
        return BlobAttributes.VIEW;
    }

    @Override
    public BasicFileAttributes readAttributes() throws IOException {
        return path.getFileSystem().attributes(path);
    }

    /** Does nothing to what is there: times are not kept, as on file systems that keep some of them only. */
    @Override
    public void setTimes(
            @Nullable FileTime lastModifiedTime, @Nullable FileTime lastAccessTime, @Nullable FileTime createTime)
            throws IOException {
        var _ = readAttributes();
    }
}
