// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

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
import dev.spdkio.spdk.ffi.InitApi;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeEnv;
import dev.spdkio.spdk.runtime.NativeThread;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** {@link Engine#SPDK}: Java owns the reactors, SPDK its devices. Found by {@link java.util.ServiceLoader}. */
public final class SpdkEngine implements EngineProvider {
    private static final long RC_DONE = Upcall.stub(
            MethodHandles.lookup(), SpdkEngine.class, "rcDone", FunctionDescriptor.ofVoid(JAVA_INT, JAVA_LONG), null);
    private static final long DONE =
            Upcall.stub(MethodHandles.lookup(), SpdkEngine.class, "done", FunctionDescriptor.ofVoid(JAVA_LONG), null);

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
        return new Running(native_, appThread);
    }

    private record Running(NativeEnv env, SpdkThread appThread) implements Session {
        @Override
        public SlabSource slabs() {
            return env.slabs();
        }

        @Override
        public CompletionStage<?> configure(
                BdevManager bdevs, RpcRegistry rpc, @Nullable String config, boolean ignoreErrors, boolean waitForRpc) {
            NativeBdevs devices = new NativeBdevs(bdevs);
            return onApp(callback -> {
                        InitApi.rpcSetState(InitApi.RPC_STARTUP);
                        loadConfig(config, callback, ignoreErrors);
                    })
                    .thenCompose(_ -> onApp(callback -> InitApi.subsystemInit(RC_DONE, callback)))
                    .thenCompose(_ -> onApp(callback -> {
                        InitApi.rpcSetState(InitApi.RPC_RUNTIME);
                        loadConfig(config, callback, ignoreErrors);
                    }))
                    .thenCompose(_ -> appThread.call(() -> {
                        devices.discover();
                        return null;
                    }));
        }

        private static void loadConfig(@Nullable String config, long callback, boolean ignoreErrors) {
            if (config == null) {
                rcDone(0, callback);
                return;
            }
            MemorySegment text = Arena.ofAuto().allocateFrom(config);
            InitApi.loadConfig(text.address(), text.byteSize() - 1, RC_DONE, callback, !ignoreErrors);
        }

        private interface Step {
            void start(long token);
        }

        private CompletableFuture<Void> onApp(Step step) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            appThread.sendInternal(() -> {
                NativeThread.enter(appThread);
                step.start(Tokens.put(done));
            });
            return done;
        }

        @Override
        public CompletionStage<?> startInit() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void stop() {
            onApp(callback -> InitApi.subsystemFini(DONE, callback)).join();
        }

        @Override
        public void close() {
            env.close();
        }
    }

    @SuppressWarnings({"unused", "unchecked"}) // called by SPDK
    private static void rcDone(int rc, long token) {
        CompletableFuture<Void> done = Tokens.take(token, CompletableFuture.class);
        if (done == null) {
            return;
        }
        if (rc != 0) {
            done.completeExceptionally(new SpdkException(Math.abs(rc), "SPDK's initialisation failed: see the log"));
        } else {
            done.complete(null);
        }
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void done(long token) {
        rcDone(0, token);
    }
}
