// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.bdev.aio.AioBdevRpc;
import dev.spdkio.bdev.malloc.MallocBdevRpc;
import dev.spdkio.bdev.nullbdev.NullBdevRpc;
import dev.spdkio.bdev.uring.UringBdevRpc;
import dev.spdkio.rpc.ConfigSource;
import dev.spdkio.rpc.MethodCall;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.rpc.Subsystems;
import java.util.List;

/** The bdev subsystem of an application: its RPC methods, those of the device modules, and its saved configuration. */
final class BdevModules implements ConfigSource {
    private final BdevManager bdevs;

    private BdevModules(BdevManager bdevs) {
        this.bdevs = bdevs;
    }

    static void register(RpcRegistry rpc, Subsystems subsystems, BdevManager bdevs) {
        subsystems.add(new BdevModules(bdevs));
        BdevRpc.register(rpc, bdevs);
        MallocBdevRpc.register(rpc, bdevs);
        NullBdevRpc.register(rpc, bdevs);
        AioBdevRpc.register(rpc, bdevs);
        UringBdevRpc.register(rpc, bdevs);
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
        }
        out.add(new MethodCall("bdev_wait_for_examine"));
    }
}
