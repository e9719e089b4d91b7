// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.uring;

import dev.spdkio.bdev.file.FileDeviceChannel;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.SysException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * A {@link UringBdev} on one thread: its place in the ring that the thread's uring devices share.
 *
 * <p>Thread rule: owned by its thread.
 */
final class UringChannel extends FileDeviceChannel {
    private static final Logger LOG = System.getLogger(UringChannel.class.getName());

    final UringBdev device;
    final UringGroup group;

    /** A slot of the ring's registered files, or the bare descriptor. */
    final int file;

    final boolean registered;

    /** Set once the kernel has said that this file cannot be zeroed by fallocate. */
    boolean zeroesByWriting;

    UringChannel(UringBdev device, SpdkThread thread) {
        super(thread);
        this.device = device;
        this.group = UringGroup.acquire(thread);
        int slot = -1;
        try {
            slot = group.registerFile(device.fd());
        } catch (SysException e) {
            LOG.log(Level.INFO, "bdev {0} goes without a registered file: {1}", device.name(), e.getMessage());
        }
        this.registered = slot >= 0;
        this.file = registered ? slot : device.fd();
    }

    @Override
    protected void cancelAll() {
        group.cancel(this);
    }

    void close() {
        try {
            if (registered) {
                group.unregisterFile(file);
            }
        } finally {
            group.release();
        }
    }
}
