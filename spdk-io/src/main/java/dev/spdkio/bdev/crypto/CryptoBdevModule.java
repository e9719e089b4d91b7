// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.crypto;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.BdevOps.ConfigCall;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;
import java.util.ArrayList;
import java.util.List;

/** The module of {@link CryptoBdev}: makes them when their bases come, and has the ring of their keys. */
public final class CryptoBdevModule implements BdevModule {
    private final CryptoKeyRing ring = new CryptoKeyRing();
    private final LateBdevs<CryptoBdevOptions> late =
            new LateBdevs<>(CryptoBdev::create, CryptoBdevOptions::configCall);

    @Override
    public String name() {
        return CryptoBdev.PRODUCT_NAME;
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        CryptoKeyRpc.register(registry, ring, bdevs.runtime().offload());
        new CryptoBdevRpc(bdevs, ring, late).register(registry);
    }

    @Override
    public void examineConfig(Bdev bdev) {
        late.examineConfig(bdev);
    }

    @Override
    public List<ConfigCall> configCalls(BdevManager bdevs) {
        List<ConfigCall> calls = new ArrayList<>(CryptoKeyRpc.configCalls(ring));
        calls.addAll(late.configCalls(bdevs));
        return calls;
    }
}
