// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.request;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import org.jspecify.annotations.Nullable;

/**
 * A request between its submit and its end. The objects are used again; {@link #slot} is the number of each.
 *
 * <p>Thread rule: owned by the thread of its {@link Requests}.
 */
public abstract class Request {
    enum State {
        /** Free or waiting. */
        IDLE,
        STARTED,
        ENDED
    }

    private final int slot;
    State state = State.IDLE;
    private @Nullable DmaBuf buf;
    private @Nullable IoVec vec;
    private @Nullable Object userData;

    /** The next of the {@link RequestFifo} it stands in. */
    @Nullable
    Request next;

    /** @param slot its number */
    protected Request(int slot) {
        this.slot = slot;
    }

    /** Its number, below the most requests of its queue. */
    public final int slot() {
        return slot;
    }

    /** The memory, if it is one piece. */
    public final @Nullable DmaBuf buf() {
        return buf;
    }

    /** The memory, if it is several pieces. */
    public final @Nullable IoVec vec() {
        return vec;
    }

    /** What the completion is given. */
    public final @Nullable Object userData() {
        return userData;
    }

    /** Whether it is with what carries it. */
    public final boolean isStarted() {
        return state == State.STARTED;
    }

    /** Whether it has ended, which has not been told. */
    public final boolean hasEnded() {
        return state == State.ENDED;
    }

    /** Lets go of what else the caller gave. */
    protected abstract void clear();

    final void pin(SpdkThread thread, @Nullable DmaBuf one, @Nullable IoVec several, @Nullable Object data) {
        if (one != null) {
            one.pin(thread);
        } else if (several != null) {
            several.pin(thread);
        }
        buf = one;
        vec = several;
        userData = data;
    }

    final void unpin(SpdkThread thread) {
        if (buf != null) {
            buf.unpin(thread);
        } else if (vec != null) {
            vec.unpin(thread);
        }
        buf = null;
        vec = null;
        userData = null;
    }
}
