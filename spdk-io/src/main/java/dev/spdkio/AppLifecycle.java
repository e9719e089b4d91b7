// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModules;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.rpc.AppControl;
import dev.spdkio.rpc.FrameworkRpc;
import dev.spdkio.rpc.JsonConfig;
import dev.spdkio.rpc.JulLogControl;
import dev.spdkio.rpc.KillSignal;
import dev.spdkio.rpc.LogRpc;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.rpc.RpcServer;
import dev.spdkio.rpc.RpcServerOptions;
import dev.spdkio.rpc.Subsystems;
import dev.spdkio.rpc.ThreadRpc;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * How an application comes up and goes down. It goes down on an OS thread of its own, because a reactor cannot wait for
 * itself and whoever asks for the end must not have to wait either.
 */
final class AppLifecycle implements AppControl {
    private static final Logger LOG = System.getLogger(AppLifecycle.class.getName());

    /** The loggers whose debug messages can be turned on by the RPC {@code log_set_flag}. */
    private static final List<String> LOG_FLAGS = List.of("dev.spdkio.bdev", "dev.spdkio.rpc", "dev.spdkio.runtime");

    /** How long threads are given to say which I/O they have. */
    private static final Duration PENDING_IO_WAIT = Duration.ofSeconds(1);

    private final AppContext context;
    private final EngineProvider.@Nullable Session session;
    private final Duration shutdownTimeout;
    private final Deque<Runnable> hooks = new ArrayDeque<>();
    private final CountDownLatch stopRequested = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Object lock = new Object();
    private volatile @Nullable RpcServer server;
    private @Nullable Thread jvmHook;
    private int exitCode;

    private AppLifecycle(AppContext context, EngineProvider.@Nullable Session session, Duration shutdownTimeout) {
        this.context = context;
        this.session = session;
        this.shutdownTimeout = shutdownTimeout;
    }

    Engine engine() {
        return session == null ? Engine.JAVA : Engine.SPDK;
    }

    AppContext context() {
        return context;
    }

    @Nullable
    Path rpcAddress() {
        RpcServer s = server;
        return s == null ? null : s.path();
    }

    // ---- up --------------------------------------------------------------------------------------------------------

    static AppLifecycle start(SpdkApp.Builder b) throws SpdkException {
        JsonConfig config = readConfig(b);
        SpdkRuntime.Builder r = SpdkRuntime.builder()
                .name(b.name)
                .idlePolicy(b.idlePolicy)
                .taskScheduling(b.taskScheduling)
                .limits(b.limits)
                .mainCore(b.mainCore);
        if (!b.reactorMask.isEmpty()) {
            r.cpus(b.reactorMask);
        }
        EngineProvider provider = b.engine == Engine.JAVA ? null : Engines.find(b.engine);
        SpdkRuntime runtime = r.start();
        EngineProvider.Session session = null;
        DmaPool pool = null;
        AppLifecycle app;
        try {
            DmaPool.Builder memory = DmaPool.builder().name(b.name).limitBytes(b.memoryBytes);
            SpdkThread appThread;
            if (provider == null) {
                appThread = runtime.createThread(
                        "app_thread", CpuSet.singleton(runtime.mainReactor().core()));
            } else {
                session = provider.start(runtime, b.env, b.memoryBytes);
                appThread = session.appThread();
                memory.source(session.slabs());
            }
            pool = memory.build();
            BdevManager bdevs = BdevManager.create(runtime, appThread, pool, BdevOptions.DEFAULT);
            BdevSubsystem.addModules(bdevs, b.modules);
            app = new AppLifecycle(
                    new AppContext(runtime, appThread, pool, bdevs, new RpcRegistry()), session, b.shutdownTimeout);
        } catch (SpdkException | RuntimeException e) {
            runtime.close();
            if (pool != null) {
                pool.close();
            }
            if (session != null) {
                session.close();
            }
            throw e;
        }
        app.startStopper(b.handleSignals);
        try {
            app.configure(b, config);
        } catch (SpdkException | RuntimeException e) {
            app.stop(1);
            app.await();
            throw e;
        }
        return app;
    }

