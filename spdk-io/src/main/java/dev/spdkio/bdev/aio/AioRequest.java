// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.aio;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.sys.Errno;
import dev.spdkio.sys.FileHandle;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One I/O on its way through a helper thread. Pooled by its channel.
 *
 * <p>Thread rule: belongs to the channel's thread, and to one helper thread from {@link AioBdev#execute} to
 * {@link AioChannel#done}.
 */
final class AioRequest implements Runnable {
    private static final Logger LOG = System.getLogger(AioRequest.class.getName());
    private static final ByteBuffer NO_VIEW = ByteBuffer.allocate(0);

    private final AioBdev device;
    private final AioChannel channel;
    private @Nullable BdevIo io;
    private IoStatus status = IoStatus.SUCCESS;

    /** The next in whatever list of its channel it is. */
    @Nullable
    AioRequest next;

    // The view of the last buffer: the same few buffers come again and again, and a view each time would be garbage.
    private MemorySegment viewed = MemorySegment.NULL;
    private ByteBuffer view = NO_VIEW;

    AioRequest(AioBdev device, AioChannel channel) {
        this.device = device;
        this.channel = channel;
    }

    void start(BdevIo what) {
        if (io != what) {
            io = what;
        }
        next = null;
    }

    BdevIo io() {
        return Objects.requireNonNull(io);
    }

    IoStatus status() {
        return status;
    }

    @Override
    public void run() {
        IoStatus result;
        try {
            result = perform(io());
        } catch (IOException e) {
            result = IoStatus.aio(AioErrors.errno(e));
        } catch (Throwable t) {
            LOG.log(Level.ERROR, "bdev " + device.options().name() + ": " + io() + " failed", t);
            result = IoStatus.FAILED;
        }
        if (status != result) {
            status = result;
        }
        channel.done(this);
    }

    private IoStatus perform(BdevIo what) throws IOException {
        AioFile file = device.file();
        switch (what.type()) {
            case READ -> {
                return transfer(file, what, false);
            }
            case WRITE -> {
                return transfer(file, what, true);
            }
            case FLUSH -> file.flush();
            case UNMAP ->
                file.fallocate(
                        FileHandle.FALLOC_PUNCH_HOLE | FileHandle.FALLOC_KEEP_SIZE,
                        what.offsetBytes(),
                        what.lengthBytes());
            case WRITE_ZEROES ->
                file.fallocate(
                        FileHandle.FALLOC_ZERO_RANGE | FileHandle.FALLOC_KEEP_SIZE,
                        what.offsetBytes(),
                        what.lengthBytes());
            default -> throw new IllegalStateException(what + " needs no helper thread");
        }
        return IoStatus.SUCCESS;
    }

    private IoStatus transfer(AioFile file, BdevIo what, boolean write) throws IOException {
        long position = what.offsetBytes();
        int segments = what.segmentCount();
        for (int i = 0; i < segments; i++) {
            ByteBuffer piece = view(what, i);
            while (piece.hasRemaining()) {
                int bytes = write ? file.write(piece, position) : file.read(piece, position);
                position += Math.max(0, bytes);
                if (bytes <= 0 || (piece.hasRemaining() && !file.canGoOnFrom(position))) {
                    device.endedEarly(what, position);
                    return IoStatus.aio(Errno.EIO);
                }
            }
        }
        return IoStatus.SUCCESS;
    }

    private ByteBuffer view(BdevIo what, int i) {
        MemorySegment memory = what.memory(i);
        if (memory.byteSize() > Integer.MAX_VALUE) {
            return what.segment(i).asByteBuffer();
        }
        if (!isSame(viewed, memory)) {
            viewed = memory;
            view = memory.asByteBuffer();
        }
        int from = Math.toIntExact(what.memoryOffset(i));
        return view.clear().limit(from + Math.toIntExact(what.length(i))).position(from);
    }

    /** Segments are equal if they begin at the same place; the pool may have given that to a longer buffer since. */
    private static boolean isSame(MemorySegment a, MemorySegment b) {
        return a.equals(b) && a.byteSize() == b.byteSize() && a.scope().equals(b.scope());
    }
}
