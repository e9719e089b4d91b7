// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * What was in a directory when it was opened.
 *
 * <p>Thread rule: one thread at a time.
 */
final class BlobDirectoryStream implements DirectoryStream<Path> {
    private final Iterator<Path> all;
    private final Filter<? super Path> filter;
    private boolean given;
    private volatile boolean closed;

    BlobDirectoryStream(Iterator<Path> all, Filter<? super Path> filter) {
        this.all = all;
        this.filter = filter;
    }

    @Override
    public Iterator<Path> iterator() {
        if (closed || given) {
            throw new IllegalStateException("a directory stream is iterated once, while it is open");
        }
        given = true;
        return new Iterator<>() {
            private @Nullable Path next;

            @Override
            public boolean hasNext() {
                while (next == null && !closed && all.hasNext()) {
                    Path candidate = all.next();
                    try {
                        next = filter.accept(candidate) ? candidate : null;
                    } catch (IOException e) {
                        throw new DirectoryIteratorException(e);
                    }
                }
                return next != null;
            }

            @Override
            public Path next() {
                Path path = hasNext() ? next : null;
                if (path == null) {
                    throw new NoSuchElementException();
                }
                next = null;
                return path;
            }
        };
    }

    @Override
    public void close() {
        closed = true;
    }
}