    private static @Nullable JsonConfig readConfig(SpdkApp.Builder b) throws SpdkException {
        try {
            Path file = b.configFile;
            String text = b.configText;
            return file != null
                    ? JsonConfig.read(file)
                    : text != null ? JsonConfig.parse("configuration of " + b.name, text) : null;
        } catch (IOException e) {
            throw asSpdk(e);
        }
    }

    private void configure(SpdkApp.Builder b, @Nullable JsonConfig config) throws SpdkException {
        Subsystems subsystems = new Subsystems();
        FrameworkRpc.Starter starter = FrameworkRpc.register(context.rpc(), context.appThread(), this);
        ThreadRpc.register(context.rpc(), context.runtime());
        if (JulLogControl.isAvailable()) {
            LogRpc.register(context.rpc(), new JulLogControl(LOG_FLAGS));
        }
        EngineProvider.Session engine = session;
        if (engine == null) {
            FrameworkRpc.registerConfig(context.rpc(), context.appThread(), subsystems, starter);
            BdevSubsystem.register(context.rpc(), subsystems, context.bdevs());
        } else {
            BdevSubsystem.registerBeside(context.rpc(), context.bdevs());
        }
        if (b.rpc) {
            try {
                RpcServerOptions options = RpcServerOptions.DEFAULT.withName(b.name);
                Path path = b.rpcAddress;
                server = RpcServer.start(
                        context.appThread(), context.rpc(), path == null ? options : options.withPath(path));
            } catch (IOException e) {
                throw asSpdk(e);
            }
        }
        if (engine != null) {
            waitFor(
                    engine.prepare(
                                    context.bdevs(),
                                    context.rpc(),
                                    config == null ? null : config.toJson(),
                                    b.ignoreConfigErrors)
                            .toCompletableFuture(),
                    "configuring " + context.runtime().name());
            if (!b.waitForRpc) {
                waitFor(
                        context.appThread().call(starter::startInit).thenCompose(stage -> stage),
                        "initialising " + context.runtime().name());
            }
            return;
        }
        CompletableFuture<?> configured = context.appThread()
                .call(() -> config == null
                        ? b.waitForRpc ? CompletableFuture.<Void>completedFuture(null) : starter.startInit()
                        : config.load(
                                context.rpc(),
                                subsystems,
                                context.appThread()::execute,
                                new JsonConfig.Options(b.ignoreConfigErrors, b.waitForRpc ? null : starter::startInit)))
                .thenCompose(stage -> stage);
        waitFor(configured, "configuring " + context.runtime().name());
    }

