// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

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
import java.util.function.Function;

/**
 * The devices that a module was told to make on others, by the names of those: each is made when its base comes, again
 * if that has gone meanwhile, until it is deleted. For modules whose devices have one base.
 *
 * <p>Thread rule: the app thread.
 *
 * @param <O> the options of the devices
 */
public final class LateBdevs<O> {
    private static final Logger LOG = System.getLogger(LateBdevs.class.getName());

    /** Makes and registers a device. */
    @FunctionalInterface
    public interface Maker<O> {
        /** @throws SpdkException ENODEV if the base is not there */
        void make(BdevManager bdevs, O options) throws SpdkException;
    }

    private record Wanted<O>(String baseName, O options) {}

    private final Maker<O> maker;
    private final Function<O, BdevOps.ConfigCall> toCall;
    private final Map<String, Wanted<O>> wanted = new LinkedHashMap<>();

    /**
     * @param maker makes a device
     * @param toCall the RPC call that has it made
     */
    public LateBdevs(Maker<O> maker, Function<O, BdevOps.ConfigCall> toCall) {
        this.maker = maker;
        this.toCall = toCall;
    }

    /**
     * Makes a device, now or when its base comes.
     *
     * @return the name
     * @throws SpdkException EEXIST if the name is taken, and what else keeps the device from being made on its base
     */
    public String create(BdevManager bdevs, String name, String baseName, O options) throws SpdkException {
        if (wanted.containsKey(name) || bdevs.lookup(name) != null) {
            throw new SpdkException(
                    Errno.EEXIST,
                    "bdev " + name + " on bdev " + baseName
                            + ": the name is taken, if only by a device that waits for its" + " base; choose another");
        }
        wanted.put(name, new Wanted<>(baseName, options));
        try {
            maker.make(bdevs, options);
        } catch (SpdkException e) {
            Bdev base = bdevs.lookup(baseName);
            if (e.errno() == Errno.ENODEV && (base == null || !base.isRegistered())) {
                LOG.log(Level.INFO, "bdev {0} waits for bdev {1}, on which it is to stand", name, baseName);
            } else {
                wanted.remove(name);
                throw e;
            }
        } catch (RuntimeException e) {
            wanted.remove(name);
            throw e;
        }
        return name;
    }

    /** For {@link BdevModule#examineConfig}: makes what is to stand on that device. */
    public void examineConfig(Bdev bdev) {
        for (Map.Entry<String, Wanted<O>> e : List.copyOf(wanted.entrySet())) {
            String base = e.getValue().baseName();
            if ((base.equals(bdev.name()) || bdev.aliases().contains(base))
                    && bdev.manager().lookup(e.getKey()) == null) {
                try {
                    maker.make(bdev.manager(), e.getValue().options());
                } catch (SpdkException | RuntimeException failure) {
                    LOG.log(Level.ERROR, "bdev " + e.getKey() + " cannot be made on bdev " + base, failure);
                }
            }
        }
    }

    /** For {@link BdevModule#configCalls}: the calls of the devices that wait for their bases. */
    public List<BdevOps.ConfigCall> configCalls(BdevManager bdevs) {
        return wanted.entrySet().stream()
                .filter(e -> bdevs.lookup(e.getKey()) == null)
                .map(e -> toCall.apply(e.getValue().options()))
                .toList();
    }

    /** Registers the delete method of a module, which also makes it forget a device that waits for its base. */
    public void registerDelete(RpcRegistry registry, String method, String productName, BdevManager bdevs) {
        BdevRpc.registerDelete(registry, method, name -> delete(bdevs, name, productName));
    }

    /**
     * Removes a device, and forgets that it was to be made; completes when it is gone.
     *
     * @throws SpdkException ENODEV if there is no such device of that kind
     */
    public CompletionStage<Void> delete(BdevManager bdevs, String name, String productName) throws SpdkException {
        if (wanted.containsKey(name) && bdevs.lookup(name) == null) {
            wanted.remove(name);
            return CompletableFuture.completedFuture(null);
        }
        CompletionStage<Void> gone = BdevRpc.delete(bdevs, name, productName);
        wanted.remove(name);
        return gone;
    }
}
