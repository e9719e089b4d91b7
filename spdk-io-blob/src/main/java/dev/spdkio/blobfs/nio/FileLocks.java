// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import dev.spdkio.blob.BlobId;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.Channel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.util.ArrayList;
import java.util.List;

/**
 * The locks on the files of a file system. Nobody but this JVM can have the device, so a lock is had at once, or
 * overlaps another of this JVM.
 *
 * <p>Thread rule: any thread.
 */
final class FileLocks {
    private final List<Lock> held = new ArrayList<>();

    /** A lock; how long it is held is a matter of its table. */
    final class Lock extends FileLock {
        private final BlobId file;

        private Lock(FileChannel channel, BlobId file, long position, long size, boolean shared) {
            super(channel, position, size, shared);
            this.file = file;
        }

        private Lock(AsynchronousFileChannel channel, BlobId file, long position, long size, boolean shared) {
            super(channel, position, size, shared);
            this.file = file;
        }

        @Override
        public boolean isValid() {
            synchronized (held) {
                return held.contains(this);
            }
        }

        @Override
        public void release() throws IOException {
            if (!acquiredBy().isOpen()) {
                throw new ClosedChannelException();
            }
            synchronized (held) {
                held.remove(this);
            }
        }
    }

    FileLock take(FileChannel channel, BlobId file, long position, long size, boolean shared) throws IOException {
        return take(new Lock(channel, file, position, toEnd(position, size), shared));
    }

    FileLock take(AsynchronousFileChannel channel, BlobId file, long position, long size, boolean shared)
            throws IOException {
        return take(new Lock(channel, file, position, toEnd(position, size), shared));
    }

    /** A size of 0 is all there is and will be. */
    private static long toEnd(long position, long size) {
        return size == 0 ? Long.MAX_VALUE - Math.max(0, position) : size;
    }

    private FileLock take(Lock lock) throws IOException {
        synchronized (held) {
            for (Lock other : held) {
                if (other.file.equals(lock.file) && other.overlaps(lock.position(), lock.size())) {
                    throw new OverlappingFileLockException();
                }
            }
            held.add(lock);
        }
        if (!lock.acquiredBy().isOpen()) { // it was closed meanwhile, and may have let go before
            release(lock.acquiredBy());
            throw new AsynchronousCloseException();
        }
        return lock;
    }

    /** Lets go of what a channel has. */
    void release(Channel channel) {
        synchronized (held) {
            held.removeIf(lock -> lock.acquiredBy() == channel);
        }
    }
}
