// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.nvme.NvmeCompletion;
import dev.spdkio.nvme.NvmeOperation;
import dev.spdkio.nvme.spi.NvmeRequest;
import dev.spdkio.nvme.spi.RequestQueue;
import dev.spdkio.spdk.ffi.NvmeApi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The admin commands of the application to a controller, on its thread. */
final class AdminQueue extends RequestQueue implements Ends.Queue {
    /** The most admin commands of the application at once, of a controller. */
    private static final int ADMIN_REQUESTS = 128;

    private final NativeController controller;
    private final long number = Ends.register(this);
    private final MemorySegment command = Arena.ofAuto().allocate(NvmeCommand.BYTES, 8);

    AdminQueue(NativeController controller) {
        super(controller.thread(), "ADMIN_REQUESTS", ADMIN_REQUESTS, 0);
        this.controller = controller;
    }

    void submit(NvmeCommand c, @Nullable DmaBuf data, NvmeCompletion completion, @Nullable Object userData) {
        Objects.requireNonNull(completion, "completion");
        submitChecked(NvmeOperation.COMMAND, null, c, data, null, 0, 0, 0, completion, userData);
    }

    @Override
    protected int start(NvmeRequest r) {
        Objects.requireNonNull(r.command()).writeTo(command, 0);
        DmaBuf data = r.buf();
        return NvmeApi.adminRaw(
                controller.pointer(),
                command.address(),
                data == null ? 0 : data.address(),
                data == null ? 0 : (int) data.size(),
                Ends.DONE,
                Ends.argument(number, r.slot()));
    }

    @Override
    protected Policy policy() {
        return switch (controller.state()) {
            case ONLINE -> Policy.START;
            case RECONNECTING -> Policy.WAIT;
            case REMOVED, DETACHING, DETACHED -> Policy.FAIL;
        };
    }

    @Override
    protected void lost() {
        controller.lost("an admin command could not be sent");
    }

    boolean poll() {
        return drain();
    }

    /** Ends all that waits for the connection. */
    void disconnected() {
        failWaiting();
    }

    /** SPDK has nothing of it any more. */
    void close() {
        endStarted();
        drain();
        Ends.forget(number);
    }

    @Override
    public void noteEnd(int slot, int status, long result) {
        ended(slot, status, result);
    }

    @Override
    public void rewind(int slot, long offset) {}

    @Override
    public int nextPiece(int slot, long addressAt, long lengthAt) {
        return -1;
    }

    @Override
    public String toString() {
        return "admin queue of " + controller;
    }
}
