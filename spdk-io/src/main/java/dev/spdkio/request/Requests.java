// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.request;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a queue: numbers them, holds their memory, knows which are under way, and lets each end once.
 *
 * <p>A request is {@linkplain #take taken}, {@linkplain #start started}, now or after it has stood in {@link #waiting},
 * {@linkplain #end ended}, {@linkplain #pollEnded looked at} and {@linkplain #free freed}.
 *
 * <p>Thread rule: owned by its SpdkThread.
 *
 * @param <R> their kind
 */
public final class Requests<R extends Request> {
    private static final Logger LOG = System.getLogger(Requests.class.getName());

    private final SpdkThread thread;
    private final Object owner;
    private final String limitName;
    private final int most;
    private final String remedy;
    private final IntFunction<R> maker;
    private final List<R> all = new ArrayList<>();
    private final RequestFifo<R> free = new RequestFifo<>();
    private final RequestFifo<R> waiting = new RequestFifo<>();
    private final RequestFifo<R> ended = new RequestFifo<>();
    private int inFlight;
    private int started;

    /**
     * @param owner the queue, for messages
     * @param limitName what the caller calls the limit
     * @param most the limit of requests that have not been freed
     * @param remedy what to do about it
     * @param maker makes the request of a number
     */
    public Requests(SpdkThread thread, Object owner, String limitName, int most, String remedy, IntFunction<R> maker) {
        this.thread = thread;
        this.owner = owner;
        this.limitName = limitName;
        this.most = most;
        this.remedy = remedy;
        this.maker = maker;
    }

    /** Requests that were taken and not freed. */
    public int inFlight() {
        return inFlight;
    }

    /** Those of them that were started and have not ended. */
    public int started() {
        return started;
    }

    /** Those that are to be started later, in order. */
    public RequestFifo<R> waiting() {
        return waiting;
    }

    /** The one of a number, which was taken once. */
    public R get(int slot) {
        return all.get(slot);
    }

    /** All that were ever taken. */
    public List<R> all() {
        return all;
    }

    /** Whether there is one in flight like that, which must not fit free ones. */
    public boolean anyMatch(Predicate<R> like) {
        for (int i = 0; inFlight > 0 && i < all.size(); i++) {
            if (like.test(all.get(i))) {
                return true;
            }
        }
        return false;
    }

    /**
     * Takes a request, whose memory is in flight until it is freed. Nothing is taken if that fails.
     *
     * @throws LimitExceededException if there are too many
     * @throws IllegalStateException if the memory is closed
     */
    public R take(@Nullable DmaBuf buf, @Nullable IoVec vec, @Nullable Object userData) {
        R r = free.poll();
        if (r == null) {
            r = make();
        }
        try {
            r.pin(thread, buf, vec, userData);
        } catch (RuntimeException closed) {
            free.addFirst(r);
            throw closed;
        }
        inFlight++;
        return r;
    }

    private R make() {
        if (all.size() == most) {
            throw new LimitExceededException(
                    limitName, most, owner + " has " + inFlight + " requests under way or waiting: " + remedy);
        }
        R r = maker.apply(all.size());
        all.add(r);
        return r;
    }

    /** It goes to what carries it. */
    public void start(R r) {
        r.state = Request.State.STARTED;
        started++;
    }

    /** It was not started after all. */
    public void takeBack(R r) {
        r.state = Request.State.IDLE;
        started--;
    }

    /** One that was started has ended; null, and a line in the log, if it was not. */
    public @Nullable R end(int slot) {
        R r = slot >= 0 && slot < all.size() ? all.get(slot) : null;
        if (r == null || !r.isStarted()) {
            LOG.log(Level.ERROR, owner + ": an end of request " + slot + ", which is not under way");
            return null;
        }
        started--;
        endUnstarted(r);
        return r;
    }

    /** One that was not started ends. */
    public void endUnstarted(R r) {
        r.state = Request.State.ENDED;
        ended.add(r);
    }

    /** Takes the first that has ended, to be freed or started again; null if there is none. */
    public @Nullable R pollEnded() {
        R r = ended.poll();
        if (r != null) {
            r.state = Request.State.IDLE;
        }
        return r;
    }

    /** It is over: lets its memory go. */
    public void free(R r) {
        r.unpin(thread);
        r.clear();
        free.addFirst(r);
        inFlight--;
    }
}
