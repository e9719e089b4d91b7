// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme.spi;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.nvme.NvmeCompletion;
import dev.spdkio.nvme.NvmeNamespace;
import dev.spdkio.nvme.NvmeOperation;
import dev.spdkio.request.Request;
import org.jspecify.annotations.Nullable;

/** A request to a controller between its submit and its end. */
@SuppressWarnings("exports") // what it extends is for our own modules
public final class NvmeRequest extends Request {
    NvmeOperation operation = NvmeOperation.COMMAND;

    @Nullable
    NvmeNamespace namespace;

    @Nullable
    NvmeCommand command;

    long lba;
    long blocks;
    int flags;
    int losses;

    @Nullable
    NvmeCompletion completion;

    /** How it ended, until that is told. */
    int status;

    long result;

    NvmeRequest(int slot) {
        super(slot);
    }

    /** What to do. */
    public NvmeOperation operation() {
        return operation;
    }

    /** Where; null for {@link NvmeOperation#COMMAND}. */
    public @Nullable NvmeNamespace namespace() {
        return namespace;
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

    @Override
    protected void clear() {
        namespace = null;
        command = null;
        completion = null;
        losses = 0;
    }

    @Override
    public String toString() {
        return "request " + slot() + ": "
                + (command != null ? command : operation.text() + " of " + blocks + " blocks at block " + lba);
    }
}
