// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme.spi;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.nvme.NvmeCompletion;
import dev.spdkio.nvme.NvmeNamespace;
import dev.spdkio.nvme.NvmeOperation;
import dev.spdkio.nvme.NvmeStatus;
import dev.spdkio.request.RequestFifo;
import dev.spdkio.request.Requests;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What every queue of NVMe requests does, whoever carries them: numbers them, holds their memory, lets them wait in
 * order where the driver has no room, sends them again after a loss, and ends each exactly once, never inside the call
 * that submitted it.
 *
 * <p>A driver {@linkplain #start starts} requests, says {@linkplain #ended how} each ended, and calls {@link #drain} in
 * its poller. Where it takes none now, as {@link #policy} says, they wait or end with a status.
 *
 * <p>Thread rule: owned by its SpdkThread.
 */
public abstract class RequestQueue {
    private static final Logger LOG = System.getLogger(RequestQueue.class.getName());

    /** What becomes of a request that the driver cannot be given now. */
    protected enum Policy {
        /** The driver takes requests. */
        START,
        /** It will take some later. */
        WAIT,
        /** It never will. */
        FAIL
    }

    private final int retryCount;
    private final Requests<NvmeRequest> requests;
    private final RequestFifo<NvmeRequest> again = new RequestFifo<>();

    /**
     * @param thread the owner
     * @param limitName what the caller calls the limit of requests
     * @param maxRequests the limit
     * @param retryCount how often a request is started again that a loss ended
     */
    protected RequestQueue(SpdkThread thread, String limitName, int maxRequests, int retryCount) {
        this.retryCount = retryCount;
        this.requests = new Requests<>(
                thread, this, limitName, maxRequests, "wait for ends, or raise the limit", NvmeRequest::new);
    }

    // ---- what a driver does ----------------------------------------------------------------------------------------

    /**
     * Gives a request to the device. It may call {@link #ended} at once.
     *
     * @return 0, or a negative error number if nothing was done: {@code -ENOMEM} and {@code -EAGAIN} if there will be
     *     room when others have ended, {@code -ENXIO} if the connection is lost
     */
    protected abstract int start(NvmeRequest request);

    /** What to do with requests now. */
    protected abstract Policy policy();

    /** The connection was lost; called when {@link #start} says so. */
    protected abstract void lost();

    /** The request of a number, which {@link #start} was given. */
    protected final NvmeRequest request(int slot) {
        return requests.get(slot);
    }

    /**
     * A request has ended; it is told at the next {@link #drain}. Ends that are none of a started request are logged.
     *
     * @param status the 16 bits of the status
     * @param result dwords 0 and 1 of the completion
     */
    protected final void ended(int slot, int status, long result) {
        NvmeRequest r = requests.end(slot);
        if (r != null) {
            r.status = status;
            r.result = result;
        }
    }

    /** Tells the ends, and starts what waits. Returns whether there was anything to tell. */
    protected final boolean drain() {
        boolean busy = false;
        for (int most = requests.inFlight(); most > 0; most--) {
            NvmeRequest r = requests.pollEnded();
            if (r == null) {
                break;
            }
            busy = true;
            if (isSentAgain(r)) {
                r.losses++;
                again.add(r);
            } else {
                tell(r);
            }
        }
        requests.waiting().prepend(again);
        startWaiting();
        return busy;
    }

    /** Ends all that waits. */
    protected final void failWaiting() {
        RequestFifo<NvmeRequest> waiting = requests.waiting();
        for (NvmeRequest r = waiting.poll(); r != null; r = waiting.poll()) {
            end(r, NvmeStatus.raw(NvmeStatus.SCT_GENERIC, NvmeStatus.SC_ABORTED_SQ_DELETION), 0);
        }
    }

    /** Ends all that was started and that the driver has forgotten, as aborted. */
    protected final void endStarted() {
        for (NvmeRequest r : requests.all()) {
            if (r.isStarted()) {
                ended(r.slot(), NvmeStatus.raw(NvmeStatus.SCT_GENERIC, NvmeStatus.SC_ABORTED_SQ_DELETION), 0);
            }
        }
    }

    /** Requests that have not ended. */
    protected final int requestsInFlight() {
        return requests.inFlight();
    }

    // ---- submits ---------------------------------------------------------------------------------------------------

    /** Submits a request whose arguments are right. */
    protected final void submitChecked(
            NvmeOperation operation,
            @Nullable NvmeNamespace namespace,
            @Nullable NvmeCommand command,
            @Nullable DmaBuf buf,
            @Nullable IoVec vec,
            long lba,
            long blocks,
            int flags,
            NvmeCompletion completion,
            @Nullable Object userData) {
        NvmeRequest r = requests.take(buf, vec, userData);
        r.operation = operation;
        r.namespace = namespace;
        r.command = command;
        r.lba = lba;
        r.blocks = blocks;
        r.flags = flags;
        r.completion = completion;
        Policy p = policy();
        if (p == Policy.FAIL || (p == Policy.WAIT && retryCount == 0 && failsWhileWaiting())) {
            end(r, NvmeStatus.raw(NvmeStatus.SCT_PATH, NvmeStatus.SC_HOST_PATH_ERROR), 0);
        } else if (p == Policy.WAIT || !requests.waiting().isEmpty() || !tryStart(r)) {
            requests.waiting().add(r);
        }
    }

    /** Whether requests that are not sent again after losses end at once while they would wait. */
    protected boolean failsWhileWaiting() {
        return true;
    }

    private void startWaiting() {
        while (policy() == Policy.START) {
            NvmeRequest r = requests.waiting().poll();
            if (r == null) {
                return;
            }
            if (!tryStart(r)) {
                requests.waiting().addFirst(r);
                return;
            }
        }
        if (policy() == Policy.FAIL) {
            failWaiting();
        }
    }

    /** False if it has to wait. */
    private boolean tryStart(NvmeRequest r) {
        requests.start(r);
        int rc = start(r);
        if (rc == 0) {
            return true;
        }
        requests.takeBack(r);
        switch (-rc) {
            case Errno.ENOMEM, Errno.EAGAIN -> {
                if (requests.started() > 0) {
                    return false;
                }
                // Nothing would ever make room: it is more than the driver can do at once.
                end(r, NvmeStatus.raw(NvmeStatus.SCT_GENERIC, NvmeStatus.SC_INTERNAL_ERROR), 0);
            }
            case Errno.ENXIO, Errno.ENODEV -> {
                end(r, NvmeStatus.raw(NvmeStatus.SCT_GENERIC, NvmeStatus.SC_ABORTED_SQ_DELETION), 0);
                lost();
            }
            default -> end(r, NvmeStatus.raw(NvmeStatus.SCT_GENERIC, NvmeStatus.SC_INVALID_FIELD), 0);
        }
        return true;
    }

    // ---- ends ------------------------------------------------------------------------------------------------------

    private void end(NvmeRequest r, int status, long result) {
        r.status = status;
        r.result = result;
        requests.endUnstarted(r);
    }

    private boolean isSentAgain(NvmeRequest r) {
        return (r.status & ~1) != 0
                && r.losses < retryCount
                && r.operation != NvmeOperation.COMMAND
                && policy() != Policy.FAIL
                && NvmeStatus.ofRaw(r.status).isPassing();
    }

    private void tell(NvmeRequest r) {
        NvmeCompletion completion = Objects.requireNonNull(r.completion);
        Object userData = r.userData();
        NvmeStatus status = NvmeStatus.ofRaw(r.status);
        long result = r.result;
        requests.free(r);
        try {
            completion.completed(status, result, userData);
        } catch (Throwable t) {
            LOG.log(Level.ERROR, this + ": a completion failed", t);
        }
    }
}
