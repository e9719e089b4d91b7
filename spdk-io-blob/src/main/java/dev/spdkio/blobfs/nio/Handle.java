// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.runtime.SpdkThread;
import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import org.jspecify.annotations.Nullable;

/**
 * What a channel has of its file.
 *
 * @param opened null for a directory, of which only {@code force} makes sense
 */
record Handle(
        BlobFileSystem system, BlobPath path, @Nullable BlobFile opened, Access access) {

    /** The file, or a refusal. */
    BlobFile file() throws IOException {
        BlobFile f = opened;
        if (f == null) {
            throw new IOException(path + ": Is a directory");
        }
        return f;
    }

    BlobFile toRead() throws IOException {
        if (!access.read()) {
            throw new NonReadableChannelException();
        }
        return file();
    }

    BlobFile toWrite() throws IOException {
        if (!access.write()) {
            throw new NonWritableChannelException();
        }
        return file();
    }

    /** The file, if such a lock is possible. */
    BlobFile toLock(boolean shared) throws IOException {
        return shared ? toRead() : toWrite();
    }

    /** Makes the file shorter, if it is not; no one else does meanwhile. */
    void shorten(long size) throws IOException {
        BlobFile f = toWrite();
        system.changing(() -> {
            if (size < f.length()) {
                f.truncate(size);
            }
            return true;
        });
    }

    /** Makes durable what was written; names are at once. */
    void force() throws IOException {
        BlobFile f = opened;
        if (f != null) {
            f.sync();
        }
    }

    /** Closes the file of a channel. Waits for what is under way and for the sync, but never on a reactor. */
    void close(Channel channel) throws IOException {
        system.closed(channel);
        BlobFile f = opened;
        if (f != null && SpdkThread.current() != null) {
            var _ = f.closeAsync();
        } else if (f != null) {
            f.close();
        }
    }
}
