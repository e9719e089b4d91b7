// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import tools.jackson.core.json.JsonFactory;

/**
 * The work of a {@link RpcServer}, one {@link #poll} at a time: accept, read, answer, without ever waiting. Lives on
 * the app thread, which is whoever calls {@code poll}.
 */
final class RpcLoop implements AutoCloseable {
    private static final Logger LOG = System.getLogger(RpcLoop.class.getName());
    private static final int ACCEPTS_PER_POLL = 16;

    private final UnixSocketFile file;
    private final RpcRegistry registry;
    private final RpcLimits limits;
    private final Executor owner;
    private final LongSupplier clock;
    private final JsonFactory json;
    private final Selector selector;
    private final SelectionKey listening;

    /** The value says whether the selector found input in this poll. */
    private final Map<RpcConnection, Boolean> connections = new LinkedHashMap<>();

    private long accepted;
    private long requests;
    private long malformed;
    private boolean closed;

    /**
     * @param owner brings continuations of methods back to the thread that polls
     * @param clock nanoseconds
     */
    RpcLoop(UnixSocketFile file, RpcRegistry registry, RpcLimits limits, Executor owner, LongSupplier clock)
            throws IOException {
        this.file = file;
        this.registry = registry;
        this.limits = limits;
        this.owner = owner;
        this.clock = clock;
        this.json =
                Json.factory(limits.maxRequestBytes(), limits.maxNestingDepth()).build();
        this.selector = Selector.open();
        this.listening = file.channel().register(selector, SelectionKey.OP_ACCEPT);
    }

    /** Does what there is to do. Returns whether there was anything. */
    boolean poll() {
        if (closed) {
            return false;
        }
        try {
            selector.selectNow(this::selected);
        } catch (IOException e) {
            LOG.log(Level.ERROR, "the RPC server cannot look for requests", e);
            return false;
        }
        boolean worked = accept();
        long now = clock.getAsLong();
        for (Map.Entry<RpcConnection, Boolean> e : connections.entrySet()) {
            RpcConnection c = e.getKey();
            boolean ready = e.setValue(false);
            if (ready || c.hasBufferedInput() || c.hasOutput() || c.isEnding()) {
                worked |= c.pump(ready, now);
            }
            if (closed) {
                return true; // a method closed the server
            }
        }
        removeClosed();
        return worked;
    }

    private void selected(SelectionKey key) {
        if (key.attachment() instanceof RpcConnection c) {
            connections.put(c, true);
        }
    }

    private boolean accept() {
        boolean worked = false;
        ServerSocketChannel server = file.channel();
        try {
            for (int i = 0; i < ACCEPTS_PER_POLL && connections.size() < limits.maxConnections(); i++) {
                SocketChannel socket = server.accept();
                if (socket == null) {
                    break;
                }
                add(socket);
                worked = true;
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the RPC server could not accept a connection: {0}", e.getMessage());
        }
        // Others wait in the backlog, and the selector need not tell.
        listening.interestOps(connections.size() < limits.maxConnections() ? SelectionKey.OP_ACCEPT : 0);
        return worked;
    }

    private void add(SocketChannel socket) throws IOException {
        boolean added = false;
        try {
            socket.configureBlocking(false);
            SelectionKey key = socket.register(selector, SelectionKey.OP_READ);
            JsonFramer framer = new JsonFramer(json, limits.maxRequestBytes(), limits.maxRequestValues());
            RpcConnection c = new RpcConnection(socket, key, registry, limits, owner, framer);
            key.attach(c);
            connections.put(c, true);
            accepted++;
            added = true;
        } finally {
            if (!added) {
                socket.close();
            }
        }
    }

    private void removeClosed() {
        connections.keySet().removeIf(c -> {
            if (c.isClosed()) {
                requests += c.requests();
                malformed += c.malformed();
            }
            return c.isClosed();
        });
    }

    RpcServer.Stats stats() {
        long total = requests
                + connections.keySet().stream()
                        .mapToLong(RpcConnection::requests)
                        .sum();
        return new RpcServer.Stats(connections.size(), accepted, total, malformed);
    }

    /** Sends what can be sent at once, and ends it all. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        connections.keySet().forEach(RpcConnection::close);
        file.close();
        try {
            selector.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing the selector of the RPC server failed: {0}", e.getMessage());
        }
    }
}
