// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A file as a channel. What is read and written at a place goes to the file at once; what moves the position, one after
 * the other.
 *
 * <p>An operation that was begun is never cut short, neither by an interrupt nor by a close: the close waits for it. A
 * thread that is interrupted before or in an operation closes the channel, as every {@link FileChannel} does, after the
 * operation; it gets a {@link ClosedByInterruptException}.
 *
 * <p>Thread rule: platform threads, virtual threads and tasks, not reactors.
 */
final class BlobFileChannel extends FileChannel {
    /** Bytes that a transfer has in memory at a time. */
    private static final int TRANSFER_BYTES = 256 << 10;

    private final Handle handle;
    private final ReentrantLock positionLock = new ReentrantLock();
    private long position;

    BlobFileChannel(Handle handle) {
        this.handle = handle;
    }

    // ---- around each operation --------------------------------------------------------------------------------------

    private void begun() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        ended();
    }

    private void ended() throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            close();
            throw new ClosedByInterruptException();
        }
    }

    /** The file refuses who comes after the close. */
    private IOException refused(IllegalStateException e) {
        if (isOpen()) {
            throw e;
        }
        return new AsynchronousCloseException();
    }

    // ---- at a place -------------------------------------------------------------------------------------------------

    @Override
    public int read(ByteBuffer dst, long position) throws IOException {
        checkPosition(position);
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        return readAt(dst, position);
    }

    private int readAt(ByteBuffer dst, long at) throws IOException {
        BlobFile file = handle.toRead();
        if (dst.isReadOnly()) {
            throw new IllegalArgumentException("reading into a read-only buffer");
        }
        begun();
        if (!dst.hasRemaining()) {
            return 0;
        }
        int n;
        try {
            n = file.read(dst, at);
        } catch (IllegalStateException e) {
            throw refused(e);
        }
        ended();
        return n;
    }

    @Override
    public int write(ByteBuffer src, long position) throws IOException {
        checkPosition(position);
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        int n = src.remaining();
        var _ = writeAt(src, position);
        return n;
    }

    /** Where it ends. A file that is appended to is appended to, whatever the place. */
    private long writeAt(ByteBuffer src, long at) throws IOException {
        BlobFile file = handle.toWrite();
        begun();
        int n = src.remaining();
        if (n == 0) {
            return at;
        }
        if (at > Long.MAX_VALUE - n) {
            throw new SpdkException(
                    Errno.EFBIG, "writing " + n + " bytes at " + at + " of " + file + ": no file has them");
        }
        long begin = at;
        try {
            if (handle.access().append()) {
                begin = file.append(src);
            } else {
                file.write(src, at);
            }
            if (handle.access().synced()) {
                file.sync();
            }
        } catch (IllegalStateException e) {
            throw refused(e);
        }
        ended();
        return begin + n;
    }

    private static void checkPosition(long position) {
        if (position < 0) {
            throw new IllegalArgumentException("position " + position + " is negative");
        }
    }

    // ---- at the position --------------------------------------------------------------------------------------------

    @Override
    public int read(ByteBuffer dst) throws IOException {
        return (int) read(new ByteBuffer[] {dst}, 0, 1);
    }

    @Override
    public long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, dsts.length);
        begun();
        handle.system().checkMayWait();
        positionLock.lock();
        try {
            long sum = 0;
            for (int i = offset; i < offset + length; i++) {
                int wanted = dsts[i].remaining();
                int n = readAt(dsts[i], position);
                position += Math.max(0, n);
                sum += Math.max(0, n);
                if (n < wanted) {
                    return sum == 0 && n < 0 ? -1 : sum;
                }
            }
            return sum;
        } finally {
            positionLock.unlock();
        }
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
        return (int) write(new ByteBuffer[] {src}, 0, 1);
    }

    @Override
    public long write(ByteBuffer[] srcs, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, srcs.length);
        begun();
        handle.system().checkMayWait();
        positionLock.lock();
        try {
            if (handle.access().append() && length > 1) {
                return appendAll(srcs, offset, length);
            }
            long sum = 0;
            for (int i = offset; i < offset + length; i++) {
                int n = srcs[i].remaining();
                position = writeAt(srcs[i], position);
                sum += n;
            }
            return sum;
        } finally {
            positionLock.unlock();
        }
    }

    /** What is appended stays together, whoever else appends. */
    private long appendAll(ByteBuffer[] srcs, int offset, int length) throws IOException {
        int sum = 0;
        for (int i = offset; i < offset + length; i++) {
            sum = Math.addExact(sum, srcs[i].remaining());
        }
        ByteBuffer all = ByteBuffer.allocate(sum);
        for (int i = offset; i < offset + length; i++) {
            all.put(srcs[i].duplicate());
        }
        position = writeAt(all.flip(), position);
        for (int i = offset; i < offset + length; i++) {
            srcs[i].position(srcs[i].limit());
        }
        return sum;
    }

    @Override
    public long position() throws IOException {
        begun();
        handle.system().checkMayWait();
        positionLock.lock();
        try {
            return handle.access().append() ? handle.file().length() : position;
        } finally {
            positionLock.unlock();
        }
    }

    @Override
    public FileChannel position(long newPosition) throws IOException {
        begun();
        checkPosition(newPosition);
        handle.system().checkMayWait();
        positionLock.lock();
        try {
            position = newPosition;
            return this;
        } finally {
            positionLock.unlock();
        }
    }

    // ---- the file as a whole ----------------------------------------------------------------------------------------

    @Override
    public long size() throws IOException {
        begun();
        return handle.file().length();
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        begun();
        if (size < 0) {
            throw new IllegalArgumentException("size " + size + " is negative");
        }
        handle.system().checkMayWait();
        positionLock.lock();
        try {
            handle.shorten(size);
            position = Math.min(position, size);
        } catch (IllegalStateException e) {
            throw refused(e);
        } finally {
            positionLock.unlock();
        }
        ended();
        return this;
    }

    /** Data and length; there is nothing else that could be left out. */
    @Override
    public void force(boolean metaData) throws IOException {
        begun();
        try {
            handle.force();
        } catch (IllegalStateException e) {
            throw refused(e);
        }
        ended();
    }

    // ---- from channel to channel ------------------------------------------------------------------------------------

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
        begun();
        if (!target.isOpen()) {
            throw new ClosedChannelException();
        }
        checkPosition(position);
        checkCount(count);
        BlobFile file = handle.toRead();
        long left = Math.min(count, file.length() - position);
        if (left <= 0) {
            return 0;
        }
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(left, TRANSFER_BYTES));
        long done = 0;
        while (done < left) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), left - done));
            if (readAt(buffer, position + done) <= 0) {
                break;
            }
            buffer.flip();
            int n = target.write(buffer);
            done += n;
            if (buffer.hasRemaining()) {
                break; // it takes no more now
            }
        }
        return done;
    }

    @Override
    public long transferFrom(ReadableByteChannel src, long position, long count) throws IOException {
        begun();
        if (!src.isOpen()) {
            throw new ClosedChannelException();
        }
        checkPosition(position);
        checkCount(count);
        var _ = handle.toWrite();
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(count, TRANSFER_BYTES));
        long done = 0;
        while (done < count) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), count - done));
            int n = src.read(buffer);
            if (n <= 0) {
                break;
            }
            var _ = writeAt(buffer.flip(), position + done);
            done += n;
        }
        return done;
    }

    private static void checkCount(long count) {
        if (count < 0) {
            throw new IllegalArgumentException("count " + count + " is negative");
        }
    }

    // ---- maps -------------------------------------------------------------------------------------------------------

    /** A copy as of now, in memory outside the heap; one that may be changed for {@link MapMode#PRIVATE}. */
    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
        checkMap(mode, position, size);
        if (size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("size " + size + ": a buffer has at most " + Integer.MAX_VALUE);
        }
        ByteBuffer copy = ByteBuffer.allocateDirect((int) size);
        fill(MemorySegment.ofBuffer(copy), position);
        return (MappedByteBuffer) (mode == MapMode.READ_ONLY ? copy.asReadOnlyBuffer() : copy);
    }

    /** Refused: what is no map of the system cannot answer all that a mapped segment is asked, as what is loaded. */
    @Override
    public MemorySegment map(MapMode mode, long offset, long size, Arena arena) {
        throw new UnsupportedOperationException(
                "a map is a copy here, and no mapped segment: read from the channel into a" + " segment of the arena");
    }

    private void checkMap(MapMode mode, long position, long size) throws IOException {
        begun();
        checkPosition(position);
        if (size < 0 || position > Long.MAX_VALUE - size) {
            throw new IllegalArgumentException("size " + size + " at " + position);
        }
        if (mode != MapMode.READ_ONLY && mode != MapMode.PRIVATE) {
            throw new UnsupportedOperationException(
                    "a map is a copy here, so that changes of it would be lost: write to"
                            + " the channel, or map READ_ONLY or PRIVATE; asked for was " + mode);
        }
        if (mode == MapMode.PRIVATE
                && !(handle.access().read() && handle.access().write())) {
            throw handle.access().read()
                    ? new java.nio.channels.NonWritableChannelException()
                    : new NonReadableChannelException();
        }
        BlobFile file = handle.toRead();
        if (position + size > file.length()) {
            throw new IOException(
                    "mapping " + size + " bytes at " + position + " of " + file + ", which has " + file.length());
        }
    }

    private void fill(MemorySegment copy, long at) throws IOException {
        if (copy.byteSize() > 0) {
            try {
                long _ = handle.toRead().read(copy, at);
            } catch (IllegalStateException e) {
                throw refused(e);
            }
        }
        ended();
    }

    // ---- locks ------------------------------------------------------------------------------------------------------

    /** As {@link #tryLock}: no one but this JVM can have the device, so there is no one to wait for. */
    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
        return tryLock(position, size, shared);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
        begun();
        return handle.system().locks().take(this, handle.toLock(shared).info().id(), position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
        handle.close(this);
    }

    @Override
    public String toString() {
        return "channel of " + handle.path().toUri();
    }
}
