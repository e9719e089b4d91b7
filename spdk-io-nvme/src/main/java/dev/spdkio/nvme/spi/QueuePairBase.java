// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme.spi;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.nvme.NvmeCompletion;
import dev.spdkio.nvme.NvmeController;
import dev.spdkio.nvme.NvmeNamespace;
import dev.spdkio.nvme.NvmeOperation;
import dev.spdkio.nvme.NvmeQueuePair;
import dev.spdkio.nvme.QueuePairOptions;
import dev.spdkio.runtime.SpdkThread;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A queue pair without what carries its requests: finds what is wrong with them before they are submitted. */
public abstract class QueuePairBase extends RequestQueue implements NvmeQueuePair {
    private static final long MAX_WRITE_ZEROES = 1 << 16;
    private static final long MAX_BLOCKS = 0xFFFF_FFFFL;
    private static final int DWORD_MASK = 3;

    private final NvmeController controller;
    private final SpdkThread thread;
    private final int maxCommands;
    private volatile boolean closeRequested;

    /** @param maxCommands how many commands a split transfer may become */
    protected QueuePairBase(NvmeController controller, SpdkThread thread, QueuePairOptions options, int maxCommands) {
        super(thread, "maxRequests", options.maxRequests(), options.retryCount());
        this.controller = controller;
        this.thread = thread;
        this.maxCommands = maxCommands;
    }

    @Override
    public final NvmeController controller() {
        return controller;
    }

    @Override
    public final SpdkThread thread() {
        return thread;
    }

    @Override
    public final boolean isClosed() {
        return closeRequested;
    }

    @Override
    public final int inFlight() {
        thread.checkCurrent("counting the requests of " + this);
        return requestsInFlight();
    }

    @Override
    public final void close() {
        closeRequested = true;
        if (thread.isCurrent()) {
            closeHere();
        } else {
            // If the thread has exited, the queue pair went with it.
            boolean _ = thread.trySendInternal(this::closeHere);
        }
    }

    /** On the thread, at every {@link #close}. */
    protected abstract void closeHere();

    @Override
    public final void submit(
            NvmeOperation operation,
            NvmeNamespace namespace,
            @Nullable DmaBuf buf,
            long lba,
            long blocks,
            int flags,
            NvmeCompletion completion,
            @Nullable Object userData) {
        admit(operation, namespace, lba, blocks);
        if (operation.hasData()) {
            Objects.requireNonNull(buf, "buf");
            long bytes = blocks * namespace.blockSize();
            if (bytes > buf.size()) {
                throw new IllegalArgumentException("%s of %d blocks (%d bytes) with %s: it is too small"
                        .formatted(operation.text(), blocks, bytes, buf));
            }
            checkLength(operation, namespace, bytes);
            checkAlignment(buf.address(), buf);
        } else if (buf != null) {
            throw new IllegalArgumentException(operation.text() + " takes no memory: give null");
        }
        Objects.requireNonNull(completion, "completion");
        submitChecked(operation, namespace, null, buf, null, lba, blocks, flags, completion, userData);
    }

    @Override
    public final void submitVector(
            NvmeOperation operation,
            NvmeNamespace namespace,
            IoVec vec,
            long lba,
            int flags,
            NvmeCompletion completion,
            @Nullable Object userData) {
        if (!operation.hasData()) {
            throw new IllegalArgumentException(operation.text() + " transfers no data: submit it without memory");
        }
        int blockSize = namespace.blockSize();
        long bytes = vec.totalBytes();
        if (bytes % blockSize != 0) {
            throw new IllegalArgumentException("%s of %d bytes: not a multiple of the blocks of %d bytes of %s"
                    .formatted(operation.text(), bytes, blockSize, namespace));
        }
        admit(operation, namespace, lba, bytes / blockSize);
        checkLength(operation, namespace, bytes);
        for (int i = 0; i < vec.count(); i++) {
            checkAlignment(vec.address(i), vec.buf(i));
        }
        Objects.requireNonNull(completion, "completion");
        submitChecked(operation, namespace, null, null, vec, lba, bytes / blockSize, flags, completion, userData);
    }

    @Override
    public final void submitCommand(
            NvmeCommand command, @Nullable DmaBuf data, NvmeCompletion completion, @Nullable Object userData) {
        admit();
        Objects.requireNonNull(command, "command");
        if (data != null) {
            checkAlignment(data.address(), data);
        }
        Objects.requireNonNull(completion, "completion");
        submitChecked(NvmeOperation.COMMAND, null, command, data, null, 0, 0, 0, completion, userData);
    }

    private void admit() {
        thread.checkCurrent("submitting to a queue pair");
        if (closeRequested) {
            throw new IllegalStateException(this + " is closed: open another");
        }
    }

    private void admit(NvmeOperation operation, NvmeNamespace ns, long lba, long blocks) {
        admit();
        if (ns.controller() != controller) {
            throw new IllegalArgumentException(ns + " belongs to another controller than " + this);
        }
        if (!ns.supports(operation)) {
            throw new UnsupportedOperationException(controller + " has no " + operation.text());
        }
        if (operation == NvmeOperation.COMMAND) {
            throw new IllegalArgumentException("a command of one's own goes by submitCommand");
        }
        if (operation == NvmeOperation.FLUSH) {
            return;
        }
        long most = operation == NvmeOperation.WRITE_ZEROES ? MAX_WRITE_ZEROES : MAX_BLOCKS;
        if (blocks < 1 || blocks > most) {
            throw new IllegalArgumentException("%s of %d blocks: 1 to %d".formatted(operation.text(), blocks, most));
        }
        if (lba < 0 || lba > ns.blockCount() - blocks) {
            throw new IllegalArgumentException("%s of %d blocks at block %d: %s has %d blocks"
                    .formatted(operation.text(), blocks, lba, ns, ns.blockCount()));
        }
    }

    private void checkLength(NvmeOperation operation, NvmeNamespace ns, long bytes) {
        long most = (long) ns.maxTransferBytes() * maxCommands;
        if (bytes > most) {
            throw new IllegalArgumentException(
                    ("%s of %d bytes: at most %d, which is %d commands of %d bytes; split it,"
                                    + " or raise queueRequests")
                            .formatted(operation.text(), bytes, most, maxCommands, ns.maxTransferBytes()));
        }
    }

    private static void checkAlignment(long address, DmaBuf buf) {
        if ((address & DWORD_MASK) != 0) {
            throw new IllegalArgumentException("%s begins at 0x%x: NVMe needs a multiple of 4".formatted(buf, address));
        }
    }
}
