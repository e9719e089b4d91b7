// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.runtime;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.ThreadSlot;
import dev.spdkio.spdk.bdev.IoQueue;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.ThreadApi;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

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

    /** Polls of a thread's end at a time; SPDK frees channels in a few. */
    private static final int EXIT_POLLS = 1_000;

    /** Which of them opened a descriptor. */
    private static final Map<Long, NativeThread> OPENED = new ConcurrentHashMap<>();

    private static volatile @Nullable SpdkThread heir;

    private static final int PASSES_BETWEEN_EXIT_CHECKS = 64;

    private final SpdkThread thread;
    private final long pointer;
    private final boolean adopted;
    private final IoQueue queue;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private final Queue<Long> closeLater = new ConcurrentLinkedQueue<>();
    private final List<NativeThread> orphans = new ArrayList<>();
    private int descriptors;
    private boolean exiting;
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
        if (!orphans.isEmpty()) {
            orphans.removeIf(NativeThread::end);
        }
        if (adopted && ++passes % PASSES_BETWEEN_EXIT_CHECKS == 0 && ThreadApi.isExited(pointer)) {
            // SPDK has ended a thread of its own.
            var _ = thread.exit();
        }
        return busy ? Poller.Result.BUSY : Poller.Result.IDLE;
    }

    // ---- what SPDK ties to a thread --------------------------------------------------------------------------------

    /** Notes a descriptor, which SPDK lets go only on the thread that opened it. */
    public void opened(long desc) {
        descriptors++;
        OPENED.put(desc, this);
    }

    /** Closes a descriptor of this thread, or of one whose SpdkThread has exited; which does so soon. */
    public void close(long desc) {
        NativeThread opener = Objects.requireNonNull(OPENED.remove(desc));
        if (opener == this) {
            closeNow(desc);
        } else {
            opener.closeLater.add(desc);
        }
    }

    private void closeNow(long desc) {
        descriptors--;
        BdevApi.close(desc);
    }

    /** Does something as this thread; in the end of its SpdkThread not before SPDK has given our requests back. */
    public void whenIdle(Runnable body) {
        if (thread.state() == SpdkThread.State.RUNNING || queue.isIdle()) {
            body.run();
        } else {
            waiting.add(body);
        }
    }

    // ---- the end ---------------------------------------------------------------------------------------------------

    /** The thread that inherits what the others leave behind. */
    public static void setHeir(SpdkThread appThread) {
        heir = appThread;
    }

    /**
     * Ends it with its SpdkThread. If SPDK still has requests of it, or descriptors that others use, the app thread
     * polls it until that is over: a request that comes back to a thread that is not there would end the process.
     */
    @Override
    public void close() {
        SpdkThread to = heir;
        if (!end()) {
            LOG.log(
                    Level.WARNING,
                    "{0} exits while SPDK has requests or descriptors of it; the app thread waits for them",
                    thread);
            if (to == null
                    || to == thread
                    || !to.trySendInternal(() -> enter(to).orphans.add(this))) {
                LOG.log(Level.ERROR, "SPDK''s thread of {0} does not end; its memory is left", thread);
            }
        }
        ThreadApi.set(0);
    }

    /** Lets go what can be let go. Returns whether nothing is left. */
    private boolean end() {
        if (NativeEnv.isAbandoned()) {
            return false;
        }
        ThreadApi.set(pointer);
        queue.round();
        ThreadApi.set(pointer);
        if (!queue.isIdle()) {
            return false;
        }
        for (Runnable r = waiting.poll(); r != null; r = waiting.poll()) {
            r.run();
        }
        for (Long desc = closeLater.poll(); desc != null; desc = closeLater.poll()) {
            closeNow(desc);
        }
        if (descriptors > 0) {
            return false;
        }
        if (!exiting) {
            exiting = true;
            ThreadApi.exit(pointer);
        }
        for (int polls = 0; !ThreadApi.isExited(pointer); polls++) {
            if (polls == EXIT_POLLS) {
                return false;
            }
            queue.round();
        }
        ThreadApi.destroy(pointer);
        queue.close();
        return true;
    }

    @Override
    public String toString() {
        return "spdk_thread of " + thread;
    }
}
