// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.sys.Errno;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * I/O of a blob on its way: piece by piece, each as long as clusters follow each other on the device. The objects are
 * used again.
 *
 * <p>Thread rule: that of its lane, except {@link #served}.
 */
abstract class Transfer implements IoCompletion, Allocation.Waiter {
    private static final IoStatus TOO_SMALL = IoStatus.aio(Errno.EINVAL);

    private final JavaBlobstore owner;
    private final Lane lane;
    private final long perCluster;
    private final int shift;
    private final int unit;
    private final int blocksPerUnit;
    private final boolean unmaps;
    private @Nullable BlobState blob;
    private IoType type = IoType.READ;
    private long first;
    private long at;
    private long left;
    private long piece;
    private int time;

    /** Whether the cluster at hand cannot be given back, and is unmapped where it is. */
    private boolean kept;

    Transfer(JavaBlobstore owner, Lane lane) {
        Store store = owner.store();
        this.owner = owner;
        this.lane = lane;
        this.perCluster = store.unitsPerCluster;
        this.shift = Long.bitCount(perCluster) == 1 ? Long.numberOfTrailingZeros(perCluster) : -1;
        this.unit = store.ioUnitSize;
        this.blocksPerUnit = unit / store.device.bdev().blockSize();
        this.unmaps = store.device.bdev().supports(IoType.UNMAP);
    }

    // ---- what it is for ---------------------------------------------------------------------------------------------

    /**
     * Sends a piece to a device, with this as its completion.
     *
     * @param firstByte where in the memory it begins
     */
    abstract void submit(BdevChannel to, IoType what, long firstByte, long block, long blocks);

    /** Nothing is stored there: the memory is to read as zeroes. */
    abstract void zero(long firstByte, long bytes);

    /** It is over. */
    abstract void ended(IoStatus status);

    /** Lets go of the blob. */
    final void forget() {
        blob = null;
    }

    // ---- its way ----------------------------------------------------------------------------------------------------

    /** Begins; in io units. */
    final void start(BlobState target, IoType what, long offset, long count) {
        if (blob != target) {
            blob = target;
        }
        if (type != what) {
            type = what;
        }
        first = offset;
        at = offset;
        left = count;
        kept = false;
        step();
    }

    /** Goes on until something is to be waited for, or it is over. */
    private void step() {
        BlobState b = Objects.requireNonNull(blob);
        while (left > 0) {
            View v = b.view;
            long longPlace = shift >= 0 ? at >>> shift : at / perCluster;
            if (longPlace >= v.clusters) {
                ended(TOO_SMALL);
                return;
            }
            int place = (int) longPlace;
            long within = at - place * perCluster;
            int cluster = v.map[place];
            if (cluster != 0) {
                if (type == IoType.UNMAP && givesBack(b, v, within)) {
                    ask(b, place, true);
                    return;
                }
                if (type == IoType.UNMAP && !unmaps) {
                    skip(Math.min(left, perCluster - within));
                    continue;
                }
                toDevice(cluster * perCluster + within, run(v, place, cluster, within, type == IoType.UNMAP));
                return;
            }
            piece = Math.min(left, perCluster - within);
            switch (type) {
                case READ -> {
                    if (readBelow(v.backing, place, within)) {
                        return;
                    }
                }
                case UNMAP -> {} // it holds nothing
                default -> {
                    ask(b, place, false);
                    return;
                }
            }
            skip(piece);
        }
        ended(IoStatus.SUCCESS);
    }

    private void skip(long units) {
        at += units;
        left -= units;
        kept = false;
    }

    private boolean givesBack(BlobState b, View v, long within) {
        return !kept && within == 0 && left >= perCluster && v.backing == null && b.isThin();
    }

    /** How far the device can be gone along in one. */
    private long run(View v, int place, int cluster, long within, boolean single) {
        long length = perCluster - within;
        for (int i = 1; !single && length < left && v.cluster(place + i) == cluster + i; i++) {
            length += perCluster;
        }
        return Math.min(length, left);
    }

    private void toDevice(long firstUnit, long units) {
        piece = units;
        submit(lane.device, firstUnit * blocksPerUnit, units * blocksPerUnit);
    }

    /** Submits the piece; the memory is where the piece lies in the request. */
    private void submit(BdevChannel to, long block, long blocks) {
        time = lane.enter();
        try {
            submit(to, type, (at - first) * unit, block, blocks);
        } catch (LimitExceededException full) {
            lane.leave(time);
            ended(IoStatus.NOMEM);
        } catch (RuntimeException gone) { // the device is closed, or has become smaller
            lane.leave(time);
            ended(IoStatus.FAILED);
        }
    }

    @Override
    public void completed(IoStatus status, @Nullable Object ignored) {
        lane.leave(time);
        if (!status.isSuccess()) {
            ended(status);
            return;
        }
        goOn();
    }

    private void goOn() {
        skip(piece);
        if (left == 0) {
            ended(IoStatus.SUCCESS);
        } else {
            step();
        }
    }

    // ---- where the blob has no cluster ------------------------------------------------------------------------------

    /** Reads what there is below. False if that are zeroes, which are there at once. */
    private boolean readBelow(@Nullable Backing backing, int place, long within) {
        Backing below = backing;
        while (below instanceof BlobState parent) {
            View v = parent.view;
            if (place >= v.clusters) {
                below = null;
                break;
            }
            if (v.map[place] != 0) {
                toDevice(v.map[place] * perCluster + within, piece);
                return true;
            }
            below = v.backing;
        }
        if (below instanceof ExternalDevice d) {
            return readDevice(d);
        }
        zero((at - first) * unit, piece * unit);
        return false;
    }

    private boolean readDevice(ExternalDevice d) {
        BdevDesc desc = d.desc();
        if (desc == null) {
            ended(IoStatus.FAILED);
            return true;
        }
        int block = desc.bdev().blockSize();
        long units = desc.bdev().sizeBytes() / unit;
        if (at >= units) {
            zero((at - first) * unit, piece * unit);
            return false;
        }
        piece = Math.min(piece, units - at);
        BdevChannel channel;
        try {
            channel = lane.external(desc);
        } catch (RuntimeException closed) {
            ended(IoStatus.FAILED);
            return true;
        }
        submit(channel, at * unit / block, piece * unit / block);
        return true;
    }

    // ---- clusters ---------------------------------------------------------------------------------------------------

    private void ask(BlobState b, int place, boolean release) {
        piece = release ? perCluster : 0;
        owner.ask(b, new Allocation.Want(place, release, false, this));
    }

    /** Has a cluster now, or gave one back. On the metadata thread. */
    @Override
    public final void served(IoStatus status, boolean keep) {
        // If the thread has exited, the lane went with it.
        boolean _ = lane.thread.trySendInternal(() -> {
            if (keep) {
                kept = true;
                step();
            } else if (status.isSuccess()) {
                goOn();
            } else {
                ended(status);
            }
        });
    }
}
