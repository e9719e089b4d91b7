// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A server that the test polls by hand, with raw clients in the same thread: nothing here waits. */
final class ServerHarness implements AutoCloseable {
    /** Polls after which a reply that has not come will never come: sockets of one machine have no delay. */
    private static final int ENOUGH = 200;

    record Add(int a, int b) {}

    final RpcRegistry registry = new RpcRegistry();
    final RpcLimits limits;
    final Path path;
    final RpcLoop loop;
    final Queue<Runnable> toOwner = new ArrayDeque<>();
    final List<CompletableFuture<Object>> later = new ArrayList<>();
    long now;

    ServerHarness(Path directory) throws IOException {
        this(directory, RpcLimits.DEFAULT);
    }

    ServerHarness(Path directory, RpcLimits limits) throws IOException {
        this.limits = limits;
        this.path = directory.resolve("s");
        registry.register("echo", RpcState.ALWAYS, r -> r.params());
        registry.register("add", RpcState.ALWAYS, Add.class, p -> p.a() + p.b());
        registry.register("later", RpcState.ALWAYS, NoParams.class, _ -> {
            CompletableFuture<Object> f = new CompletableFuture<>();
            later.add(f);
            return f;
        });
        registry.register("big", RpcState.ALWAYS, NoParams.class, _ -> "x".repeat(100_000));
        registry.register("fails", RpcState.ALWAYS, NoParams.class, _ -> {
            throw new AssertionError("boom");
        });
        registry.setState(RpcState.RUNTIME);
        this.loop = new RpcLoop(UnixSocketFile.listen(path), registry, limits, toOwner::add, () -> now);
    }

    boolean poll() {
        boolean worked = false;
        for (Runnable r = toOwner.poll(); r != null; r = toOwner.poll()) {
            r.run();
            worked = true;
        }
        return loop.poll() | worked;
    }

    void settle() {
        for (int idle = 0; idle < 3; ) {
            idle = poll() ? 0 : idle + 1;
        }
    }

    Client connect() throws IOException {
        return new Client();
    }

    @Override
    public void close() {
        loop.close();
    }

    static JsonNode json(String text) {
        return JsonMapper.shared().readTree(text.replace('\'', '"'));
    }

    /** A request with single quotes for double ones. */
    static String request(String method, Object id) {
        return "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"id\":" + id + "}";
    }

    final class Client implements AutoCloseable {
        final SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        boolean eof;

        private Client() throws IOException {
            socket.connect(UnixDomainSocketAddress.of(path));
            socket.configureBlocking(false);
        }

        void send(String text) throws IOException {
            send(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        }

        /** Sends all of it, letting the server run when the socket is full. */
        void send(byte[] bytes) throws IOException {
            ByteBuffer b = ByteBuffer.wrap(bytes);
            for (int stuck = 0; b.hasRemaining() && stuck < ENOUGH; stuck++) {
                if (socket.write(b) > 0) {
                    stuck = 0;
                }
                if (b.hasRemaining()) {
                    poll();
                }
            }
            if (b.hasRemaining()) {
                throw new AssertionError("the server does not read: " + b.remaining() + " bytes left");
            }
        }

        /** Whether bytes can still be sent without the server running. */
        boolean trySend(byte[] bytes) throws IOException {
            return socket.write(ByteBuffer.wrap(bytes)) > 0;
        }

        private boolean receive() throws IOException {
            ByteBuffer b = ByteBuffer.allocate(64 * 1024);
            int n;
            try {
                n = socket.read(b);
            } catch (IOException e) { // reset: the server closed with input unread
                n = -1;
            }
            if (n < 0) {
                eof = true;
            } else if (n > 0) {
                received.write(b.array(), 0, n);
            }
            return n > 0;
        }

        /** All that the server has to say now. */
        List<JsonNode> replies() throws IOException {
            for (int idle = 0; idle < 3 && !eof; ) {
                boolean worked = poll();
                worked |= receive();
                idle = worked ? 0 : idle + 1;
            }
            String text = received.toString(StandardCharsets.UTF_8);
            received.reset();
            List<JsonNode> all = new ArrayList<>();
            for (String line : text.split("\n")) {
                if (!line.isEmpty()) {
                    all.add(JsonMapper.shared().readTree(line));
                }
            }
            return all;
        }

        JsonNode reply() throws IOException {
            List<JsonNode> all = replies();
            if (all.size() != 1) {
                throw new AssertionError("one reply expected, got " + all);
            }
            return all.getFirst();
        }

        JsonNode call(String request) throws IOException {
            send(request);
            return reply();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** code and message of an error reply. */
    static Map.Entry<Integer, String> error(JsonNode reply) {
        JsonNode e = reply.get("error");
        if (e == null) {
            throw new AssertionError("no error: " + reply);
        }
        return Map.entry(e.get("code").intValue(), e.get("message").stringValue());
    }
}
