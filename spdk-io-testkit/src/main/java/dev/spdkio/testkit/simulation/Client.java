// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Who submits requests: a channel on a thread. */
final class Client {
    final Handle handle;
    final Disk disk;
    final SpdkThread thread;

    /** Requests that have not ended. */
    final List<Request> live = new ArrayList<>();

    final List<Request.OpenZeroCopy> zeroCopies = new ArrayList<>();

    @Nullable
    BdevChannel channel;

    private boolean closed;

    Client(Handle handle, SpdkThread thread) {
        this.handle = handle;
        this.disk = handle.disk;
        this.thread = thread;
    }

    /** On its thread. */
    boolean open() {
        if (!handle.isOpen()) {
            return false;
        }
        channel = Objects.requireNonNull(handle.desc).openChannel();
        return true;
    }

    boolean isOpen() {
        return channel != null && !closed && handle.isOpen();
    }

    BdevChannel channel() {
        return Objects.requireNonNull(channel);
    }

    boolean mayWrite() {
        return handle.mode == OpenMode.READ_WRITE;
    }

    /** Closes the channel, and the zero copies that would keep it open. */
    void close() {
        if (channel != null && !closed) {
            closed = true;
            channel.close();
        }
    }

    @Override
    public String toString() {
        return disk + "@" + thread.name() + (isOpen() ? "" : " (closed)");
    }
}
