// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevControlRpc;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.bdev.aio.AioBdevRpc;
import dev.spdkio.bdev.delay.DelayBdevRpc;
import dev.spdkio.bdev.error.ErrorBdevRpc;
import dev.spdkio.bdev.malloc.MallocBdevRpc;
import dev.spdkio.bdev.nullbdev.NullBdevRpc;
import dev.spdkio.bdev.passthru.PassthruBdevRpc;
import dev.spdkio.bdev.uring.UringBdevRpc;
import dev.spdkio.rpc.ConfigSource;
import dev.spdkio.rpc.MethodCall;
import dev.spdkio.rpc.RpcHandler;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.rpc.Subsystems;
import java.util.List;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;

/** The bdev subsystem of an application: its RPC methods, those of the device modules, and its saved configuration. */
final class BdevModules implements ConfigSource {
    private final BdevManager bdevs;

    private BdevModules(BdevManager bdevs) {
        this.bdevs = bdevs;
    }

    static void register(RpcRegistry rpc, Subsystems subsystems, BdevManager bdevs) {
        subsystems.add(new BdevModules(bdevs));
        register(rpc, bdevs);
    }

    /** The methods by names of their own, beside an engine that has devices and methods by the same names. */
    static void registerBeside(RpcRegistry rpc, BdevManager bdevs) {
        RpcRegistry ours = new RpcRegistry();
        register(ours, bdevs);
        for (String method : ours.methods(false, true)) {
            RpcHandler handler = request -> {
                CompletionStage<JsonNode> reply = ours.call(method, request.params(), request.state());
                return reply;
            };
            rpc.register(EngineProvider.JAVA_PREFIX + method, ours.statesOf(method), handler);
        }
    }

    private static void register(RpcRegistry rpc, BdevManager bdevs) {
        BdevRpc.register(rpc, bdevs);
        MallocBdevRpc.register(rpc, bdevs);
        NullBdevRpc.register(rpc, bdevs);
        AioBdevRpc.register(rpc, bdevs);
        UringBdevRpc.register(rpc, bdevs);
        PassthruBdevRpc.register(rpc, bdevs);
        ErrorBdevRpc.register(rpc, bdevs);
        DelayBdevRpc.register(rpc, bdevs);
    }

    @Override
    public String subsystem() {
        return "bdev";
    }

    @Override
    public void write(List<MethodCall> out) {
        out.add(new MethodCall("bdev_set_options", bdevs.options().toJson()));
        for (Bdev bdev : bdevs.bdevs()) {
            BdevOps.ConfigCall call = bdev.configCall();
            if (call != null) {
                out.add(new MethodCall(call.method(), call.params()));
            }
            out.addAll(BdevControlRpc.config(bdev));
        }
        out.add(new MethodCall("bdev_wait_for_examine"));
    }
}
