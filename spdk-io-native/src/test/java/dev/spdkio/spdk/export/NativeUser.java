// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.export;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.Downcall;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeThread;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A user of a device as C is one, on one thread; one at a time. */
final class NativeUser implements AutoCloseable {
    private static final MethodHandle WRITE = transfer("spdk_bdev_write_blocks");
    private static final MethodHandle READ = transfer("spdk_bdev_read_blocks");
    private static final MethodHandle ABORT =
            Downcall.of("spdk_bdev_abort", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FREE_IO = Downcall.of("spdk_bdev_free_io", JAVA_INT, JAVA_LONG);
    private static final long DONE = Upcall.stub(
            MethodHandles.lookup(),
            NativeUser.class,
            "done",
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_BOOLEAN, JAVA_LONG),
            null);
    private static final long EVENT = Upcall.stub(
            MethodHandles.lookup(),
            NativeUser.class,
            "event",
            FunctionDescriptor.ofVoid(JAVA_INT, JAVA_LONG, JAVA_LONG),
            null);
    private static volatile NativeUser user;

    final ConcurrentLinkedQueue<String> ends = new ConcurrentLinkedQueue<>();
    private final long desc;
    private final long channel;

    NativeUser(String name) {
        NativeThread.enter();
        user = this;
        desc = BdevApi.open(name, true, EVENT, 0);
        channel = BdevApi.ioChannel(desc);
    }

    private static MethodHandle transfer(String symbol) {
        return Downcall.of(
                symbol, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    }

    void write(long address, long number) {
        call(WRITE, address, number);
    }

    /** A read for which SPDK finds the memory. */
    void read(long number) {
        call(READ, 0, number);
    }

    private void call(MethodHandle function, long address, long number) {
        NativeThread.enter();
        try {
            if ((int) function.invokeExact(desc, channel, address, 0L, 1L, DONE, number) != 0) {
                ends.add(number + " refused");
            }
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    void abort(long target, long number) {
        NativeThread.enter();
        try {
            if ((int) ABORT.invokeExact(desc, channel, target, DONE, number) != 0) {
                ends.add(number + " refused");
            }
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    void release() {
        NativeThread.enter();
        BdevApi.putIoChannel(channel);
        BdevApi.close(desc);
    }

    @Override
    public void close() {
        user = null;
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void done(long io, boolean ok, long number) {
        user.ends.add(number + (ok ? " ok" : " failed"));
        try {
            int _ = (int) FREE_IO.invokeExact(io);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void event(int type, long bdev, long argument) {}
}
