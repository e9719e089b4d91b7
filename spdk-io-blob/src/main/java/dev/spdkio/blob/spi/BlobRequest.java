// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.spi;

import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.Blob;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A request between its submit and its end. The objects are used again; {@link #slot} is the number of each. */
public final class BlobRequest {
    enum State {
        FREE,
        WAITING,
        STARTED,
        ENDED
    }

    private final int slot;
    State state = State.FREE;
    IoType type = IoType.READ;

    @Nullable
    Blob blob;

    @Nullable
    DmaBuf buf;

    @Nullable
    IoVec vec;

    long offset;
    long count;

    @Nullable
    IoCompletion completion;

    @Nullable
    Object userData;

    /** How it ended, until that is told. */
    IoStatus status = IoStatus.SUCCESS;

    /** When it first found no room; 0 if it did not. */
    long noRoomSince;

    /** The next of the queue it stands in. */
    @Nullable
    BlobRequest next;

    BlobRequest(int slot) {
        this.slot = slot;
    }

    /** Its number, below {@link dev.spdkio.blob.BlobChannel#MAX_REQUESTS}. */
    public int slot() {
        return slot;
    }

    /** What to do. */
    public IoType type() {
        return type;
    }

    /** Where. */
    public Blob blob() {
        return Objects.requireNonNull(blob);
    }

    /** The memory, if it is one piece. */
    public @Nullable DmaBuf buf() {
        return buf;
    }

    /** The memory, if it is several pieces. */
    public @Nullable IoVec vec() {
        return vec;
    }

    /** The first io unit. */
    public long offset() {
        return offset;
    }

    /** The number of io units. */
    public long count() {
        return count;
    }

    void pin(SpdkThread thread) {
        if (buf != null) {
            buf.pin(thread);
        } else if (vec != null) {
            vec.pin(thread);
        }
    }

    void unpin(SpdkThread thread) {
        if (buf != null) {
            buf.unpin(thread);
        } else if (vec != null) {
            vec.unpin(thread);
        }
    }

    /** Lets go of the caller's objects. */
    void clear() {
        state = State.FREE;
        blob = null;
        buf = null;
        vec = null;
        completion = null;
        userData = null;
        noRoomSince = 0;
    }

    @Override
    public String toString() {
        return "request " + slot + ": " + type.jsonName() + " of " + count + " io units at io unit " + offset + " of "
                + blob;
    }
}
