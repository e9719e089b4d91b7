// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Calls the methods of a server over its Unix socket: one of this library, or SPDK itself. {@link SpdkRpc} has the
 * methods by name.
 *
 * <p>Any number of threads may use one client; their calls are in progress at the same time. The calls block, so they
 * are for platform and virtual threads, not for reactors. A virtual thread reads the replies. An error reply is a
 * {@link RpcException}; a connection that is lost fails all calls in progress with another {@link SpdkException}, and
 * the client with it: connect anew.
 */
public final class RpcClient implements AutoCloseable {
    private static final Logger LOG = System.getLogger(RpcClient.class.getName());
    private static final int ENOENT = 2;
    private static final int ECONNRESET = 104;
    private static final int ENOTCONN = 107;
    private static final int ETIMEDOUT = 110;
    private static final int ECONNREFUSED = 111;

    /** Bytes of one reply, as large as any server sends. */
    private static final int MAX_REPLY_BYTES = 64 << 20;

    private static final int MAX_REPLY_VALUES = 16 << 20;
    private static final int MAX_DEPTH = 256;

    /** Calls in progress: fewer than a server takes before it stops reading. */
    private static final int MAX_IN_PROGRESS = 64;

    private static final int READ_BYTES = 64 * 1024;

    /** What a call may take unless told otherwise; as {@code rpc.py}. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);

    private static final JsonFactory JSON =
            Json.factory(MAX_REPLY_BYTES, MAX_DEPTH).build();

    private final Path path;
    private final Duration timeout;
    private final SocketChannel socket;
    private final AtomicLong nextId = new AtomicLong(1);
    private final Map<Long, CompletableFuture<JsonNode>> inProgress = new ConcurrentHashMap<>();
    private final Semaphore room = new Semaphore(MAX_IN_PROGRESS);
    private final ReentrantLock writing = new ReentrantLock();
    private volatile @Nullable SpdkException lost;

    private RpcClient(Path path, Duration timeout, SocketChannel socket) {
        this.path = path;
        this.timeout = timeout;
        this.socket = socket;
    }

    /** Connects, with {@link #DEFAULT_TIMEOUT}. */
    public static RpcClient connect(Path path) throws SpdkException {
        return connect(path, DEFAULT_TIMEOUT);
    }

    /**
     * Connects.
     *
     * @param timeout what a call may take, waiting for its turn included
     * @throws SpdkException if nobody listens there
     * @throws WrongThreadException on a reactor
     */
    public static RpcClient connect(Path path, Duration timeout) throws SpdkException {
        refuseReactors();
        SocketChannel socket = null;
        try {
            socket = SocketChannel.open(StandardProtocolFamily.UNIX);
            socket.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            closeQuietly(socket);
            boolean missing = !Files.exists(path);
            throw new SpdkException(
                    missing ? ENOENT : ECONNREFUSED,
                    "cannot connect to RPC socket " + path + ": "
                            + (missing ? "it does not exist" : e.getMessage())
                            + "; is the application running, and is this its socket?",
                    e);
        }
        RpcClient client = new RpcClient(path, timeout, socket);
        Thread.ofVirtual().name("spdkio-rpc-client " + path).start(client::readReplies);
        return client;
    }

    private static void refuseReactors() {
        SpdkThread here = SpdkThread.current();
        if (here != null) {
            throw new WrongThreadException("an RpcClient blocks, but was used on SpdkThread " + here.name()
                    + ": use a platform or virtual thread");
        }
    }

    /** The socket it is connected to. */
    public Path path() {
        return path;
    }

    /** Calls a method without parameters. */
    public JsonNode call(String method) throws SpdkException {
        return call(method, (Object) null);
    }

    /**
     * Calls a method and waits for its result.
     *
     * @param params anything of which {@link JsonTree#of} makes an object; null for none
     * @throws RpcException the server's error reply
     * @throws SpdkException if the connection is lost or the timeout passes
     */
    public JsonNode call(String method, @Nullable Object params) throws SpdkException {
        refuseReactors();
        long deadline = System.nanoTime() + timeout.toNanos();
        return await(method, callAsync(method, params, deadline), deadline);
    }

    /**
     * Calls a method and reads its result into a record; members that the record does not have are ignored.
     *
     * @throws RpcException the server's error reply
     * @throws SpdkException if the connection is lost, the timeout passes, or the result does not fit the record
     */
    public <T extends Record> T call(String method, @Nullable Object params, Class<T> type) throws SpdkException {
        return read(method, type, call(method, params));
    }

    /** As {@link #call(String, Object, Class)}, for a method that answers with an array. */
    public <T extends Record> List<T> callForList(String method, @Nullable Object params, Class<T> type)
            throws SpdkException {
        List<T> all = new ArrayList<>();
        for (JsonNode n : call(method, params)) {
            all.add(read(method, type, n));
        }
        return all;
    }

    /** Reads a part of a reply, forgiving what newer servers may add. */
    static <T extends Record> T read(String method, Class<T> type, JsonNode result) throws SpdkException {
        try {
            return RecordReader.lenient(type).read(result);
        } catch (RpcException e) {
            throw new SpdkException(0, "the reply of " + method + " is not what was expected: " + e.getMessage(), e);
        }
    }

    /** Calls a method; the future fails with {@link SpdkException}s and has no timeout. May wait for its turn. */
    public CompletableFuture<JsonNode> callAsync(String method, @Nullable Object params) throws SpdkException {
        refuseReactors();
        return callAsync(method, params, System.nanoTime() + timeout.toNanos());
    }

