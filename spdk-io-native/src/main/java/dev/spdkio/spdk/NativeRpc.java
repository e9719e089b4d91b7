// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcClient;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.rpc.RpcRequest;
import dev.spdkio.rpc.RpcState;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.InitApi;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * SPDK's RPC methods beside ours: each is registered under its name and sent on to SPDK's own server, which listens
 * where nobody else can see it. A method that is registered already is ours: SPDK's knows nothing of our reactors.
 * Those of ours that SPDK lacks it gets from {@link JavaRpc}.
 */
final class NativeRpc {
    private static final Logger LOG = System.getLogger(NativeRpc.class.getName());

    private final SpdkThread appThread;
    private final Runnable afterCall;
    private final Set<String> spdks = new HashSet<>();
    private @Nullable JavaRpc ours;
    private @Nullable Path folder;
    private @Nullable RpcClient client;

    /** @param afterCall what to do on the app thread before a reply is given: the call may have changed devices */
    NativeRpc(SpdkThread appThread, Runnable afterCall) {
        this.appThread = appThread;
        this.afterCall = afterCall;
    }

    /** Starts SPDK's server and registers what it has. */
    CompletableFuture<Void> start(RpcRegistry registry) {
        return blocking(() -> {
                    Path dir = Files.createTempDirectory("spdkio");
                    folder = dir;
                    return dir.resolve("spdk.sock");
                })
                .thenCompose(socket -> appThread.call(() -> {
                    NativeThread.enter();
                    int rc = InitApi.rpcInitialize(socket.toString());
                    if (rc != 0) {
                        throw new SpdkException(-rc, "SPDK's RPC server cannot listen on " + socket);
                    }
                    return socket;
                }))
                .thenCompose(socket -> blocking(() -> {
                    RpcClient c = RpcClient.connect(socket);
                    client = c;
                    return c.call("rpc_get_methods");
                }))
                .thenCompose(methods -> appThread.call(() -> {
                    methods.forEach(method -> spdks.add(method.stringValue()));
                    ours = new JavaRpc(appThread, registry);
                    giveOurs();
                    for (String method : spdks) {
                        if (registry.statesOf(method).isEmpty() && !JavaRpc.isOurs(method)) {
                            registry.register(method, RpcState.ALWAYS, request -> forward(method, request));
                        }
                    }
                    registry.register("save_config", RpcState.ONLY_RUNTIME, this::saveConfig);
                    return null;
                }));
    }

    /** Makes the methods that SPDK lacks known to it. App thread. */
    void giveOurs() {
        Objects.requireNonNull(ours).give(spdks);
    }

    private CompletionStage<JsonNode> forward(String method, RpcRequest request) {
        // Waiting costs a helper thread, which SPDK's server needs some milliseconds of.
        return blocking(() -> client().call(method, request.params()))
                .thenCompose(reply -> appThread.call(() -> {
                    afterCall.run();
                    return reply;
                }));
    }

    private RpcClient client() throws SpdkException {
        RpcClient c = client;
        if (c == null) {
            throw new SpdkException(Errno.ESHUTDOWN, "SPDK's RPC server is closed");
        }
        return c;
    }

    /** What SPDK's own client puts together: the configuration of all subsystems. */
    private CompletionStage<JsonNode> saveConfig(RpcRequest request) {
        return blocking(this::readConfig);
    }

    private JsonNode readConfig() throws SpdkException {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode all = root.putArray("subsystems");
        for (JsonNode s : client().call("framework_get_subsystems")) {
            String name = s.get("subsystem").stringValue();
            JsonNode config = client().call(
                            "framework_get_config",
                            JsonNodeFactory.instance.objectNode().put("name", name));
            all.addObject().put("subsystem", name).set("config", config);
        }
        return root;
    }

    /** Ends the server; not on a reactor. */
    void stop() {
        RpcClient c = client;
        client = null;
        if (c != null) {
            c.close();
        }
        appThread
                .call(() -> {
                    NativeThread.enter();
                    JavaRpc.end();
                    InitApi.rpcFinish();
                    return true;
                })
                .join();
        delete();
    }

    private void delete() {
        Path dir = folder;
        if (dir == null) {
            return;
        }
        try (Stream<Path> files = Files.list(dir)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.deleteIfExists(file);
            }
            Files.delete(dir);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the folder of SPDK''s RPC socket is left behind: " + dir, e);
        }
    }

    private <T> CompletableFuture<T> blocking(Callable<? extends T> body) {
        CompletableFuture<T> result = new CompletableFuture<>();
        appThread.runtime().offload().execute(() -> {
            try {
                result.complete(body.call());
            } catch (Throwable t) {
                result.completeExceptionally(t);
            }
        });
        return result;
    }
}
