// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    /** The names of those, by what they are to stand on: a device that comes does not have all looked at. */
    private final Map<String, Set<String>> byBase = new HashMap<>();

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
        want(name, new Wanted<>(baseName, options));
        try {
            maker.make(bdevs, options);
        } catch (SpdkException e) {
            Bdev base = bdevs.lookup(baseName);
            if (e.errno() == Errno.ENODEV && (base == null || !base.isRegistered())) {
                LOG.log(Level.INFO, "bdev {0} waits for bdev {1}, on which it is to stand", name, baseName);
            } else {
                forget(name);
                throw e;
            }
        } catch (RuntimeException e) {
            forget(name);
            throw e;
        }
        return name;
    }

    /** For {@link BdevModule#examineConfig}: makes what is to stand on that device. */
    public void examineConfig(Bdev bdev) {
        makeOn(bdev, bdev.name());
        bdev.aliases().forEach(alias -> makeOn(bdev, alias));
    }

    private void makeOn(Bdev bdev, String base) {
        for (String name : List.copyOf(byBase.getOrDefault(base, Set.of()))) {
            Wanted<O> device = wanted.get(name);
            if (device != null && bdev.manager().lookup(name) == null) {
                try {
                    maker.make(bdev.manager(), device.options());
                } catch (SpdkException | RuntimeException failure) {
                    LOG.log(Level.ERROR, "bdev " + name + " cannot be made on bdev " + base, failure);
                }
            }
        }
    }

    private void want(String name, Wanted<O> device) {
        wanted.put(name, device);
        byBase.computeIfAbsent(device.baseName(), _ -> new LinkedHashSet<>()).add(name);
    }

    private void forget(String name) {
        Wanted<O> device = wanted.remove(name);
        if (device != null) {
            byBase.computeIfPresent(device.baseName(), (_, names) -> {
                names.remove(name);
                return names.isEmpty() ? null : names;
            });
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
            forget(name);
            return CompletableFuture.completedFuture(null);
        }
        CompletionStage<Void> gone = BdevRpc.delete(bdevs, name, productName);
        forget(name);
        return gone;
    }
}
