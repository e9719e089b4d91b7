// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import dev.spdkio.Engine;
import dev.spdkio.EngineProvider;
import dev.spdkio.EnvOptions;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.SlabSource;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.bdev.NativeBdevs;
import dev.spdkio.spdk.export.ExportModule;
import dev.spdkio.spdk.export.ExportRpc;
import dev.spdkio.spdk.ffi.InitApi;
import dev.spdkio.spdk.nvme.NativeNvme;
import dev.spdkio.spdk.runtime.Async;
import dev.spdkio.spdk.runtime.NativeEnv;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@link Engine#SPDK}: Java owns the reactors, SPDK its devices. Found by {@link java.util.ServiceLoader}. */
public final class SpdkEngine implements EngineProvider {
    /** How long the end of the application waits for SPDK, after it has waited for the users of devices. */
    private static final Duration FINI_PATIENCE = Duration.ofSeconds(10);

    @Override
    public Engine engine() {
        return Engine.SPDK;
    }

    @Override
    public Optional<Throwable> unavailabilityCause() {
        return Spdk.unavailabilityCause();
    }

    @Override
    public Session start(SpdkRuntime runtime, EnvOptions env, long memoryBytes) throws SpdkException {
        NativeEnv native_ = NativeEnv.start(runtime, env, memoryBytes);
        SpdkThread appThread = runtime.createThread(
                "app_thread", CpuSet.singleton(runtime.mainReactor().core()));
        appThread.call(NativeThread::enter).join();
        NativeThread.setHeir(appThread);
        return new Running(native_, appThread);
    }

    private static final class Running implements Session {
        private final NativeEnv env;
        private final SpdkThread appThread;
        private @Nullable NativeBdevs devices;
        private @Nullable NativeRpc rpc;
        private @Nullable String config;
        private boolean stopOnError;
        private boolean initialised;

        Running(NativeEnv env, SpdkThread appThread) {
            this.env = env;
            this.appThread = appThread;
        }

        @Override
        public SpdkThread appThread() {
            return appThread;
        }

        @Override
        public SlabSource slabs() {
            return env.slabs();
        }

        @Override
        public CompletionStage<?> prepare(
                BdevManager bdevs, RpcRegistry registry, @Nullable String configText, boolean ignoreErrors) {
            NativeBdevs d = new NativeBdevs(bdevs, registry, ExportModule.POINTER);
            devices = d;
            config = configText;
            stopOnError = !ignoreErrors;
            ExportModule.install(bdevs, registry, d::discover);
            ExportRpc.register(registry, bdevs);
            NativeRpc r = new NativeRpc(appThread, d::discover);
            rpc = r;
            return appThread
                    .call(() -> {
                        NativeThread.enter();
                        InitApi.rpcSetState(InitApi.RPC_STARTUP);
                        return true;
                    })
                    .thenCompose(_ -> r.start(registry))
                    .thenCompose(_ -> loadConfig());
        }

        @Override
        public CompletionStage<?> startInit() {
            return onApp("the initialisation of SPDK's subsystems", token -> InitApi.subsystemInit(Async.RC, token))
                    .thenCompose(_ -> {
                        initialised = true;
                        InitApi.rpcSetState(InitApi.RPC_RUNTIME);
                        return appThread.call(() -> {
                            Objects.requireNonNull(rpc).giveOurs();
                            return true;
                        });
                    })
                    .thenCompose(_ -> loadConfig())
                    .thenCompose(_ -> appThread.call(() -> {
                        Objects.requireNonNull(devices).discover();
                        return true;
                    }));
        }

        /** Makes those calls of the configuration that are allowed in SPDK's present state. */
        private CompletableFuture<Void> loadConfig() {
            String text = config;
            if (text == null) {
                return CompletableFuture.completedFuture(null);
            }
            Arena arena = Arena.ofShared();
            MemorySegment json = arena.allocateFrom(text);
            return onApp(
                            "the configuration",
                            token -> InitApi.loadConfig(
                                    json.address(), json.byteSize() - 1, Async.RC, token, stopOnError))
                    .whenComplete((_, _) -> arena.close());
        }

        private CompletableFuture<Void> onApp(String what, Async.Call call) {
            return Async.call(appThread, () -> Async.check(call, status -> failure(what, Math.abs(status))));
        }

        private static SpdkException failure(String what, int errno) {
            return new SpdkException(
                    errno,
                    what + " failed (" + Errno.name(errno) + "): SPDK's log says more"
                            + (errno == Errno.ENOMEM
                                    ? "; reserve more hugepages, or without them raise memorySize"
                                    : ""));
        }

        @Override
        public void stop() {
            NativeNvme.detachAll();
            NativeRpc r = rpc;
            if (r != null) {
                r.stop();
            }
            if (initialised) {
                try {
                    onApp("the end of SPDK's subsystems", token -> InitApi.subsystemFini(Async.DONE, token))
                            .orTimeout(FINI_PATIENCE.toNanos(), TimeUnit.NANOSECONDS)
                            .join();
                } catch (CompletionException e) {
                    NativeEnv.abandon();
                    throw new IllegalStateException(
                            "SPDK's subsystems do not end within " + FINI_PATIENCE + ": its devices are still in use;"
                                    + " SPDK stays as it is until the JVM ends, and cannot be started again in it",
                            e);
                }
            }
        }

        @Override
        public void close() {
            ExportModule.uninstall();
            env.close();
        }
    }
}
