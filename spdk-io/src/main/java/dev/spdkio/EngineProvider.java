// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.SlabSource;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * An engine in a module of its own, found by {@link java.util.ServiceLoader}.
 */
public interface EngineProvider {
    /**
     * With another engine than {@link Engine#JAVA}, methods about the devices that Java implements have this before
     * their names: {@code java_bdev_malloc_create}. Without it they are those of the engine.
     */
    String JAVA_PREFIX = "java_";

    /** Which it is. */
    Engine engine();

    /** Why it cannot be used here, or empty if it can. */
    Optional<Throwable> unavailabilityCause();

    /**
     * Begins to bring it up under reactors that run already. Not on a reactor.
     *
     * @param memoryBytes what the application may use as DMA memory
     * @throws SpdkException saying what is missing, and the remedy
     */
    Session start(SpdkRuntime runtime, EnvOptions env, long memoryBytes) throws SpdkException;

    /** The engine at work for one application. */
    interface Session {
        /** The thread of control work, made by the engine. */
        SpdkThread appThread();

        /** Where DMA memory comes from. */
        SlabSource slabs();

        /**
         * Adds the engine's RPC methods to those that are registered, and makes the calls of the configuration that
         * come before the devices.
         *
         * @param config the application's configuration as JSON text, or null
         * @param ignoreErrors whether methods of the configuration that fail are passed over
         * @return completes when methods can be called; on any thread
         */
        CompletionStage<?> prepare(BdevManager bdevs, RpcRegistry rpc, @Nullable String config, boolean ignoreErrors);

        /**
         * Initialises what the engine has, makes the other calls of the configuration, and shows the devices in the
         * hub. Once, after {@link #prepare}; on the app thread.
         *
         * @return completes when that is done; on any thread
         */
        CompletionStage<?> startInit();

        /** Takes the engine's devices down; the hub has let them go. Not on a reactor, may block. */
        void stop();

        /** Gives back what is left; the reactors have ended and all memory is back. Not on a reactor, may block. */
        void close();
    }
}
