// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * An open that waits until there is a device of that name, or until its time is over.
 *
 * <p>Thread rule: owned by the thread that opens, but for {@link #deviceCame}.
 */
final class AwaitedOpen {
    private final BdevManager manager;
    private final SpdkThread owner;
    private final String name;
    private final OpenMode mode;
    private final BdevEventListener listener;
    private final Duration timeout;
    private final CompletableFuture<BdevDesc> result;
    private final Poller deadline;

    /** On {@code owner}. */
    AwaitedOpen(
            BdevManager manager,
            SpdkThread owner,
            String name,
            OpenMode mode,
            BdevEventListener listener,
            Duration timeout,
            CompletableFuture<BdevDesc> result) {
        this.manager = manager;
        this.owner = owner;
        this.name = name;
        this.mode = mode;
        this.listener = listener;
        this.timeout = timeout;
        this.result = result;
        this.deadline = owner.poller("open of bdev " + name)
                .period(timeout)
                .body(this::timedOut)
                .register();
    }

    /** A device was registered or has another name now. Any thread. */
    void deviceCame() {
        owner.trySendInternal(this::tryOpen);
    }

    void tryOpen() {
        if (result.isDone()) {
            over();
            return;
        }
        try {
            BdevDesc desc = manager.open(name, mode, listener);
            over();
            if (!result.complete(desc)) {
                desc.close(); // cancelled meanwhile
            }
        } catch (SpdkException e) {
            if (e.errno() != Errno.ENODEV) {
                fail(e);
            }
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    private void fail(Exception e) {
        over();
        result.completeExceptionally(e);
    }

    private void over() {
        deadline.close();
        manager.noLongerAwaited(this);
    }

    private Poller.Result timedOut() {
        fail(new SpdkException(
                Errno.ETIMEDOUT, "there is no bdev " + name + " that could be opened within " + timeout));
        return Poller.Result.BUSY;
    }
}
