// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.memory.DmaBuf;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Copies between a file and a blob, or fills a blob, a chunk at a time: memory does not depend on their sizes. */
final class Copying implements AutoCloseable {
    private static final int CHUNK = 1 << 20;

    private final Stop stop;
    private final Blob blob;
    private final BlobChannel channel;
    private final DmaBuf buf;
    private final ByteBuffer bytes;
    private final MemorySegment zeroes;
    private final int unit;
    private final long cluster;

    Copying(OpenStore store, Blob blob) throws IOException {
        this.stop = store.stop();
        this.blob = blob;
        this.unit = store.store().ioUnitSize();
        this.cluster = store.store().clusterSize();
        int size = (int) Math.min(CHUNK, cluster);
        this.zeroes = MemorySegment.ofArray(new byte[size]);
        this.buf = store.app().dmaPool().allocate(size);
        this.bytes = buf.segment().asByteBuffer();
        this.channel = store.call(store.store()::openChannel);
    }

    /**
     * Fills the blob, which has just the clusters for it.
     *
     * @param holes whether clusters of zeroes alone are left out, for the blob has none of its own yet
     */
    void from(FileChannel in, long length, boolean holes) throws IOException {
        long end = blob.clusters() * cluster;
        boolean taken = !holes;
        for (long at = 0, n; at < end; at += n) {
            stop.check("import", at);
            long inCluster = at % cluster;
            if (inCluster == 0) {
                taken = !holes;
            }
            n = Math.min(buf.size(), cluster - inCluster);
            read(in, at, (int) Math.max(0, Math.min(n, length - at)));
            boolean empty = isZero(n);
            if (!empty && !taken) {
                zero(at - inCluster, inCluster); // who knows what a new cluster holds
                taken = true;
            }
            if (!empty) {
                channel.writeAsync(blob, buf, at / unit, n / unit).join();
            } else if (taken) {
                zero(at, n);
            }
        }
    }

    /** Writes a byte all over the blob. */
    void fill(byte value) {
        buf.fill(value);
        long end = blob.clusters() * cluster;
        for (long at = 0, n; at < end; at += n) {
            stop.check("fill", at);
            n = Math.min(buf.size(), end - at);
            channel.writeAsync(blob, buf, at / unit, n / unit).join();
        }
    }

    private void zero(long at, long n) {
        if (n > 0) {
            channel.writeZeroesAsync(blob, at / unit, n / unit).join();
        }
    }

    /** Reads so many bytes; the rest of the buffer is zero. */
    private void read(FileChannel in, long at, int n) throws IOException {
        bytes.clear().limit(n);
        while (bytes.hasRemaining()) {
            if (in.read(bytes, at + bytes.position()) < 0) {
                throw new EOFException("the file became shorter while it was read");
            }
        }
        buf.fill(n, buf.size() - n, (byte) 0);
    }

    private boolean isZero(long n) {
        return MemorySegment.mismatch(buf.segment(), 0, n, zeroes, 0, n) < 0;
    }

    /** Writes the beginning of the blob, and leaves holes for zeroes. */
    void to(FileChannel out, long length) throws IOException {
        for (long at = 0, n; at < length; at += n) {
            stop.check("export", at);
            n = Math.min(buf.size(), length - at);
            channel.readAsync(blob, buf, at / unit, (n + unit - 1) / unit).join();
            boolean last = at + n == length; // which makes the file as long as it should be
            if (last || !isZero(n)) {
                bytes.clear().limit((int) n);
                while (bytes.hasRemaining()) {
                    out.write(bytes, at + bytes.position());
                }
            }
        }
    }

    @Override
    public void close() {
        channel.close();
        channel.closed().join();
        buf.close();
    }
}
