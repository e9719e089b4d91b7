// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;

/** A device as a file of fixed size. Its lock keeps the position and the bytes together, as for a file channel. */
final class BlockByteChannel implements SeekableByteChannel {
    private final BlockDevice device;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean open = true;
    private long position;

    BlockByteChannel(BlockDevice device) {
        this.device = device;
    }

    private void checkOpen() throws ClosedChannelException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public int read(ByteBuffer dst) throws IOException {
        if (dst.isReadOnly()) {
            throw new IllegalArgumentException("reading into a read-only buffer");
        }
        lock.lock();
        try {
            checkOpen();
            if (!dst.hasRemaining()) {
                return 0;
            }
            int n = await(device.unaligned().read(MemorySegment.ofBuffer(dst), position), dst);
            position += Math.max(n, 0);
            return n;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
        lock.lock();
        try {
            checkOpen();
            if (device.mode() == OpenMode.READ_ONLY) {
                throw new NonWritableChannelException();
            }
            int n = await(device.unaligned().write(MemorySegment.ofBuffer(src), position), src);
            position += n;
            return n;
        } finally {
            lock.unlock();
        }
    }

    private int await(CompletableFuture<Integer> work, ByteBuffer buffer) throws SpdkException {
        int n = BlockDevice.await(work, "I/O on " + device);
        if (n > 0) {
            buffer.position(buffer.position() + n);
        }
        return n;
    }

    @Override
    public long position() throws IOException {
        lock.lock();
        try {
            checkOpen();
            return position;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public SeekableByteChannel position(long newPosition) throws IOException {
        if (newPosition < 0) {
            throw new IllegalArgumentException("position " + newPosition + " is negative");
        }
        lock.lock();
        try {
            checkOpen();
            position = newPosition;
            return this;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long size() throws IOException {
        checkOpen();
        return device.sizeBytes();
    }

    /** A device keeps its size: a cut is refused, anything else only moves a position behind {@code size}. */
    @Override
    public SeekableByteChannel truncate(long size) throws IOException {
        if (size < 0) {
            throw new IllegalArgumentException("size " + size + " is negative");
        }
        lock.lock();
        try {
            checkOpen();
            if (device.mode() == OpenMode.READ_ONLY) {
                throw new NonWritableChannelException();
            }
            if (size < device.sizeBytes()) {
                throw new SpdkException(
                        Errno.EINVAL,
                        "truncate of bdev " + device.bdev().name() + " to " + size + " bytes: it has "
                                + device.sizeBytes() + " and a device keeps its size");
            }
            position = Math.min(position, size);
            return this;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isOpen() {
        return open && device.isOpen();
    }

    @Override
    public void close() {
        open = false;
    }
}
