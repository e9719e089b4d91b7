// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.lvol;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.rpc.RpcRegistry;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The module of {@link LvolStores}: stores that are made by RPC, and those that are found on devices that come. It
 * saves no configuration: what there is to say is on the devices.
 */
public final class LvolBdevModule implements BdevModule {
    private @Nullable LvolStores stores;

    @Override
    public String name() {
        return LvolStores.CLAIMANT;
    }

    /** The stores of the application. On the app thread. */
    public LvolStores stores(BdevManager bdevs) {
        LvolStores all = stores;
        if (all == null) {
            all = new LvolStores(bdevs);
            stores = all;
        }
        return all;
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        LvolBdevRpc.register(registry, stores(bdevs));
    }

    @Override
    public void examineConfig(Bdev bdev) {
        stores(bdev.manager()).found(bdev);
    }

    @Override
    public CompletionStage<?> examineDisk(Bdev bdev) {
        return stores(bdev.manager()).examine(bdev);
    }

    @Override
    public CompletionStage<?> beginFini() {
        LvolStores all = stores;
        return all == null ? BdevModule.super.beginFini() : all.beginFini();
    }
}