    private static void waitFor(CompletableFuture<?> future, String what) throws SpdkException {
        try {
            future.get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            switch (cause) {
                case SpdkException s -> throw s;
                case RuntimeException r -> throw r;
                case null, default -> throw new SpdkException(0, what + " failed: " + cause, e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SpdkException(0, what + " was interrupted", e);
        }
    }

    private static SpdkException asSpdk(IOException e) {
        return e instanceof SpdkException s ? s : new SpdkException(0, String.valueOf(e.getMessage()), e);
    }

    // ---- control ---------------------------------------------------------------------------------------------------

    @Override
    public CompletionStage<?> initialise() {
        EngineProvider.Session engine = session;
        CompletableFuture<Void> modules = context.bdevs().modules().init();
        return engine == null ? modules : modules.thenCompose(_ -> engine.startInit());
    }

    @Override
    public void signal(KillSignal signal) {
        switch (signal) {
            case SIGINT, SIGTERM, SIGHUP -> stop(0);
            case SIGKILL -> Runtime.getRuntime().halt(128 + 9);
            case SIGQUIT ->
                Thread.getAllStackTraces().forEach((t, stack) -> LOG.log(Level.INFO, "{0}: {1}", t, List.of(stack)));
            case SIGUSR1 ->
                LOG.log(
                        Level.INFO,
                        "SIGUSR1 asks nothing of {0}",
                        context.runtime().name());
        }
    }

    void onShutdown(Runnable hook) {
        synchronized (lock) {
            hooks.push(hook);
        }
    }

    void failed(Throwable t) {
        LOG.log(Level.ERROR, "the main function of " + context.runtime().name() + " failed", t);
        stop(1);
    }

    void stop(int rc) {
        synchronized (lock) {
            if (exitCode == 0) {
                exitCode = rc;
            }
        }
        stopRequested.countDown();
    }

    int await() {
        if (SpdkThread.current() != null) {
            throw new IllegalStateException("application " + context.runtime().name()
                    + " cannot be awaited on one of its reactors: it could not end; call stop(rc) and return");
        }
        awaitUninterruptibly(stopped);
        synchronized (lock) {
            return exitCode;
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- down ------------------------------------------------------------------------------------------------------

    private void startStopper(boolean handleSignals) {
        String name = context.runtime().name();
        Thread stopper = new Thread(this::stopWhenAsked, name + "-stopper");
        stopper.setDaemon(true);
        stopper.start();
        if (handleSignals) {
            jvmHook = new Thread(
                    () -> {
                        stop(0);
                        awaitUninterruptibly(stopped);
                    },
                    name + "-exit");
            Runtime.getRuntime().addShutdownHook(jvmHook);
        }
    }

    private void stopWhenAsked() {
        awaitUninterruptibly(stopRequested);
        try {
            step("closing the RPC server", this::closeServer);
            step("running shutdown hooks", this::runHooks);
            step("removing devices", this::removeDevices);
            EngineProvider.Session engine = session;
            if (engine != null) {
                step("stopping SPDK's subsystems", engine::stop);
            }
            step("stopping the reactors", context.runtime()::close);
            step("returning memory", context.pool()::close);
            if (engine != null) {
                step("taking SPDK's environment down", engine::close);
            }
            step("forgetting the JVM's exit", this::forgetJvmHook);
        } finally {
            stopped.countDown();
        }
    }

    /** One step of the end; a failure is told and does not keep the others from being done. */
    private void step(String what, Runnable body) {
        try {
            body.run();
        } catch (Throwable t) {
            LOG.log(Level.ERROR, what + " of " + context.runtime().name() + " failed; the end goes on", t);
        }
    }

    private void closeServer() {
        RpcServer s = server;
        if (s != null) {
            s.close();
        }
    }

    private void runHooks() {
        while (true) {
            Runnable hook;
            synchronized (lock) {
                hook = hooks.poll();
            }
            if (hook == null) {
                return;
            }
            step("a shutdown hook", hook);
        }
    }

    private void removeDevices() {
        try {
            context.bdevs().closeAsync().get(shutdownTimeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            LOG.log(
                    Level.WARNING,
                    "devices of {0} are still in use {1} after the end was asked for: {2}; close their descriptors"
                            + " in a shutdown hook or when the REMOVED event comes",
                    context.runtime().name(),
                    shutdownTimeout,
                    context.bdevs().bdevs());
            reportPendingIo();
            endModules();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** I/O without an end keeps devices too, and then closing descriptors is of no use. */
    private void reportPendingIo() {
        context.bdevs()
                .pendingIo(shutdownTimeout)
                .completeOnTimeout(List.of(), PENDING_IO_WAIT.toNanos(), TimeUnit.NANOSECONDS)
                .join()
                .forEach(io -> LOG.log(Level.WARNING, "{0}", io));
    }

    /** The devices that are left do not keep the modules from giving back what they can. */
    private void endModules() {
        context.bdevs()
                .modules()
                .fini()
                .completeOnTimeout(null, BdevModules.FINI_LIMIT.toNanos(), TimeUnit.NANOSECONDS)
                .join();
    }

    private void forgetJvmHook() {
        Thread hook = jvmHook;
        if (hook != null) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                LOG.log(Level.DEBUG, "the JVM is on its way out already", e);
            }
        }
    }
}
