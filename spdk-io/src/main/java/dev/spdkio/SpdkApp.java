// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.BdevWatch;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.IdlePolicy;
import dev.spdkio.runtime.RuntimeLimits;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.TaskScheduling;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A running application: reactors, DMA memory, block devices, configuration, and the RPC socket through which it is
 * managed.
 *
 * <p>Stands for {@code spdk_app_start} and what belongs to it. Several may live in one JVM, one after the other or side
 * by side; nothing is global. The methods may be called from any thread unless they say otherwise.
 *
 * <pre>{@code
 * int rc = SpdkApp.builder().name("store").config(Path.of("store.json")).run(app -> {
 *     ...
 *     app.stop(0);
 * });
 * }</pre>
 *
 * <p>The end, by whatever way it is asked for ({@link #stop}, the RPC {@code spdk_kill_instance}, SIGTERM or SIGINT),
 * goes in this order: no more commands are taken; the shutdown hooks run; devices are removed, which waits until their
 * users have closed them, at most for {@link Builder#shutdownTimeout}; threads exit; reactors stop; memory is returned,
 * and what was never given back is reported.
 */
public final class SpdkApp implements AutoCloseable {
    private final AppContext context;
    private final AppLifecycle lifecycle;

    private SpdkApp(AppContext context, AppLifecycle lifecycle) {
        this.context = context;
        this.lifecycle = lifecycle;
    }

    /** Begins the description of an application. */
    public static Builder builder() {
        return new Builder();
    }

    /** What {@link Builder#run} calls on the app thread when everything is there. It must not block. */
    @FunctionalInterface
    public interface Main {
        /** Starts the application's own work; an exception stops the application with code 1. */
        void run(SpdkApp app) throws Exception;
    }

    /** The name. */
    public String name() {
        return context.runtime().name();
    }

    /** What drives the devices. */
    public Engine engine() {
        return lifecycle.engine();
    }

    /** The reactors and threads. */
    public SpdkRuntime runtime() {
        return context.runtime();
    }

    /** The thread of control work: RPC methods run there, and devices are created and destroyed there. */
    public SpdkThread appThread() {
        return context.appThread();
    }

    /** Where I/O buffers come from. */
    public DmaPool dmaPool() {
        return context.pool();
    }

    /** The block devices. */
    public BdevManager bdevs() {
        return context.bdevs();
    }

    /**
     * Calls {@code listener} on the app thread for each device that is there or comes. {@link
     * BdevManager#openWhenPresent} waits for one by name.
     */
    public BdevWatch onBdevAdded(Consumer<? super Bdev> listener) {
        return bdevs().watch(listener, _ -> {});
    }

    /** Calls {@code listener} on the app thread for each device that is gone. */
    public BdevWatch onBdevRemoved(Consumer<? super Bdev> listener) {
        return bdevs().watch(_ -> {}, listener);
    }

    /** The RPC methods; add your own. */
    public RpcRegistry rpc() {
        return context.rpc();
    }

    /** The path of the RPC socket, or null if there is none. */
    public @Nullable Path rpcAddress() {
        return lifecycle.rpcAddress();
    }

    /** Runs {@code fn} on the app thread and completes with its value. */
    public <T> CompletableFuture<T> call(Callable<? extends T> fn) {
        return appThread().call(fn);
    }

    /** Adds something to do before the devices go, on a thread that may block; the last added runs first. */
    public void onShutdown(Runnable hook) {
        lifecycle.onShutdown(Objects.requireNonNull(hook, "hook"));
    }

    /**
     * Asks the application to end and returns at once; {@code spdk_app_stop}. The first code that is not 0 is the one
     * that {@link #awaitStop} returns.
     */
    public void stop(int rc) {
        lifecycle.stop(rc);
    }

    /**
     * Waits until the application has ended. Not on a reactor.
     *
     * @return the code of {@link #stop}
     */
    public int awaitStop() {
        return lifecycle.await();
    }

    /** Stops with code 0 and waits for the end. Idempotent; not on a reactor. */
    @Override
    public void close() {
        lifecycle.stop(0);
        lifecycle.await();
    }

    @Override
    public String toString() {
        return "SpdkApp " + name();
    }

    /** Describes an application. */
    public static final class Builder {
        private static final long DEFAULT_MEMORY_BYTES = 1L << 30;

        String name = "spdkio";
        Engine engine = Engine.JAVA;
        EnvOptions env = EnvOptions.DEFAULT;

        @Nullable
        Path configFile;

        @Nullable
        String configText;

        boolean ignoreConfigErrors;
        CpuSet reactorMask = CpuSet.empty();
        int mainCore = -1;
        IdlePolicy idlePolicy = IdlePolicy.ADAPTIVE;
        TaskScheduling taskScheduling = TaskScheduling.BEST;
        RuntimeLimits limits = RuntimeLimits.DEFAULT;
        final List<BdevModule> modules = new ArrayList<>();
        long memoryBytes = DEFAULT_MEMORY_BYTES;
        boolean rpc;

        @Nullable
        Path rpcAddress;

        boolean waitForRpc;
        boolean handleSignals = true;
        Duration shutdownTimeout = Duration.ofSeconds(10);

        private Builder() {}

        /** Names the application, for threads, logs and the RPC socket. */
        public Builder name(String value) {
            this.name = Objects.requireNonNull(value, "name");
            return this;
        }

        /** What drives the devices; by default {@link Engine#JAVA}. */
        public Builder engine(Engine value) {
            this.engine = Objects.requireNonNull(value, "engine");
            return this;
        }

        /** The environment of {@link Engine#SPDK}; the Java engine needs none. */
        public Builder env(EnvOptions value) {
            this.env = Objects.requireNonNull(value, "env");
            return this;
        }

        /** A configuration file in SPDK's JSON format. Instead of {@link #configJson}. */
        public Builder config(Path file) {
            this.configFile = Objects.requireNonNull(file, "file");
            return this;
        }

        /** A configuration in SPDK's JSON format. Instead of {@link #config}. */
        public Builder configJson(String json) {
            this.configText = Objects.requireNonNull(json, "json");
            return this;
        }

        /** Goes on after methods of the configuration that fail; they are logged. */
        public Builder ignoreConfigErrors() {
            this.ignoreConfigErrors = true;
            return this;
        }

        /**
         * The cores that get a reactor; by default the first this process may use. {@code -m} of SPDK's applications.
         */
        public Builder reactorMask(CpuSet cores) {
            this.reactorMask = Objects.requireNonNull(cores, "cores");
            return this;
        }

        /** The core of the app thread's reactor; by default the first of the mask. */
        public Builder mainCore(int core) {
            this.mainCore = core;
            return this;
        }

        /** What idle reactors do; by default {@link IdlePolicy#ADAPTIVE}. */
        public Builder idlePolicy(IdlePolicy value) {
            this.idlePolicy = Objects.requireNonNull(value, "idlePolicy");
            return this;
        }

        /** Who schedules tasks; by default the reactors where the JVM allows it. */
        public Builder taskScheduling(TaskScheduling value) {
            this.taskScheduling = Objects.requireNonNull(value, "taskScheduling");
            return this;
        }

        /** The bounds of the runtime. */
        public Builder limits(RuntimeLimits value) {
            this.limits = Objects.requireNonNull(value, "limits");
            return this;
        }

        /** Adds a module of devices to those that are found; it is this application's alone. */
        public Builder module(BdevModule value) {
            modules.add(Objects.requireNonNull(value, "module"));
            return this;
        }

        /** The most DMA memory in bytes; by default 1 GiB, taken as it is needed. */
        public Builder memorySize(long bytes) {
            this.memoryBytes = bytes;
            return this;
        }

        /**
         * Serves RPC on a socket in a private directory; {@link SpdkApp#rpcAddress} tells where. By default there is
         * none.
         */
        public Builder rpc() {
            this.rpc = true;
            return this;
        }

        /** Serves RPC on this Unix socket. */
        public Builder rpcAddress(Path socket) {
            this.rpc = true;
            this.rpcAddress = Objects.requireNonNull(socket, "socket");
            return this;
        }

        /** Waits for the RPC {@code framework_start_init} before devices are configured. Needs {@link #rpc}. */
        public Builder waitForRpc() {
            this.waitForRpc = true;
            return this;
        }

        /**
         * Leaves SIGTERM and SIGINT to the caller; by default they end the application in order, within the JVM's own
         * exit.
         */
        public Builder ignoreSignals() {
            this.handleSignals = false;
            return this;
        }

        /** How long the end waits for users to close devices; by default 10 s. */
        public Builder shutdownTimeout(Duration value) {
            this.shutdownTimeout = Objects.requireNonNull(value, "shutdownTimeout");
            return this;
        }

        /**
         * Starts the application: returns when the configuration has been replayed and the RPC socket is there. With
         * {@link #waitForRpc} it returns before that; then {@link SpdkApp#bdevs} is empty until {@code
         * framework_start_init}.
         *
         * @throws SpdkException naming what is wrong with the configuration, the memory or the socket
         * @throws IllegalArgumentException if the cores are not there, or options exclude each other
         */
        public SpdkApp start() throws SpdkException {
            if (configFile != null && configText != null) {
                throw new IllegalArgumentException("application " + name + " has both a configuration file ("
                        + configFile + ") and a configuration text: give one");
            }
            if (waitForRpc && !rpc) {
                throw new IllegalArgumentException(
                        "application " + name + " waits for RPC but serves none: add rpc() or rpcAddress(path)");
            }
            AppLifecycle lifecycle = AppLifecycle.start(this);
            return new SpdkApp(lifecycle.context(), lifecycle);
        }

        /**
         * Starts the application, calls {@code main} on its app thread, and blocks until it has stopped.
         *
         * @return the code it was stopped with; 1 if {@code main} threw
         */
        public int run(Main main) throws SpdkException {
            Objects.requireNonNull(main, "main");
            SpdkApp app = start();
            app.appThread().send(() -> {
                try {
                    main.run(app);
                } catch (Throwable t) {
                    app.lifecycle.failed(t);
                }
            });
            return app.awaitStop();
        }
    }
}
