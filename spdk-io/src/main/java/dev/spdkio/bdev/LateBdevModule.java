// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.rpc.RpcRegistry;
import java.util.List;

/**
 * The module of devices that have one base and wait for it: what is left to say are the RPC methods.
 *
 * <p>Thread rule: that of {@link BdevModule}.
 *
 * @param <O> the options of the devices
 */
public abstract class LateBdevModule<O> implements BdevModule {
    private final String name;
    private final LateBdevs<O> late;

    /** @param name as in claims */
    protected LateBdevModule(String name, LateBdevs<O> late) {
        this.name = name;
        this.late = late;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final void register(RpcRegistry registry, BdevManager bdevs) {
        register(registry, bdevs, late);
    }

    /** Adds the RPC methods, which make and delete devices by {@code late}. */
    protected abstract void register(RpcRegistry registry, BdevManager bdevs, LateBdevs<O> late);

    @Override
    public final void examineConfig(Bdev bdev) {
        late.examineConfig(bdev);
    }

    /** The calls of the devices that wait; those of the others are their own. */
    @Override
    public List<BdevOps.ConfigCall> configCalls(BdevManager bdevs) {
        return late.configCalls(bdevs);
    }
}
