// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.spdk.ffi.NativeShim;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The way of one thread's I/O to SPDK and back. Requests have numbers, by which completions find them.
 *
 * <p>Thread rule: owned by its SpdkThread.
 */
public abstract sealed class IoQueue implements AutoCloseable permits RingQueue, DowncallQueue {
    private static final Logger LOG = System.getLogger(IoQueue.class.getName());

    /** The numbers of requests: below {@link #MAX_SLOTS} they are those of {@link BdevIo#slot}. */
    static final int MAX_TOKENS = 1 << 17;

    /** Where the other numbers begin: of resets, which have no slot, and of I/O beyond the pool. */
    static final int MAX_SLOTS = 1 << 16;

    static final int OP_READ = 0;
    static final int OP_WRITE = 1;
    static final int OP_UNMAP = 2;
    static final int OP_FLUSH = 3;
    static final int OP_RESET = 4;
    static final int OP_WRITE_ZEROES = 5;
    static final int OP_READV = 6;
    static final int OP_WRITEV = 7;

    /** What was withdrawn before SPDK saw it. */
    static final int OP_WITHDRAWN = 8;

    private static final int GENERIC_INTERNAL_ERROR = 0x06;
    private static final int GENERIC_ABORTED_BY_REQUEST = 0x07;
    private static final int GENERIC_ABORTED_SQ_DELETION = 0x08;
    private static final int SCSI_CHECK_CONDITION = 0x02;
    private static final int SCSI_ABORTED_COMMAND = 0x0b;
    private static final int SCSI_MISCOMPARE = 0x0e;
    private static final int SCSI_MISCOMPARE_DURING_VERIFY = 0x1d;

    /** The requests under way, by their numbers. */
    @Nullable
    BdevIo[] requests = new BdevIo[256];

    /** The best way there is, for a native thread. */
    public static IoQueue open(long thread) {
        return NativeShim.isAvailable() ? new RingQueue(thread, MAX_TOKENS) : new DowncallQueue(thread);
    }

    /**
     * Sends a request on its way; it may wait until the next {@link #round}.
     *
     * @param op one of the constants here
     * @param token the number of the request
     * @param data the buffer, or the iovecs of the vectored operations
     * @param offset in blocks
     * @param count in blocks
     */
    abstract void submit(int op, int token, long desc, long channel, long data, int iovcnt, long offset, long count);

    /** What SPDK knows a request by: the argument of its callback. */
    abstract long argument(int token);

    /** Takes back a request that SPDK has not seen yet, and that ends as aborted; false if SPDK has seen it. */
    boolean withdraw(int token) {
        return false;
    }

    /** The types of I/O that do not go this way. */
    final Commands commands = new Commands();

    /** What waits until SPDK has I/O objects again. */
    final RoomWait roomWait = new RoomWait();

    /** Completes those that have ended. Returns whether there was work. */
    public final boolean endCommands() {
        boolean busy = commands.round();
        return roomWait.round() || busy;
    }

    /** Submits what waits, polls SPDK's thread, and completes what has ended. Returns whether there was work. */
    public abstract boolean round();

    @Override
    public abstract void close();

    private int nextNumber = MAX_SLOTS;
    private int[] freeNumbers = new int[16];
    private int freeNumberCount;
    private long begun;
    private long ended;

    /** The number for a request, or -1 if there is none left. */
    final int token(BdevIo io) {
        int token = io.slot();
        if (token < 0 || token >= MAX_SLOTS) {
            token = freeNumberCount > 0 ? freeNumbers[--freeNumberCount] : nextNumber++;
            if (token >= MAX_TOKENS) {
                nextNumber = MAX_TOKENS;
                return -1;
            }
        }
        remember(token, io);
        begun++;
        return token;
    }

    /** The number that a request has, which is under way. */
    final int tokenOf(BdevIo io) {
        int token = io.slot();
        if (token < 0 || token >= MAX_SLOTS) {
            token = MAX_SLOTS;
            while (requests[token] != io) {
                token++;
            }
        }
        return token;
    }

    /** Whether SPDK has none of our requests. */
    public final boolean isIdle() {
        return begun == ended;
    }

    private void remember(int token, BdevIo io) {
        if (token >= requests.length) {
            requests = Arrays.copyOf(requests, Math.max(token + 1, requests.length * 2));
        }
        if (requests[token] != io) {
            requests[token] = io;
        }
    }

    /** A request has ended; whatever goes wrong with one, the others must end too. */
    final void complete(int token, IoStatus status) {
        ended++;
        BdevIo io = Objects.requireNonNull(requests[token]);
        if (token >= MAX_SLOTS) {
            requests[token] = null;
            if (freeNumberCount == freeNumbers.length) {
                freeNumbers = Arrays.copyOf(freeNumbers, freeNumberCount * 2);
            }
            freeNumbers[freeNumberCount++] = token;
        }
        complete(io, status);
    }

    /** The same by the I/O itself. */
    static void complete(BdevIo io, IoStatus status) {
        try {
            io.complete(status);
        } catch (Throwable t) {
            LOG.log(Level.ERROR, "the end of " + io + " failed", t);
        }
    }

    /** What SPDK's three getters of a completion say together. */
    static IoStatus status(int rc, int aio, int cdw0, int sct, int sc, int scsi, int sk, int asc, int ascq) {
        if (rc != 0) {
            return switch (-rc) {
                case Errno.ENOMEM -> IoStatus.NOMEM;
                case Errno.ECANCELED -> IoStatus.ABORTED;
                default -> IoStatus.aio(-rc);
            };
        }
        if (aio != -Errno.EIO && aio < 0) {
            return IoStatus.aio(-aio);
        }
        if (sct == 0 && (sc == GENERIC_ABORTED_BY_REQUEST || sc == GENERIC_ABORTED_SQ_DELETION)) {
            return IoStatus.ABORTED;
        }
        if (sct == 0 && sc == GENERIC_INTERNAL_ERROR) {
            if (scsi == SCSI_CHECK_CONDITION && sk == SCSI_ABORTED_COMMAND && asc == 0 && ascq == 0) {
                return IoStatus.FAILED;
            }
            // Up to v25.05 SPDK has no NVMe status for a miscompare of its own.
            return scsi == SCSI_CHECK_CONDITION && sk == SCSI_MISCOMPARE && asc == SCSI_MISCOMPARE_DURING_VERIFY
                    ? IoStatus.MISCOMPARE
                    : IoStatus.scsi(scsi, sk, asc, ascq);
        }
        return IoStatus.nvme(cdw0, sct, sc);
    }
}
