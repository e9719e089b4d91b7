// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.delay;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;
import java.util.Optional;
import java.util.UUID;

/** The methods {@code bdev_delay_create}, {@code bdev_delay_update_latency} and {@code bdev_delay_delete}. */
public final class DelayBdevRpc {
    private DelayBdevRpc() {}

    private record Create(
            String baseBdevName,
            String name,
            Optional<UUID> uuid,
            long avgReadLatency,
            long p99ReadLatency,
            long avgWriteLatency,
            long p99WriteLatency) {
        DelayBdevOptions options() {
            return new DelayBdevOptions(
                    name,
                    baseBdevName,
                    uuid.orElse(null),
                    new DelayLatencies(avgReadLatency, p99ReadLatency, avgWriteLatency, p99WriteLatency));
        }
    }

    private record UpdateLatency(String delayBdevName, LatencyType latencyType, long latencyUs) {}

    static void register(RpcRegistry registry, BdevManager bdevs, LateBdevs<DelayBdevOptions> late) {
        registry.register(
                "bdev_delay_create", Create.class, p -> late.create(bdevs, p.name(), p.baseBdevName(), p.options()));
        registry.register("bdev_delay_update_latency", UpdateLatency.class, p -> {
            Bdev bdev = BdevRpc.find(bdevs, p.delayBdevName());
            DelayBdev.setLatencies(bdev, DelayBdev.latencies(bdev).with(p.latencyType(), p.latencyUs()));
            return true;
        });
        late.registerDelete(registry, "bdev_delay_delete", DelayBdev.PRODUCT_NAME, bdevs);
    }
}
