// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.spi.BlobRequest;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.sys.Errno;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way: piece by piece, each as long as clusters follow each other on the device. The objects are used
 * again.
 *
 * <p>Thread rule: its channel's thread, except {@link #served}.
 */
final class Transfer implements IoCompletion, Allocation.Waiter {
    private static final IoStatus TOO_SMALL = IoStatus.aio(Errno.EINVAL);

    private final JavaBlobChannel channel;
    private final int slot;
    private final long perCluster;
    private final int shift;
    private final int blocksPerUnit;
    private @Nullable BlobRequest request;
    private @Nullable BlobState blob;
    private long at;
    private long left;
    private long piece;
    private int time;

    Transfer(JavaBlobChannel channel, int slot) {
        Store store = channel.owner.store();
        this.channel = channel;
        this.slot = slot;
        this.perCluster = store.unitsPerCluster;
        this.shift = Long.bitCount(perCluster) == 1 ? Long.numberOfTrailingZeros(perCluster) : -1;
        this.blocksPerUnit = store.ioUnitSize / store.device.bdev().blockSize();
    }

    void start(BlobRequest r) {
        request = r;
        blob = ((JavaBlob) r.blob()).state();
        at = r.offset();
        left = r.count();
        step();
    }

    /** Goes on until something is to be waited for, or it is over. */
    private void step() {
        BlobState b = Objects.requireNonNull(blob);
        BlobRequest r = Objects.requireNonNull(request);
        while (left > 0) {
            View v = b.view;
            long longPlace = shift >= 0 ? at >>> shift : at / perCluster;
            if (longPlace >= v.clusters) {
                over(TOO_SMALL);
                return;
            }
            int place = (int) longPlace;
            long within = at - place * perCluster;
            int cluster = v.map[place];
            if (cluster != 0) {
                if (r.type() == IoType.UNMAP && givesBack(b, v, within)) {
                    ask(b, place, true);
                    return;
                }
                toDevice(r, cluster * perCluster + within, run(v, place, cluster, within, r.type() == IoType.UNMAP));
                return;
            }
            piece = Math.min(left, perCluster - within);
            switch (r.type()) {
                case READ -> {
                    if (readBelow(r, v.backing, place, within)) {
                        return;
                    }
                }
                case UNMAP -> {} // it holds nothing
                default -> {
                    ask(b, place, false);
                    return;
                }
            }
            at += piece;
            left -= piece;
        }
        over(IoStatus.SUCCESS);
    }

    private boolean givesBack(BlobState b, View v, long within) {
        return within == 0 && left >= perCluster && v.backing == null && b.isThin();
    }

    /** How far the device can be gone along in one. */
    private long run(View v, int place, int cluster, long within, boolean single) {
        long length = perCluster - within;
        for (int i = 1; !single && length < left && v.cluster(place + i) == cluster + i; i++) {
            length += perCluster;
        }
        return Math.min(length, left);
    }

    private void toDevice(BlobRequest r, long unit, long units) {
        piece = units;
        submit(channel.device, r, unit * blocksPerUnit, units * blocksPerUnit);
    }

    /** Submits the piece; the memory is where the piece lies in the request. */
    private void submit(BdevChannel to, BlobRequest r, long block, long blocks) {
        time = channel.enter();
        try {
            IoVec vec = r.vec();
            long done = at - r.offset();
            int unit = channel.owner.ioUnitSize();
            if (vec == null) {
                to.submit(r.type(), r.buf(), done * unit, block, blocks, this, null);
            } else {
                IoVec part = piece == r.count() ? vec : vec.slice(done * unit, piece * unit);
                if (r.type() == IoType.READ) {
                    to.submitReadvBlocks(part, block, this, null);
                } else {
                    to.submitWritevBlocks(part, block, this, null);
                }
            }
        } catch (LimitExceededException full) {
            channel.leave(time);
            over(IoStatus.NOMEM);
        } catch (RuntimeException gone) { // the device is closed, or has become smaller
            channel.leave(time);
            over(IoStatus.FAILED);
        }
    }

    @Override
    public void completed(IoStatus status, @Nullable Object ignored) {
        channel.leave(time);
        if (status.isSuccess()) {
            at += piece;
            left -= piece;
            step();
        } else {
            over(status);
        }
    }

    private void over(IoStatus status) {
        request = null;
        blob = null;
        channel.over(slot, status);
    }

    // ---- where the blob has no cluster ------------------------------------------------------------------------------

    /** Reads what there is below. False if that are zeroes, which are there at once. */
    private boolean readBelow(BlobRequest r, @Nullable Backing backing, int place, long within) {
        Backing below = backing;
        while (below instanceof BlobState parent) {
            View v = parent.view;
            if (place >= v.clusters) {
                below = null;
                break;
            }
            if (v.map[place] != 0) {
                toDevice(r, v.map[place] * perCluster + within, piece);
                return true;
            }
            below = v.backing;
        }
        if (below instanceof ExternalDevice d) {
            return readDevice(r, d);
        }
        zero(r, at - r.offset(), piece);
        return false;
    }

    private boolean readDevice(BlobRequest r, ExternalDevice d) {
        int unit = channel.owner.ioUnitSize();
        int block = d.bdev().blockSize();
        long units = d.bdev().sizeBytes() / unit;
        if (at >= units) {
            zero(r, at - r.offset(), piece);
            return false;
        }
        piece = Math.min(piece, units - at);
        try {
            submit(channel.external(d), r, at * unit / block, piece * unit / block);
        } catch (RuntimeException closed) {
            over(IoStatus.FAILED);
        }
        return true;
    }

    private void zero(BlobRequest r, long from, long count) {
        long unit = channel.owner.ioUnitSize();
        DmaBuf buf = r.buf();
        if (buf != null) {
            buf.fill(from * unit, count * unit, (byte) 0);
        } else {
            Objects.requireNonNull(r.vec()).slice(from * unit, count * unit).fill((byte) 0);
        }
    }

    // ---- clusters ---------------------------------------------------------------------------------------------------

    private void ask(BlobState b, int place, boolean release) {
        piece = release ? perCluster : 0;
        channel.owner.ask(b, new Allocation.Want(place, release, false, this));
    }

    /** Has a cluster now, or gave one back. On the metadata thread. */
    @Override
    public void served(IoStatus status) {
        // If the thread has exited, the channel went with it.
        boolean _ = channel.thread().trySendInternal(() -> {
            if (!status.isSuccess()) {
                over(status);
                return;
            }
            at += piece;
            left -= piece;
            step();
        });
    }
}
