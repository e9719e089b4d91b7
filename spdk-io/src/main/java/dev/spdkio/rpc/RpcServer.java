// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Serves the methods of a {@link RpcRegistry} on a Unix socket, so that SPDK's own {@code rpc.py} and every other
 * client of SPDK can talk to the application. Stands for {@code spdk_rpc_initialize} and {@code lib/jsonrpc}.
 *
 * <p>It has no threads: a timed poller of the app thread does all the work, and methods run there. Every method here
 * may be called from any thread. The socket file belongs to the user alone (mode 0600), and is removed on
 * {@link #close}, which must come before the app thread exits.
 */
public final class RpcServer implements AutoCloseable {
    /**
     * What a server has done so far.
     *
     * @param connections open now
     * @param accepted connections since the start
     * @param requests requests taken up, a batch counting as one
     * @param malformed connections that were closed because what they sent was no JSON or beyond a limit
     */
    public record Stats(int connections, long accepted, long requests, long malformed) {}

    /** After so many polls without work the server goes back to its idle period. */
    private static final int POLLS_UNTIL_IDLE = 200;

    private static final int MAX_SERVERS_PER_PROCESS = 64;

    private final SpdkThread thread;
    private final RpcServerOptions options;
    private final RpcLoop loop;
    private final Path path;
    private final CompletableFuture<Void> closed;
    private volatile Stats stats = new Stats(0, 0, 0, 0);

    private @Nullable Poller poller;
    private boolean active;
    private int idlePolls;
    private boolean closing;

    private RpcServer(SpdkThread thread, UnixSocketFile file, RpcRegistry registry, RpcServerOptions options)
            throws IOException {
        this.thread = thread;
        this.options = options;
        this.path = file.path();
        this.closed = thread.runtime().newFuture();
        this.loop = new RpcLoop(
                file,
                registry,
                options.limits(),
                this::onThread,
                thread.runtime().clock()::nanoTime);
    }

    /**
     * Listens. The methods will run on {@code appThread}.
     *
     * @throws dev.spdkio.error.SpdkException if the path is in use, too long, or not a socket
     */
    public static RpcServer start(SpdkThread appThread, RpcRegistry registry, RpcServerOptions options)
            throws IOException {
        RpcExchange.warmUp(options.limits());
        UnixSocketFile file = listen(options);
        RpcServer server;
        try {
            server = new RpcServer(appThread, file, registry, options);
            appThread.sendInternal(server::startPolling);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
        return server;
    }

    private static UnixSocketFile listen(RpcServerOptions options) throws IOException {
        Path given = options.path();
        return given != null
                ? UnixSocketFile.listen(given)
                : UnixSocketFile.listenPrivately(
                        defaultDirectory(ProcessHandle.current().pid()), options.name(), MAX_SERVERS_PER_PROCESS);
    }

    /** The directory of the socket files of a process of this user, for who did not choose a path. */
    public static Path defaultDirectory(long pid) {
        return UnixSocketFile.defaultDirectory(
                System.getenv("XDG_RUNTIME_DIR"),
                System.getProperty("java.io.tmpdir"),
                System.getProperty("user.name", "user"),
                pid);
    }

    private void startPolling() {
        if (!closing) {
            poller = thread.poller("rpc_server")
                    .period(options.idlePeriod())
                    .body(this::poll)
                    .register();
        }
    }

    private Poller.Result poll() {
        boolean worked = loop.poll();
        if (worked) {
            stats = loop.stats();
        }
        idlePolls = worked ? 0 : idlePolls + 1;
        if (worked && !active) {
            retime(true, options.activePeriod());
        } else if (active && idlePolls > POLLS_UNTIL_IDLE) {
            retime(false, options.idlePeriod());
        }
        return worked ? Poller.Result.BUSY : Poller.Result.IDLE;
    }

    private void retime(boolean nowActive, Duration period) {
        active = nowActive;
        Poller p = poller;
        if (p != null) {
            p.retime(period);
        }
    }

    /** One message for each request in progress, whose number is bounded: none is refused while the thread lives. */
    private void onThread(Runnable r) {
        if (thread.isCurrent()) {
            r.run();
        } else {
            thread.trySendInternal(r);
        }
    }

    /** Where clients connect. */
    public Path path() {
        return path;
    }

    /** What it has done so far. */
    public Stats stats() {
        return stats;
    }

    /** Ends all connections and removes the socket file, on the app thread and maybe later. Idempotent. */
    @Override
    public void close() {
        CompletableFuture<Void> _ = closeAsync();
    }

    /** As {@link #close}, and says when it is done. */
    public CompletableFuture<Void> closeAsync() {
        if (thread.isCurrent() || !thread.trySendInternal(this::closeHere)) {
            closeHere(); // on the thread, or nothing runs on it any more
        }
        return closed.copy();
    }

    private void closeHere() {
        if (closing) {
            return;
        }
        closing = true;
        Poller p = poller;
        if (p != null) {
            p.close();
        }
        loop.close();
        closed.complete(null);
    }

    @Override
    public String toString() {
        return "RPC server " + path + " (" + stats + ")";
    }
}
