// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.rpc.ConfigSource;
import dev.spdkio.rpc.MethodCall;
import dev.spdkio.rpc.RpcHandler;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.rpc.Subsystems;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** The bdev subsystem of an application: its RPC methods, those of the device modules, and its saved configuration. */
final class BdevSubsystem implements ConfigSource {
    private final BdevManager bdevs;

    private BdevSubsystem(BdevManager bdevs) {
        this.bdevs = bdevs;
    }

    static void register(RpcRegistry rpc, Subsystems subsystems, BdevManager bdevs) {
        subsystems.add(new BdevSubsystem(bdevs));
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
        bdevs.modules().all().forEach(module -> module.register(rpc, bdevs));
    }

    /** Adds the modules that are found, and those that are given; one that is given stands for one of its class. */
    static void addModules(BdevManager bdevs, List<BdevModule> given) {
        Set<Class<?>> classes = given.stream().map(Object::getClass).collect(Collectors.toSet());
        for (BdevModule found : ServiceLoader.load(BdevModule.class)) {
            if (!classes.contains(found.getClass())) {
                bdevs.modules().add(found);
            }
        }
        given.forEach(bdevs.modules()::add);
    }

    @Override
    public String subsystem() {
        return "bdev";
    }

    @Override
    public void write(List<MethodCall> out) {
        out.addAll(BdevRpc.config(bdevs));
    }
}
