// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.runtime;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.ThreadSlot;
import dev.spdkio.spdk.bdev.IoQueue;
import dev.spdkio.spdk.ffi.ThreadApi;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The {@code spdk_thread} of an {@link SpdkThread}: made at its first use of SPDK, polled in each of its passes, and
 * ended with it.
 *
 * <p>SPDK asks the OS thread as which thread it runs. It is told before each call, by {@link #enter}, and not between
 * the SpdkThreads of a pass: most of them have nothing to say to SPDK.
 *
 * <p>Thread rule: owned by its SpdkThread.
 */
public final class NativeThread implements AutoCloseable {
    private static final Logger LOG = System.getLogger(NativeThread.class.getName());
    private static final ThreadSlot<NativeThread> SLOT = new ThreadSlot<>(NativeThread::create);

    /** Threads that SPDK made itself, until their SpdkThread takes them over. */
    private static final Map<SpdkThread, Long> ADOPTED = new ConcurrentHashMap<>();

    /** Polls of a thread's end, so that one that never ends is left alone in the end. */
    private static final int EXIT_POLLS = 100_000;

    private static final int PASSES_BETWEEN_EXIT_CHECKS = 64;

    private final SpdkThread thread;
    private final long pointer;
    private final boolean adopted;
    private final IoQueue queue;
    private int passes;

    private NativeThread(SpdkThread thread, long pointer, boolean adopted) {
        this.thread = thread;
        this.pointer = pointer;
        this.adopted = adopted;
        this.queue = IoQueue.open(pointer);
        thread.poller("spdk").background().body(this::poll).register();
    }

    private static NativeThread create(SpdkThread thread) {
        Long given = ADOPTED.remove(thread);
        if (given != null) {
            return new NativeThread(thread, given, true);
        }
        long pointer = ThreadPlacement.createOurs(thread.name());
        if (pointer == 0) {
            throw new LimitExceededException(
                    "memorySize",
                    0,
                    "SPDK has no memory for the messages of SpdkThread " + thread.name()
                            + ": raise memorySize or use fewer threads");
        }
        return new NativeThread(thread, pointer, false);
    }

    /** Gives a thread that SPDK made to an SpdkThread. Any thread. */
    static void adopt(SpdkThread thread, long pointer) {
        ADOPTED.put(thread, pointer);
        thread.sendInternal(() -> SLOT.get(thread));
    }

    /**
     * The one of the calling SpdkThread, as which the OS thread runs from now on.
     *
     * @throws WrongThreadException if the caller does not run as an SpdkThread
     */
    public static NativeThread enter() {
        return enter(SpdkThread.require());
    }

    /** The same for a caller that runs as {@code current}. */
    public static NativeThread enter(SpdkThread current) {
        NativeThread t = SLOT.get(current);
        ThreadApi.set(t.pointer);
        return t;
    }

    /** The way of its I/O. */
    public IoQueue queue() {
        return queue;
    }

    /** The address of its {@code struct spdk_thread}. */
    public long pointer() {
        return pointer;
    }

    private Poller.Result poll() {
        boolean busy = queue.round();
        busy |= queue.endCommands();
        if (adopted && ++passes % PASSES_BETWEEN_EXIT_CHECKS == 0 && ThreadApi.isExited(pointer)) {
            // SPDK has ended a thread of its own.
            var _ = thread.exit();
        }
        return busy ? Poller.Result.BUSY : Poller.Result.IDLE;
    }

    /** Ends it with its SpdkThread, which has nothing left: SPDK frees channels in a few polls. */
    @Override
    public void close() {
        ThreadApi.set(pointer);
        ThreadApi.exit(pointer);
        int polls = 0;
        while (!ThreadApi.isExited(pointer) && polls++ < EXIT_POLLS) {
            queue.round();
        }
        if (ThreadApi.isExited(pointer)) {
            ThreadApi.destroy(pointer);
            queue.close();
        } else {
            LOG.log(
                    Level.ERROR,
                    "SPDK''s thread of {0} does not end: something of SPDK still uses it; its memory is left",
                    thread);
        }
        ThreadApi.set(0);
    }

    @Override
    public String toString() {
        return "spdk_thread of " + thread;
    }
}
