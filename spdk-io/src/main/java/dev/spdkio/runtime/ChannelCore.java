// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

/** The one context of a device on a thread, which all {@link IoChannel} handles there share. Owned by that thread. */
final class ChannelCore<C> {
    final IoDevice<C> device;
    final SpdkThread thread;
    final C context;
    private int references;
    private boolean destroyPending;

    ChannelCore(IoDevice<C> device, SpdkThread thread, C context) {
        this.device = device;
        this.thread = thread;
        this.context = context;
    }

    IoChannel<C> handle() {
        references++;
        return new IoChannel<>(this);
    }

    int references() {
        return references;
    }

    /** One handle less. The context goes in a later pass, unless somebody took a handle again before. */
    void release() {
        references--;
        if (references == 0 && !destroyPending) {
            destroyPending = true;
            thread.defer(this::destroyIfUnused);
        }
    }

    private void destroyIfUnused() {
        destroyPending = false;
        if (references > 0) {
            return;
        }
        thread.channels.remove(device, this);
        try {
            device.destroyContext(context);
        } finally {
            device.channelGone(this);
        }
    }
}
