// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.crypto;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps.ConfigCall;
import dev.spdkio.bdev.LateBdevModule;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;
import java.util.ArrayList;
import java.util.List;

/** The module of {@link CryptoBdev}: makes them when their bases come, and has the ring of their keys. */
public final class CryptoBdevModule extends LateBdevModule<CryptoBdevOptions> {
    private final CryptoKeyRing ring = new CryptoKeyRing();

    /** For an application. */
    public CryptoBdevModule() {
        super(CryptoBdev.PRODUCT_NAME, new LateBdevs<>(CryptoBdev::create, CryptoBdevOptions::configCall));
    }

    @Override
    protected void register(RpcRegistry registry, BdevManager bdevs, LateBdevs<CryptoBdevOptions> late) {
        CryptoKeyRpc.register(registry, ring, bdevs.runtime().offload());
        new CryptoBdevRpc(bdevs, ring, late).register(registry);
    }

    @Override
    public List<ConfigCall> configCalls(BdevManager bdevs) {
        List<ConfigCall> calls = new ArrayList<>(CryptoKeyRpc.configCalls(ring));
        calls.addAll(super.configCalls(bdevs));
        return calls;
    }
}
