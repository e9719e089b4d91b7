// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.BdevOps.ConfigCall;
import dev.spdkio.rpc.RpcRegistry;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The module of {@link RaidBdev}: arrays that are made by RPC, and those that are found on devices that come. */
public final class RaidBdevModule implements BdevModule {
    private @Nullable RaidArrays arrays;

    @Override
    public String name() {
        return RaidBdev.CLAIMANT;
    }

    /** The arrays of the application. On the app thread. */
    public RaidArrays arrays(BdevManager bdevs) {
        RaidArrays all = arrays;
        if (all == null) {
            all = new RaidArrays(bdevs);
            arrays = all;
        }
        return all;
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        RaidBdevRpc.register(registry, arrays(bdevs));
    }

    @Override
    public CompletionStage<?> examineDisk(Bdev bdev) {
        return arrays(bdev.manager()).examine(bdev);
    }

    @Override
    public List<ConfigCall> configCalls(BdevManager bdevs) {
        return List.of(
                new ConfigCall("bdev_raid_set_options", arrays(bdevs).options().toJson()));
    }
}
