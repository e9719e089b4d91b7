// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.nvme.ControllerState;
import dev.spdkio.nvme.QueuePairOptions;
import dev.spdkio.nvme.spi.NvmeRequest;
import dev.spdkio.nvme.spi.QueuePairBase;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.NativeStruct;
import dev.spdkio.spdk.ffi.NvmeIoApi;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * A queue pair of SPDK, made again with each connection of its controller.
 *
 * <p>Thread rule: owned by its SpdkThread; {@link #attach} and {@link #detach} are what the controller's thread asks it
 * to do.
 */
final class NativeQueuePair extends QueuePairBase implements Ends.Queue {
    private static final int DEALLOCATE = 1 << 2;

    private final NativeController controller;
    private final SpdkThread thread;
    private final QueuePairOptions options;
    private final long number;
    private final CompletableFuture<Void> closed;
    private final Poller poller;
    private final MemorySegment command = Arena.ofAuto().allocate(NvmeCommand.BYTES, 8);
    private final MemorySegment range = Arena.ofAuto().allocate(Structs.DSM_RANGE_BYTES, 8);

    /** Where SPDK is in the memory of each vectored request: the piece, and the byte in it. */
    private final int[] piece;

    private final long[] offsetInPiece;

    private long pointer;
    private boolean connected;
    private boolean lostTold;
    private boolean closing;

    NativeQueuePair(NativeController controller, SpdkThread thread, QueuePairOptions options, int maxCommands) {
        super(controller, thread, options, maxCommands);
        this.controller = controller;
        this.thread = thread;
        this.options = options;
        this.number = Ends.register(this);
        this.closed = thread.runtime().newFuture();
        this.piece = new int[options.maxRequests()];
        this.offsetInPiece = new long[options.maxRequests()];
        this.poller = thread.poller("nvme").body(this::poll).register();
    }

    // ---- its connection --------------------------------------------------------------------------------------------

    /** Connects it, as the controller is connected. */
    void attach() {
        if (closing || pointer != 0) {
            return;
        }
        lostTold = false;
        NativeThread.enter(thread);
        try (Arena arena = Arena.ofConfined()) {
            NativeStruct opts = Structs.queuePairOpts(controller.pointer(), options, arena);
            pointer = NvmeIoApi.allocate(controller.pointer(), opts.address(), opts.size());
        }
        if (pointer == 0) {
            lost();
        }
    }

    /** Gives up its connection: all that is under way ends now. */
    void detach() {
        connected = false;
        if (pointer != 0) {
            NativeThread.enter(thread);
            long freed = pointer;
            pointer = 0;
            int _ = NvmeIoApi.free(freed);
        }
        endStarted();
        if (options.retryCount() == 0) {
            failWaiting();
        }
    }

    @Override
    public boolean isConnected() {
        thread.checkCurrent("looking at " + this);
        return connected;
    }

    @Override
    protected void lost() {
        connected = false;
        if (!lostTold) {
            lostTold = true;
            controller.lost("the queue pair of SpdkThread " + thread.name() + " lost its connection");
        }
    }

    private Poller.Result poll() {
        NativeThread.enter(thread);
        boolean busy = false;
        if (pointer != 0) {
            int rc = NvmeIoApi.processCompletions(pointer, 0);
            busy = rc > 0;
            if (rc < 0) {
                if (connected || !isWaitingForController()) {
                    lost();
                }
            } else if (!connected && NvmeIoApi.isConnected(pointer)) {
                connected = true;
            }
        }
        busy |= drain();
        if (closing && requestsInFlight() == 0) {
            poller.close();
            Ends.forget(number);
            controller.gone(this);
            closed.complete(null);
        }
        return busy ? Poller.Result.BUSY : Poller.Result.IDLE;
    }

    private boolean isWaitingForController() {
        return controller.state() != ControllerState.ONLINE;
    }

    @Override
    protected Policy policy() {
        if (closing) {
            return Policy.FAIL;
        }
        return switch (controller.state()) {
            case ONLINE, RECONNECTING -> connected ? Policy.START : Policy.WAIT;
            case REMOVED, DETACHING, DETACHED -> Policy.FAIL;
        };
    }

    @Override
    protected boolean failsWhileWaiting() {
        return isWaitingForController();
    }

    @Override
    protected void closeHere() {
        if (!closing) {
            closing = true;
            detach();
        }
    }

    @Override
    public CompletableFuture<Void> closed() {
        return closed.copy();
    }

    // ---- requests --------------------------------------------------------------------------------------------------

    @Override
    protected int start(NvmeRequest r) {
        long arg = Ends.argument(number, r.slot());
        NvmeCommand own = r.command();
        if (own != null) {
            own.writeTo(command, 0);
            DmaBuf data = r.buf();
            return NvmeIoApi.raw(
                    controller.pointer(),
                    pointer,
                    command.address(),
                    data == null ? 0 : data.address(),
                    data == null ? 0 : (int) data.size(),
                    Ends.DONE,
                    arg);
        }
        NativeNamespace namespace = (NativeNamespace) Objects.requireNonNull(r.namespace());
        if (!namespace.isActive()) {
            return -Errno.EINVAL;
        }
        long ns = namespace.pointer();
        DmaBuf buf = r.buf();
        return buf != null
                ? transfer(r, ns, buf.address(), arg)
                : r.vec() != null ? vector(r, ns, arg) : plain(r, ns, arg);
    }

    private int transfer(NvmeRequest r, long ns, long at, long arg) {
        int blocks = (int) r.blocks();
        return switch (r.operation()) {
            case READ -> NvmeIoApi.read(ns, pointer, at, r.lba(), blocks, Ends.DONE, arg, r.flags());
            case WRITE -> NvmeIoApi.write(ns, pointer, at, r.lba(), blocks, Ends.DONE, arg, r.flags());
            case COMPARE -> NvmeIoApi.compare(ns, pointer, at, r.lba(), blocks, Ends.DONE, arg, r.flags());
            default -> -Errno.EINVAL;
        };
    }

    private int vector(NvmeRequest r, long ns, long arg) {
        int n = (int) r.blocks();
        long reset = Ends.RESET_SGL;
        long next = Ends.NEXT_SGE;
        return switch (r.operation()) {
            case READ -> NvmeIoApi.readv(ns, pointer, r.lba(), n, Ends.DONE, arg, r.flags(), reset, next);
            case WRITE -> NvmeIoApi.writev(ns, pointer, r.lba(), n, Ends.DONE, arg, r.flags(), reset, next);
            case COMPARE -> NvmeIoApi.comparev(ns, pointer, r.lba(), n, Ends.DONE, arg, r.flags(), reset, next);
            default -> -Errno.EINVAL;
        };
    }

    private int plain(NvmeRequest r, long ns, long arg) {
        return switch (r.operation()) {
            case FLUSH -> NvmeIoApi.flush(ns, pointer, Ends.DONE, arg);
            case WRITE_ZEROES ->
                NvmeIoApi.writeZeroes(ns, pointer, r.lba(), (int) r.blocks(), Ends.DONE, arg, r.flags());
            case DEALLOCATE -> {
                long at = range.address();
                Raw.putInt(at, 0);
                Raw.putInt(at + Structs.DSM_LENGTH, (int) r.blocks());
                Raw.putLong(at + Structs.DSM_LBA, r.lba());
                yield NvmeIoApi.datasetManagement(ns, pointer, DEALLOCATE, at, (short) 1, Ends.DONE, arg);
            }
            default -> -Errno.EINVAL;
        };
    }

    @Override
    public void noteEnd(int slot, int status, long result) {
        ended(slot, status, result);
    }

    @Override
    public void rewind(int slot, long offset) {
        IoVec vec = Objects.requireNonNull(request(slot).vec());
        int i = 0;
        long left = offset;
        while (i < vec.count() && left >= vec.length(i)) {
            left -= vec.length(i++);
        }
        piece[slot] = i;
        offsetInPiece[slot] = left;
    }

    @Override
    public int nextPiece(int slot, long addressAt, long lengthAt) {
        IoVec vec = Objects.requireNonNull(request(slot).vec());
        int i = piece[slot];
        if (i >= vec.count()) {
            return -1;
        }
        long from = offsetInPiece[slot];
        Raw.putLong(addressAt, vec.address(i) + from);
        Raw.putInt(lengthAt, (int) (vec.length(i) - from));
        piece[slot] = i + 1;
        offsetInPiece[slot] = 0;
        return 0;
    }

    @Override
    public String toString() {
        return "queue pair of " + controller + " on SpdkThread " + thread.name();
    }
}
