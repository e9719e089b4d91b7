// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.Consumer;

/**
 * Somebody who is told of devices that come and go, until this is closed.
 *
 * <p>Thread rule: any thread; nothing more is told after it was closed on the app thread.
 */
public final class BdevWatch implements AutoCloseable {
    private static final Logger LOG = System.getLogger(BdevWatch.class.getName());

    private final BdevManager manager;
    private final Consumer<? super Bdev> added;
    private final Consumer<? super Bdev> removed;
    private volatile boolean closed;

    BdevWatch(BdevManager manager, Consumer<? super Bdev> added, Consumer<? super Bdev> removed) {
        this.manager = manager;
        this.added = added;
        this.removed = removed;
    }

    void tellAdded(Bdev bdev) {
        tell(added, bdev);
    }

    void tellRemoved(Bdev bdev) {
        tell(removed, bdev);
    }

    private void tell(Consumer<? super Bdev> listener, Bdev bdev) {
        manager.appThread().trySendInternal(() -> {
            if (closed) {
                return;
            }
            try {
                listener.accept(bdev);
            } catch (Throwable t) {
                LOG.log(Level.ERROR, "a listener for devices that come and go threw on " + bdev, t);
            }
        });
    }

    /** Ends it. Idempotent. */
    @Override
    public void close() {
        closed = true;
        manager.forget(this);
    }
}
