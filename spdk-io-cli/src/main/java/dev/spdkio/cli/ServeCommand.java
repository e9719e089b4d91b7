// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.ConfigException;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.IdlePolicy;
import dev.spdkio.runtime.RuntimeLimits;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code spdkio serve}. */
@Command(
        name = "serve",
        description = "Run an application that is managed through its RPC socket, until it is told to stop.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footer = {
            "",
            "It stops in order on SIGTERM, SIGINT and the RPC spdk_kill_instance. Its log goes to stderr.",
        })
public final class ServeCommand implements Callable<Integer> {
    private static final Duration STALL_LIMIT = Duration.ofSeconds(1);

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private AppOptions options;

    @Option(
            names = {"-r", "--rpc-socket"},
            paramLabel = "PATH",
            description = "Where to serve RPC; by default a socket in a private directory.")
    private @Nullable Path socket;

    @Option(
            names = "--mem-size",
            paramLabel = "SIZE",
            defaultValue = "1G",
            converter = ByteSize.class,
            description = "The most DMA memory; default ${DEFAULT-VALUE}. It is taken as it is needed.")
    private long memory;

    @Option(names = "--wait-for-rpc", description = "Configure nothing before the RPC framework_start_init.")
    private boolean waitForRpc;

    @Override
    public Integer call() throws SpdkException {
        SpdkApp app;
        try {
            app = builder().start();
        } catch (ConfigException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println("listening on " + app.rpcAddress());
        out.println("devices " + app.bdevs().bdevs().stream().map(Bdev::name).toList());
        out.println("talk to it by: spdkio rpc -s " + app.rpcAddress() + " rpc_get_methods");
        out.println("stop it by:    kill " + ProcessHandle.current().pid());
        out.flush();
        return app.awaitStop();
    }

    private SpdkApp.Builder builder() {
        SpdkApp.Builder app = options.apply(SpdkApp.builder())
                .name("serve")
                .idlePolicy(options.idlePolicy(IdlePolicy.ADAPTIVE))
                .memorySize(memory)
                // Less would report the loading of classes at the first call of each method.
                .limits(RuntimeLimits.DEFAULT.withStallLimit(STALL_LIMIT));
        Path config = options.config();
        if (config != null) {
            app.config(config);
        }
        CpuSet cores = options.cores();
        if (cores != null) {
            app.reactorMask(cores);
        }
        if (socket != null) {
            app.rpcAddress(socket);
        } else {
            app.rpc();
        }
        if (waitForRpc) {
            app.waitForRpc();
        }
        return app;
    }
}
