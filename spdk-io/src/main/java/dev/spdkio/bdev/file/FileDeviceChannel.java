// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;

/**
 * A device on one thread, as far as a reset is concerned: it knows how much is in flight.
 *
 * <p>Thread rule: owned by its thread.
 */
public abstract class FileDeviceChannel {
    private final SpdkThread thread;
    private final List<Runnable> whenQuiet = new ArrayList<>();
    private int inFlight;

    /** For a thread that begins to use a device. */
    protected FileDeviceChannel(SpdkThread thread) {
        this.thread = thread;
    }

    /** The thread it belongs to. */
    public final SpdkThread thread() {
        return thread;
    }

    /** I/Os that were begun and have not ended. */
    public final int inFlight() {
        return inFlight;
    }

    /** An I/O begins. */
    public final void began() {
        inFlight++;
    }

    /** An I/O has ended. Before the hub is told, because then this channel may be gone. */
    public final void ended() {
        if (--inFlight == 0 && !whenQuiet.isEmpty()) {
            tellQuiet();
        }
    }

    private void tellQuiet() {
        List<Runnable> waiting = List.copyOf(whenQuiet);
        whenQuiet.clear();
        waiting.forEach(Runnable::run);
    }

    /** Runs {@code quiet} as soon as nothing is in flight, having tried to end early what is. */
    final void quiesce(Runnable quiet) {
        if (inFlight == 0) {
            quiet.run();
            return;
        }
        whenQuiet.add(quiet);
        cancelAll();
    }

    /** Tries to end early what is in flight; it ends in any case, and nothing waits for this. */
    protected void cancelAll() {}
}
