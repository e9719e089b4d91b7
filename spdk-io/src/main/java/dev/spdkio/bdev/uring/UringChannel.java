// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.uring;

import dev.spdkio.bdev.file.FileDeviceChannel;
import dev.spdkio.runtime.SpdkThread;

/**
 * A {@link UringBdev} on one thread: its place in the ring that the thread's uring devices share.
 *
 * <p>Thread rule: owned by its thread.
 */
final class UringChannel extends FileDeviceChannel {
    final UringBdev device;
    final UringGroup group;

    /** A slot of the ring's registered files, or the bare descriptor. Another one when the thread gets another ring. */
    int file;

    boolean registered;

    /** Set once the kernel has said that this file cannot be zeroed by fallocate. */
    boolean zeroesByWriting;

    UringChannel(UringBdev device, SpdkThread thread) {
        super(thread);
        this.device = device;
        this.group = UringGroup.attach(this);
    }

    @Override
    protected void cancelAll() {
        group.cancel(this);
    }

    void close() {
        group.detach(this);
    }
}
