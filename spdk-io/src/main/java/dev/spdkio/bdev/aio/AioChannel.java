// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.aio;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.file.FileDeviceChannel;
import dev.spdkio.runtime.SpdkThread;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * An {@link AioBdev} on one thread: hands requests to the helper threads, and takes them back in batches.
 *
 * <p>What is done is pushed onto a list; who finds the list empty sends one message for all that follow until it is
 * taken. So there is at most one message a channel under way, and none allocates.
 *
 * <p>Thread rule: owned by its thread, but for {@link #done}.
 */
final class AioChannel extends FileDeviceChannel implements Runnable {
    private static final VarHandle DONE;

    static {
        try {
            DONE = MethodHandles.lookup().findVarHandle(AioChannel.class, "done", AioRequest.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final AioBdev device;
    private @Nullable AioRequest free;

    /** What helper threads are done with, the last one first. */
    @SuppressWarnings("unused")
    private volatile @Nullable AioRequest done;

    AioChannel(AioBdev device, SpdkThread thread) {
        super(thread);
        this.device = device;
    }

    void submit(BdevIo io) {
        if (inFlight() >= device.options().queueDepth()) {
            io.complete(IoStatus.NOMEM);
            return;
        }
        AioRequest request = free;
        if (request == null) {
            request = new AioRequest(device, this);
        } else {
            free = request.next;
        }
        request.start(io);
        began();
        device.execute(request);
    }

    /** A helper thread is done with the request. */
    void done(AioRequest request) {
        AioRequest last;
        do {
            last = done;
            request.next = last;
        } while (!DONE.compareAndSet(this, last, request));
        if (last == null) {
            thread().trySendInternal(this);
        }
    }

    /** Ends what is done, in the order in which it was. */
    @Override
    public void run() {
        AioRequest newest = (AioRequest) DONE.getAndSet(this, (AioRequest) null);
        AioRequest oldest = null;
        while (newest != null) {
            AioRequest before = newest.next;
            newest.next = oldest;
            oldest = newest;
            newest = before;
        }
        while (oldest != null) {
            AioRequest request = oldest;
            oldest = request.next;
            BdevIo io = request.io();
            IoStatus status = request.status();
            request.next = free;
            free = request;
            ended();
            io.complete(status);
        }
    }
}