    private CompletableFuture<JsonNode> callAsync(String method, @Nullable Object params, long deadline)
            throws SpdkException {
        ObjectNode request = request(method, params);
        takeRoom(method, deadline);
        long id = request.get("id").longValue();
        CompletableFuture<JsonNode> reply = new CompletableFuture<>();
        inProgress.put(id, reply);
        // However it ends, also by the caller's hand: forget it and make room.
        CompletableFuture<JsonNode> _ = reply.whenComplete((_, _) -> {
            inProgress.remove(id);
            room.release();
        });
        try {
            send(Json.bytes(request));
        } catch (SpdkException e) {
            reply.completeExceptionally(e);
        }
        SpdkException gone = lost;
        if (gone != null) {
            reply.completeExceptionally(gone); // it went between our look at it and the entry in the table
        }
        return reply;
    }

    private ObjectNode request(String method, @Nullable Object params) {
        ObjectNode request = Json.NODES.objectNode().put("jsonrpc", "2.0").put("method", method);
        JsonNode tree = JsonTree.of(params);
        // SPDK's methods without parameters refuse even an empty object.
        if (!tree.isNull() && !tree.isEmpty()) {
            request.set("params", tree);
        }
        return request.put("id", nextId.getAndIncrement());
    }

    private void takeRoom(String method, long deadline) throws SpdkException {
        try {
            if (!room.tryAcquire(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                throw timedOut(method, MAX_IN_PROGRESS + " other calls are in progress");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SpdkException(4, "RPC " + method + " on " + path + " was interrupted", e);
        }
    }

    private void send(byte[] request) throws SpdkException {
        SpdkException gone = lost;
        if (gone != null) {
            throw gone;
        }
        writing.lock();
        try {
            ByteBuffer b = ByteBuffer.wrap(request);
            while (b.hasRemaining()) {
                socket.write(b);
            }
        } catch (IOException e) {
            throw lose(new SpdkException(
                    ECONNRESET, "the connection to RPC socket " + path + " is lost: " + e.getMessage(), e));
        } finally {
            writing.unlock();
        }
    }

    private JsonNode await(String method, CompletableFuture<JsonNode> reply, long deadline) throws SpdkException {
        try {
            return reply.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            reply.cancel(false);
            throw timedOut(method, "no reply came");
        } catch (InterruptedException e) {
            reply.cancel(false);
            Thread.currentThread().interrupt();
            throw new SpdkException(4, "RPC " + method + " on " + path + " was interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RpcException r) {
                throw r.withMessage(method + ": " + r.getMessage());
            }
            throw e.getCause() instanceof SpdkException s
                    ? new SpdkException(s.errno(), String.valueOf(s.getMessage()), s)
                    : new SpdkException(0, "RPC " + method + " on " + path + " failed", e);
        }
    }

    private SpdkException timedOut(String method, String why) {
        return new SpdkException(
                ETIMEDOUT, "RPC " + method + " on " + path + " took longer than " + timeout + ": " + why);
    }

    private void readReplies() {
        JsonFramer framer = new JsonFramer(JSON, MAX_REPLY_BYTES, MAX_REPLY_VALUES);
        ByteBuffer in = ByteBuffer.allocate(READ_BYTES);
        try {
            while (true) {
                in.clear();
                int n = socket.read(in);
                if (n < 0) {
                    lose(new SpdkException(ECONNRESET, "RPC socket " + path + " was closed by the other side"));
                    return;
                }
                framer.feed(in.array(), 0, n);
                while (!framer.needsInput()) {
                    JsonFramer.Frame frame = framer.next();
                    if (frame == null) {
                        break;
                    }
                    take(frame.value());
                }
            }
        } catch (IOException e) {
            lose(new SpdkException(
                    ECONNRESET, "the connection to RPC socket " + path + " is lost: " + e.getMessage(), e));
        } catch (MalformedJsonException | RuntimeException e) {
            lose(new SpdkException(0, "RPC socket " + path + " sent what is no JSON-RPC: " + e.getMessage(), e));
        }
    }

    private void take(JsonNode message) {
        if (message instanceof ArrayNode batch) {
            batch.forEach(this::take);
            return;
        }
        JsonNode id = message.get("id");
        CompletableFuture<JsonNode> reply = id != null && id.isIntegralNumber() ? inProgress.get(id.longValue()) : null;
        JsonNode error = message.get("error");
        if (reply == null) {
            LOG.log(Level.DEBUG, "RPC socket {0}: a reply that nobody waits for: {1}", path, message);
        } else if (error != null && !error.isNull()) {
            JsonNode code = error.get("code");
            JsonNode text = error.get("message");
            reply.completeExceptionally(new RpcException(
                    code != null && code.isInt() ? code.intValue() : RpcErrorCode.INTERNAL_ERROR,
                    text != null && text.isString() ? text.stringValue() : error.toString()));
        } else {
            JsonNode result = message.get("result");
            reply.complete(result == null ? Json.NODES.nullNode() : result);
        }
    }

    /** Ends the client; the first reason counts. */
    private SpdkException lose(SpdkException why) {
        SpdkException first = lost;
        if (first == null) {
            lost = why;
            first = why;
        }
        closeQuietly(socket);
        for (CompletableFuture<JsonNode> reply : List.copyOf(inProgress.values())) {
            reply.completeExceptionally(first);
        }
        return first;
    }

    private static void closeQuietly(@Nullable SocketChannel socket) {
        if (socket != null) {
            try {
                socket.close();
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "closing an RPC socket failed: {0}", e.getMessage());
            }
        }
    }

    /** Whether calls can still be made. */
    public boolean isOpen() {
        return lost == null;
    }

    /** Ends the connection; calls in progress fail. Idempotent. */
    @Override
    public void close() {
        SpdkException _ = lose(new SpdkException(ENOTCONN, "the client of RPC socket " + path + " is closed"));
    }
}
