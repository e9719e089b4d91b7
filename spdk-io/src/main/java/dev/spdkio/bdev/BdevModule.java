// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.rpc.RpcRegistry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What makes devices of one kind: it has a life with the application, methods for RPC, and looks at devices that come,
 * to see whether something of its kind is to stand on them. Stands for {@code struct spdk_bdev_module}.
 *
 * <p>An application has those that {@link java.util.ServiceLoader} finds, of each an object of its own, and those given
 * to {@code SpdkApp.Builder.module}. Everything has a default: a module that only has methods is two lines long.
 *
 * <p>Thread rule: all is called on the app thread and must not block; stages complete on any thread.
 */
public interface BdevModule {
    /** Its name, as in claims: unique in the application. */
    String name();

    /** Adds its RPC methods; before {@link #init}. */
    default void register(RpcRegistry registry, BdevManager bdevs) {}

    /** Begins: once, before there are devices. A failure keeps the application from starting; {@code module_init}. */
    default CompletionStage<?> init(BdevManager bdevs) {
        return CompletableFuture.completedFuture(null);
    }

    /**
     * A device has come: is it, by its name, one that a device was configured to stand on? Makes that device before it
     * returns; {@code examine_config}. An exception is logged.
     */
    default void examineConfig(Bdev bdev) {}

    /**
     * A device has come, and nobody has claimed it, or only this module has: is it, by what is stored on it, one for
     * this module? It is to be read through a descriptor that is open {@link OpenMode#READ_ONLY}, and claimed if the
     * answer is yes; {@code examine_disk}.
     *
     * @return completes when that is known and done, within {@link BdevModules#EXAMINE_LIMIT}; a failure is logged
     */
    default CompletionStage<?> examineDisk(Bdev bdev) {
        return CompletableFuture.completedFuture(null);
    }

    /**
     * The calls of a saved configuration that are not those of its devices ({@link BdevOps#configCall}), which follow;
     * {@code config_json}.
     */
    default List<BdevOps.ConfigCall> configCalls(BdevManager bdevs) {
        return List.of();
    }

    /**
     * The application begins to end, with all devices there: what no device needs may be let go now, so that what is
     * below can go; {@code fini_start}.
     *
     * @return completes when that is done, within {@link BdevModules#FINI_LIMIT}
     */
    default CompletionStage<?> beginFini() {
        return CompletableFuture.completedFuture(null);
    }

    /**
     * Ends: once, when all devices are gone, in the opposite order of {@link #init}; {@code module_fini}.
     *
     * @return completes when it has ended, within {@link BdevModules#FINI_LIMIT}
     */
    default CompletionStage<?> fini() {
        return CompletableFuture.completedFuture(null);
    }
}
