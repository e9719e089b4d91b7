// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import org.jspecify.annotations.Nullable;

/** A descriptor, and what it was told. */
final class Handle implements BdevEventListener {
    final Disk disk;
    final OpenMode mode;
    final SpdkThread thread;
    private final World world;

    @Nullable
    BdevDesc desc;

    private int removals;
    private int resizes;
    private long blocksAtOpening;
    private boolean closed;

    Handle(World world, Disk disk, OpenMode mode, SpdkThread thread) {
        this.world = world;
        this.disk = disk;
        this.mode = mode;
        this.thread = thread;
    }

    /** On its thread. False if the disk is going. */
    boolean open() {
        try {
            desc = world.bdevs.open(disk.name, mode, this);
        } catch (SpdkException e) {
            if (!disk.isRemoved()) {
                world.violation("opening failed: " + e);
            }
            return false;
        }
        if (desc.bdev() != disk.bdev) {
            // Another disk has its name by now.
            closed = true;
            desc.close();
            return false;
        }
        blocksAtOpening = disk.bdev.blockCount();
        return true;
    }

    boolean isOpen() {
        return desc != null && !closed;
    }

    void close() {
        if (isOpen()) {
            closed = true;
            world.trace("close descriptor of", disk, 0, thread.name());
            java.util.Objects.requireNonNull(desc).close();
        }
    }

    @Override
    public void event(BdevEvent event, BdevDesc told) {
        world.trace("told", event, 0, disk);
        if (closed || told != desc || !thread.isCurrent()) {
            world.violation("told " + event + " of " + disk + (closed ? " after it was closed" : ""));
        }
        switch (event) {
            case REMOVED -> {
                if (++removals > 1 || !disk.isRemoved()) {
                    world.violation(removals + " removals told of " + disk);
                }
                world.closeLater(this);
            }
            case RESIZED -> {
                // What stands on another hears of it later.
                if (++resizes > disk.grown) {
                    world.violation(resizes + " changes of size told of " + disk + ", which had fewer");
                }
            }
        }
    }

    /** At the end: whether it was told what it had to be told while it was open. */
    void check() {
        if (isOpen() && disk.isRemoved() && removals != 1) {
            world.violation("descriptor of " + disk + " was not told of its removal");
        }
        if (isOpen() && disk.bdev.blockCount() > blocksAtOpening && resizes == 0) {
            world.violation("descriptor of " + disk + " was not told of its new size");
        }
    }
}
