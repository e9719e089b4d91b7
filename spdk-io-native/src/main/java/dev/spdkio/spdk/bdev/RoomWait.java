// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.NativeStruct;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import java.util.ArrayDeque;

/**
 * The channels of a thread whose I/O found none of SPDK's I/O objects. SPDK tells them, first come first served, when
 * one is freed on this thread; {@code spdk_bdev_queue_io_wait}.
 *
 * <p>An entry is SPDK's until it has called back, which may be after its channel has gone: there is no way to take it
 * back.
 *
 * <p>Thread rule: owned by its thread.
 */
final class RoomWait {
    private static final long ROOM =
            Upcall.stub(MethodHandles.lookup(), RoomWait.class, "room", FunctionDescriptor.ofVoid(JAVA_LONG), null);

    private record Waiting(RoomWait owner, NativeChannel channel, Arena entry, Runnable roomMade) {}

    private long wakeUps;
    private final ArrayDeque<Waiting> told = new ArrayDeque<>();

    /** Has {@code roomMade} called in a later round. The calling OS thread runs as SPDK's thread of the channel. */
    void await(NativeBdev device, NativeChannel channel, Runnable roomMade) {
        if (channel.waitsForRoom) {
            return;
        }
        channel.waitsForRoom = true;
        Waiting waiting = new Waiting(this, channel, Arena.ofShared(), roomMade);
        long token = Tokens.put(waiting);
        long bdev = BdevApi.bdev(device.holdDesc());
        NativeStruct entry = NativeStruct.allocate("spdk_bdev_io_wait_entry", waiting.entry)
                .set("bdev", bdev)
                .set("cb_fn", ROOM)
                .set("cb_arg", token);
        if (BdevApi.queueIoWait(bdev, channel.channel, entry.address()) != 0) {
            room(token); // there is room already
        }
    }

    private static void room(long token) {
        Waiting waiting = Tokens.take(token, Waiting.class);
        if (waiting != null) {
            waiting.owner.told.add(waiting);
        }
    }

    /** How often a channel was told. */
    long wakeUps() {
        return wakeUps;
    }

    /** Tells those whom SPDK has told. Returns whether there were some. */
    boolean round() {
        if (told.isEmpty()) {
            return false;
        }
        for (int left = told.size(); left > 0; left--) {
            Waiting waiting = told.removeFirst();
            wakeUps++;
            waiting.entry.close();
            waiting.channel.waitsForRoom = false;
            if (!waiting.channel.isClosed()) {
                waiting.roomMade.run();
            }
        }
        return true;
    }
}
