// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme.spi;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.nvme.NvmeCompletion;
import dev.spdkio.nvme.NvmeNamespace;
import dev.spdkio.nvme.NvmeOperation;
import dev.spdkio.runtime.SpdkThread;
import org.jspecify.annotations.Nullable;

/** A request between its submit and its end. The objects are used again; {@link #slot} is the number of each. */
public final class NvmeRequest {
    enum State {
        FREE,
        WAITING,
        STARTED,
        ENDED
    }

    private final int slot;
    State state = State.FREE;
    NvmeOperation operation = NvmeOperation.COMMAND;

    @Nullable
    NvmeNamespace namespace;

    @Nullable
    DmaBuf buf;

    @Nullable
    IoVec vec;

    @Nullable
    NvmeCommand command;

    long lba;
    long blocks;
    int flags;
    int losses;

    @Nullable
    NvmeCompletion completion;

    @Nullable
    Object userData;

    /** How it ended, until that is told. */
    int status;

    long result;

    /** The next of the queue it stands in. */
    @Nullable
    NvmeRequest next;

    NvmeRequest(int slot) {
        this.slot = slot;
    }

    /** Its number, below the queue's most requests. */
    public int slot() {
        return slot;
    }

    /** What to do. */
    public NvmeOperation operation() {
        return operation;
    }

    /** Where; null for {@link NvmeOperation#COMMAND}. */
    public @Nullable NvmeNamespace namespace() {
        return namespace;
    }

    /** The memory, if it is one piece. */
    public @Nullable DmaBuf buf() {
        return buf;
    }

    /** The memory, if it is several pieces. */
    public @Nullable IoVec vec() {
        return vec;
    }

    /** The command of {@link NvmeOperation#COMMAND}. */
    public @Nullable NvmeCommand command() {
        return command;
    }

    /** The first block. */
    public long lba() {
        return lba;
    }

    /** The number of blocks. */
    public long blocks() {
        return blocks;
    }

    /** Flags of the command. */
    public int flags() {
        return flags;
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
        namespace = null;
        buf = null;
        vec = null;
        command = null;
        completion = null;
        userData = null;
        losses = 0;
    }

    @Override
    public String toString() {
        return "request " + slot + ": "
                + (command != null ? command : operation.text() + " of " + blocks + " blocks at block " + lba);
    }
}
