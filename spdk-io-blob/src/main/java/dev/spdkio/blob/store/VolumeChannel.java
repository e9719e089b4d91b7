// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The data of a blob for a device that shows it, from one thread. Nothing is copied, and nothing is allocated for an
 * I/O that finds its clusters.
 *
 * <p>Thread rule: owned by its thread.
 */
public final class VolumeChannel {
    private static final IoStatus READ_ONLY = IoStatus.aio(Errno.EPERM);

    private final JavaBlobstore owner;
    private final BlobState blob;
    private final Lane lane;
    private final long unitsPerCluster;
    private final IoCompletion flushed = this::flushed;
    private VolumeTransfer[] transfers = {};
    private int inFlight;
    private @Nullable Runnable whenQuiet;

    VolumeChannel(JavaBlobstore owner, BlobState blob) {
        this.owner = owner;
        this.blob = blob;
        this.lane = new Lane(owner.store(), SpdkThread.require());
        this.unitsPerCluster = owner.ioUnitsPerCluster();
    }

    /** Its thread. Any thread. */
    public SpdkThread thread() {
        return lane.thread;
    }

    /** Takes a read, write, unmap, write zeroes, flush or seek, and completes it. */
    public void submit(BdevIo io) {
        switch (io.type()) {
            case READ -> transfer(io);
            case WRITE, WRITE_ZEROES, UNMAP -> {
                if (blob.readOnly) {
                    io.complete(READ_ONLY);
                } else {
                    transfer(io);
                }
            }
            case FLUSH -> flush(io);
            case SEEK_DATA, SEEK_HOLE -> {
                io.setResult(blob.view.next(io.offsetBlocks(), unitsPerCluster, io.type() == IoType.SEEK_DATA));
                io.complete(IoStatus.SUCCESS);
            }
            default -> io.complete(IoStatus.FAILED);
        }
    }

    private void transfer(BdevIo io) {
        int slot = io.slot();
        if (slot >= transfers.length) {
            grow(slot);
        }
        inFlight++;
        transfers[slot].start(blob, io);
    }

    private void grow(int slot) {
        int before = transfers.length;
        transfers = Arrays.copyOf(transfers, Math.max(slot + 1, 2 * before));
        for (int i = before; i < transfers.length; i++) {
            transfers[i] = new VolumeTransfer(owner, lane, this);
        }
    }

    /** All of the device: what was written last may lie anywhere, and so may the metadata that says where. */
    private void flush(BdevIo io) {
        inFlight++;
        lane.device.submitChild(io, IoType.FLUSH, 0, 0, lane.device.bdev().blockCount(), flushed, io);
    }

    private void flushed(IoStatus status, @Nullable Object parent) {
        over();
        ((BdevIo) Objects.requireNonNull(parent)).complete(status);
    }

    /** An I/O is over, and is completed next. */
    void over() {
        if (--inFlight == 0) {
            Runnable quiet = whenQuiet;
            whenQuiet = null;
            if (quiet != null) {
                quiet.run();
            }
        }
    }

    /** Runs {@code quiet} as soon as nothing is in flight; one at a time. */
    public void whenQuiet(Runnable quiet) {
        whenQuiet = quiet;
        inFlight++;
        over();
    }

    /** Nothing is in flight, and nothing follows. */
    public void close() {
        lane.close();
    }
}
