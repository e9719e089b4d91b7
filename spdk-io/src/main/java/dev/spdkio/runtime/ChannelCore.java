// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

/** The one context of a device on a thread, which all {@link IoChannel} handles there share. Owned by that thread. */
final class ChannelCore<C> {
    final IoDevice<C> device;
    final SpdkThread thread;
    final C context;
    private int references;
    private boolean destroyPending;
    private boolean destroyed;

    ChannelCore(IoDevice<C> device, SpdkThread thread, C context) {
        this.device = device;
        this.thread = thread;
        this.context = context;
    }

    /** Handles that are open. */
    int references() {
        return references;
    }

    IoChannel<C> handle() {
        references++;
        return new IoChannel<>(this);
    }

    boolean isOpen() {
        return references > 0 && !destroyed;
    }

    /** One handle less. The context goes in a later pass, unless somebody took a handle again before. */
    void release() {
        references--;
        if (references == 0 && !destroyPending && !destroyed) {
            destroyPending = true;
            thread.deferInternal(this::destroyIfUnused);
        }
    }

    private void destroyIfUnused() {
        destroyPending = false;
        if (references == 0 && !destroyed) {
            destroyNow();
        }
    }

    /** Takes the context down, whoever still holds a handle: the thread will not run again. */
    void destroyNow() {
        destroyed = true;
        thread.channels.remove(device, this);
        try {
            device.destroyContext(context);
        } finally {
            device.channelGone(this);
        }
    }
}
