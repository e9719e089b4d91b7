// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.export;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.BdevModuleApi;
import dev.spdkio.spdk.ffi.Handles;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.ThreadApi;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A device of the hub as a device of SPDK: its {@code struct spdk_bdev}, and the descriptor by which it does I/O.
 *
 * <p>It ends in the order of SPDK: the users of the device are told and close it; SPDK asks for its destruction; the
 * last channel goes; the hub's descriptor is closed; SPDK hears that it is destroyed.
 *
 * <p>Thread rule: the app thread, except where a method says otherwise.
 */
public final class BdevExport {
    private static final Logger LOG = System.getLogger(BdevExport.class.getName());

    static final Handles<BdevExport> ALL = new Handles<>();

    private static final Map<Bdev, BdevExport> BY_BDEV = new ConcurrentHashMap<>();

    private final Bdev bdev;
    private final SpdkThread appThread;
    private final BdevDesc desc;
    private final Arena arena = Arena.ofShared();
    private final long handle;

    /** The {@code struct spdk_bdev}. */
    private final long pointer;

    /** What SPDK's channels are of: its address is the device, its content the handle. */
    private final long ioDevice;

    private final CompletableFuture<Void> gone;
    private boolean registered;

    private final Object lock = new Object();
    private final List<ExportChannel> channels = new ArrayList<>();

    private BdevExport(Bdev bdev) throws SpdkException {
        this.bdev = bdev;
        this.appThread = SpdkThread.require();
        this.gone = appThread.runtime().newFuture();
        this.desc = bdev.manager().open(bdev.name(), OpenMode.READ_WRITE, (event, _) -> event(event));
        this.handle = ALL.add(this);
        this.ioDevice = arena.allocate(Raw.POINTER, Raw.POINTER).address();
        Raw.putLong(ioDevice, handle);
        this.pointer = BdevStruct.make(bdev, handle, arena);
    }

    /**
     * Registers a device with SPDK; {@code spdk_bdev_register}.
     *
     * @throws SpdkException EEXIST if SPDK has a device of that name, ENODEV if it is being removed
     * @throws IllegalStateException if SPDK does not run under the application of the device
     */
    public static BdevExport register(Bdev bdev) throws SpdkException {
        SpdkThread appThread = SpdkThread.require();
        if (!ExportModule.runsUnder(appThread)) {
            throw new IllegalStateException(
                    bdev + " cannot be exported: SPDK does not run under its application; start it with Engine.SPDK");
        }
        NativeThread.enter(appThread);
        BdevExport export = new BdevExport(bdev);
        ThreadApi.registerDevice(
                export.ioDevice,
                ExportCalls.CHANNEL_CREATE,
                ExportCalls.CHANNEL_DESTROY,
                (int) Raw.POINTER,
                "export of " + bdev.name());
        export.registered = true; // a device that is examined may be removed before the call returns
        int rc = BdevModuleApi.register(export.pointer);
        if (rc != 0) {
            export.registered = false;
            export.destruct();
            throw new SpdkException(
                    -rc,
                    "bdev " + bdev.name() + " cannot be exported: SPDK refuses it (" + Errno.name(-rc) + ")"
                            + (rc == -Errno.EEXIST ? "; it has a device of that name or UUID already" : ""));
        }
        BY_BDEV.put(bdev, export);
        return export;
    }

    /** The export of a device, null if SPDK does not have it. Any thread. */
    static @Nullable BdevExport of(Bdev bdev) {
        return BY_BDEV.get(bdev);
    }

    /** The device of the hub. Any thread. */
    public Bdev bdev() {
        return bdev;
    }

    /** Completes when SPDK has let the device go, for whatever reason. Any thread. */
    public CompletableFuture<Void> gone() {
        return gone.copy();
    }

    /** Takes the device from SPDK, whose users are told and waited for. Any thread, any number of times. */
    public void unregister() {
        if (appThread.isCurrent()) {
            unregisterHere();
        } else {
            appThread.trySendInternal(this::unregisterHere);
        }
    }

    private void unregisterHere() {
        if (!gone.isDone()) {
            NativeThread.enter(appThread);
            BdevModuleApi.unregister(pointer);
        }
    }

    private void event(BdevEvent event) {
        switch (event) {
            case REMOVED -> unregisterHere();
            case RESIZED -> {
                NativeThread.enter(appThread);
                int rc = BdevModuleApi.notifyBlockCount(pointer, bdev.blockCount());
                if (rc != 0) {
                    LOG.log(Level.WARNING, "{0}: SPDK does not take its new size ({1})", this, Errno.name(-rc));
                }
            }
        }
    }

    // ---- channels -------------------------------------------------------------------------------------------------

    /** A channel for the calling thread, on which SPDK begins to use the device. */
    ExportChannel openChannel() {
        ExportChannel channel = new ExportChannel(this, desc.openChannel());
        synchronized (lock) {
            channels.add(channel);
        }
        return channel;
    }

    /** A channel has gone. On its thread. */
    void channelClosed(ExportChannel channel) {
        synchronized (lock) {
            channels.remove(channel);
        }
    }

    /** Runs {@code then} on the calling thread when what was given to the device before {@code reset} has ended. */
    void whenDrained(ExportChannel.Request reset, Runnable then) {
        SpdkThread origin = SpdkThread.require();
        List<ExportChannel> all;
        synchronized (lock) {
            all = List.copyOf(channels);
        }
        drain(all.iterator(), reset, () -> origin.sendInternal(then));
    }

    private static void drain(Iterator<ExportChannel> channels, ExportChannel.Request reset, Runnable then) {
        if (!channels.hasNext()) {
            then.run();
            return;
        }
        ExportChannel channel = channels.next();
        Runnable goOn = () -> drain(channels, reset, then);
        if (!channel.thread().trySendInternal(() -> channel.whenDrained(reset, goOn))) {
            goOn.run(); // its thread has exited, with nothing in flight
        }
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    /** Begins the end: nobody has the device open any more. */
    void destruct() {
        ThreadApi.unregisterDevice(ioDevice, ExportCalls.CHANNELS_GONE);
    }

    /** The last channel has gone. */
    void channelsGone() {
        desc.close();
        var _ = desc.closed().whenComplete((_, _) -> appThread.sendInternal(this::destroyed));
    }

    private void destroyed() {
        if (registered) {
            NativeThread.enter(appThread);
            BdevModuleApi.destructDone(pointer);
        }
        ALL.remove(handle);
        BY_BDEV.remove(bdev, this);
        arena.close();
        gone.complete(null);
    }

    /** The channel of the calling thread, for SPDK. */
    long nativeChannel() {
        return ThreadApi.ioChannel(ioDevice);
    }

    @Override
    public String toString() {
        return "export of " + bdev;
    }
}
