// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.IoStatus;
import dev.spdkio.blob.spi.BlobChannelBase;
import dev.spdkio.blob.spi.BlobRequest;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.BlobIoApi;
import dev.spdkio.spdk.ffi.Handles;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import java.util.Objects;

/**
 * I/O on SPDK's blobs. The argument of a request holds the number of its channel, and its own.
 *
 * <p>Thread rule: owned by its SpdkThread.
 */
final class NativeBlobChannel extends BlobChannelBase {
    private static final long IOVEC_BYTES = 16;

    private static final long DONE = Upcall.stub(
            MethodHandles.lookup(),
            NativeBlobChannel.class,
            "done",
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_INT),
            null);

    private static final Handles<NativeBlobChannel> ALL = new Handles<>();
    private static final IoStatus[] STATUSES = new IoStatus[128];

    static {
        STATUSES[0] = IoStatus.SUCCESS;
        for (int errno = 1; errno < STATUSES.length; errno++) {
            STATUSES[errno] = IoStatus.aio(errno);
        }
    }

    private static final IoStatus NO_ROOM = STATUSES[Errno.ENOMEM];

    private final NativeBlobstore store;
    private final SpdkThread thread;
    private final long channel;
    private final long number = ALL.add(this);
    private final Arena arena = Arena.ofShared();

    /** The iovecs of each request, in memory that is the request's until its end. */
    private long[] iovecs = new long[0];

    private int[] iovecSizes = new int[0];

    NativeBlobChannel(NativeBlobstore store, SpdkThread thread, long channel) {
        super(store, thread);
        this.store = store;
        this.thread = thread;
        this.channel = channel;
    }

    @Override
    protected void start(BlobRequest r) {
        NativeThread.enter(thread);
        long blob = ((NativeBlob) r.blob()).pointer();
        long arg = number << Integer.SIZE | r.slot();
        long at = r.offset();
        long count = r.count();
        IoVec vec = r.vec();
        switch (r.type()) {
            case READ -> {
                if (vec != null) {
                    BlobIoApi.readv(blob, channel, iovecs(r.slot(), vec), vec.count(), at, count, DONE, arg);
                } else {
                    BlobIoApi.read(blob, channel, address(r), at, count, DONE, arg);
                }
            }
            case WRITE -> {
                if (vec != null) {
                    BlobIoApi.writev(blob, channel, iovecs(r.slot(), vec), vec.count(), at, count, DONE, arg);
                } else {
                    BlobIoApi.write(blob, channel, address(r), at, count, DONE, arg);
                }
            }
            case WRITE_ZEROES -> BlobIoApi.writeZeroes(blob, channel, at, count, DONE, arg);
            case UNMAP -> {
                if (store.holdsUnmaps(r.blob().id())) {
                    ended(r.slot(), NO_ROOM); // it is started again
                } else {
                    BlobIoApi.unmap(blob, channel, at, count, DONE, arg);
                }
            }
            default -> throw new IllegalArgumentException(r.toString());
        }
    }

    private static long address(BlobRequest r) {
        DmaBuf buf = Objects.requireNonNull(r.buf());
        return buf.address();
    }

    private long iovecs(int slot, IoVec vec) {
        if (slot >= iovecs.length) {
            int size = Math.max(slot + 1, iovecs.length * 2);
            iovecs = Arrays.copyOf(iovecs, size);
            iovecSizes = Arrays.copyOf(iovecSizes, size);
        }
        if (iovecSizes[slot] < vec.count()) {
            int size = Integer.highestOneBit(Math.max(8, vec.count()) * 2 - 1);
            iovecs[slot] = arena.allocate(size * IOVEC_BYTES, 16).address();
            iovecSizes[slot] = size;
        }
        long at = iovecs[slot];
        for (int i = 0; i < vec.count(); i++) {
            Raw.putLong(at + i * IOVEC_BYTES, vec.address(i));
            Raw.putLong(at + i * IOVEC_BYTES + Long.BYTES, vec.length(i));
        }
        return at;
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void done(long argument, int errno) {
        int positive = -errno;
        ALL.get(argument >>> Integer.SIZE)
                .ended(
                        (int) argument,
                        positive >= 0 && positive < STATUSES.length ? STATUSES[positive] : IoStatus.aio(Errno.EIO));
    }

    @Override
    protected void release() {
        ALL.remove(number);
        arena.close();
        store.channels().release(thread);
        store.channelGone(this);
    }
}
