// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.split;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.BdevOps.ConfigCall;
import dev.spdkio.bdev.PartBase;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The module of {@link SplitBdev}: splits devices that are there, and those that come. As in SPDK a device that goes is
 * not split again when it comes back.
 */
public final class SplitBdevModule implements BdevModule {
    private static final Logger LOG = System.getLogger(SplitBdevModule.class.getName());

    private static final class Split {
        final SplitBdevOptions options;

        /** Once the device is there. */
        @Nullable
        PartBase base;

        Split(SplitBdevOptions options) {
            this.options = options;
        }
    }

    private final Map<String, Split> splits = new LinkedHashMap<>();

    @Override
    public String name() {
        return SplitBdev.MODULE;
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        SplitBdevRpc.register(registry, bdevs, this);
    }

    /** Splits a device now or when it comes; returns the names of the parts that are there. */
    List<String> create(BdevManager bdevs, SplitBdevOptions options) throws SpdkException {
        String name = options.baseBdev();
        if (splits.containsKey(name)) {
            throw new SpdkException(Errno.EEXIST, "bdev " + name + " is split already, or is to be when it comes");
        }
        Split split = new Split(options);
        if (bdevs.lookup(name) != null) {
            begin(bdevs, split);
        }
        PartBase base = split.base;
        splits.put(name, split);
        return base == null ? List.of() : base.parts().stream().map(Bdev::name).toList();
    }

    private void begin(BdevManager bdevs, Split split) throws SpdkException {
        PartBase base = SplitBdev.split(bdevs, split.options);
        split.base = base;
        var _ = base.gone().thenRun(() -> splits.remove(split.options.baseBdev(), split));
    }

    CompletionStage<Void> delete(String baseBdev) throws SpdkException {
        Split split = splits.get(baseBdev);
        if (split == null) {
            throw new SpdkException(Errno.ENOENT, "bdev " + baseBdev + " is not split");
        }
        PartBase base = split.base;
        if (base != null) {
            return base.remove();
        }
        splits.remove(baseBdev);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void examineConfig(Bdev bdev) {
        Split split = splits.get(bdev.name());
        if (split != null && split.base == null) {
            try {
                begin(bdev.manager(), split);
            } catch (SpdkException e) {
                splits.remove(bdev.name());
                LOG.log(Level.ERROR, "bdev " + bdev.name() + " cannot be split", e);
            }
        }
    }

    @Override
    public List<ConfigCall> configCalls(BdevManager bdevs) {
        return splits.values().stream().map(split -> split.options.configCall()).toList();
    }
}
