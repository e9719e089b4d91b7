// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * SPDK's devices as devices of the hub: each appears there when SPDK has registered it, and goes when SPDK removes it.
 *
 * <p>Thread rule: the app thread.
 */
public final class NativeBdevs {
    private static final Logger LOG = System.getLogger(NativeBdevs.class.getName());

    private static final int EVENT_REMOVE = 0;
    private static final int EVENT_RESIZE = 1;

    static final long EVENT = Upcall.stub(
            MethodHandles.lookup(),
            NativeBdevs.class,
            "event",
            FunctionDescriptor.ofVoid(JAVA_INT, JAVA_LONG, JAVA_LONG),
            null);

    private final BdevManager hub;
    private final RpcRegistry rpc;
    private final long module;
    private final Map<String, NativeBdev> byName = new HashMap<>();

    /**
     * Shows them in {@code hub}; removes them by SPDK's methods in {@code rpc}.
     *
     * @param module the {@code struct spdk_bdev_module} in whose name devices of the hub claim them
     */
    public NativeBdevs(BdevManager hub, RpcRegistry rpc, long module) {
        this.hub = hub;
        this.rpc = rpc;
        this.module = module;
    }

    long module() {
        return module;
    }

    /** Takes over what SPDK has and the hub does not. */
    public void discover() {
        NativeThread.enter();
        for (long b = BdevApi.first(); b != 0; b = BdevApi.next(b)) {
            String name = BdevApi.name(b);
            if (!byName.containsKey(name) && hub.lookup(name) == null) {
                add(name);
            }
        }
    }

    private void add(String name) {
        long token = Tokens.put(this);
        long desc = BdevApi.open(name, false, EVENT, token);
        if (BdevApi.errno(desc) != 0) {
            var _ = Tokens.take(token, NativeBdevs.class);
            LOG.log(Level.DEBUG, "bdev {0} has gone before it could be shown (error {1})", name, BdevApi.errno(desc));
            return;
        }
        NativeBdev device = new NativeBdev(this, name, desc);
        try {
            Bdev bdev = hub.register(device.spec(), device);
            device.registered(bdev);
            byName.put(name, device);
        } catch (SpdkException | RuntimeException e) {
            BdevApi.close(desc);
            LOG.log(Level.WARNING, "SPDK''s bdev " + name + " cannot be shown in the hub", e);
        }
    }

    /**
     * Removes a device that the hub has let go. Only its module knows how: a raid, say, has to let its disks go. At the
     * end of the application SPDK does that itself, in the right order.
     */
    CompletionStage<Void> delete(String name, String module) {
        if (hub.isClosing()) {
            return CompletableFuture.completedFuture(null);
        }
        String method = "bdev_" + module + "_delete";
        if (rpc.statesOf(method).isEmpty() || module.equals("split")) {
            return CompletableFuture.failedFuture(new UnsupportedOperationException("bdev " + name
                    + " belongs to SPDK's module " + module
                    + ", which removes no single device: use the RPC method that"
                    + " undoes what made it"));
        }
        return rpc.call(method, JsonNodeFactory.instance.objectNode().put("name", name))
                .thenAccept(_ -> {});
    }

    /** Requests have numbers on the way to SPDK, and above those of the hub are others. */
    void checkSlots() {
        int slots = hub.options().bdevIoPoolSize();
        if (slots > IoQueue.MAX_SLOTS) {
            throw new LimitExceededException(
                    "bdevIoPoolSize",
                    IoQueue.MAX_SLOTS,
                    "the hub is to have " + slots + " I/Os of a thread at SPDK's devices: take fewer");
        }
    }

    void forget(NativeBdev device) {
        byName.remove(device.name(), device);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void event(int type, long pointer, long token) {
        NativeBdevs all = Tokens.peek(token, NativeBdevs.class);
        if (all != null) {
            all.event(type, BdevApi.name(pointer), pointer);
        }
    }

    private void event(int type, String name, long pointer) {
        NativeBdev device = byName.get(name);
        Bdev bdev = device == null ? null : device.bdev();
        if (device == null || bdev == null) {
            return;
        }
        switch (type) {
            case EVENT_REMOVE -> {
                device.goes();
                var _ = hub.unregister(bdev);
            }
            case EVENT_RESIZE -> {
                try {
                    bdev.notifyBlockCount(BdevApi.blockCount(pointer));
                } catch (SpdkException e) {
                    LOG.log(Level.WARNING, "the new size of bdev " + name + " cannot be shown", e);
                }
            }
            default -> LOG.log(Level.DEBUG, "bdev {0}: event {1}", name, type);
        }
    }
}
