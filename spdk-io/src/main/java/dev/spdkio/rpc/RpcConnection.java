// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;

/**
 * One client: reads requests, sends replies, and stops reading while the client does not read. Lives on the app thread.
 */
final class RpcConnection {
    private static final Logger LOG = System.getLogger(RpcConnection.class.getName());
    private static final int READ_BYTES = 16 * 1024;

    /** Requests taken up in one pump, so that a flood does not hold the app thread. */
    private static final int REQUESTS_PER_PUMP = 32;

    /** What is thrown away of the rest of a malformed stream, so that the client can still read why. */
    private static final int DISCARD_READS = 64;

    private final SocketChannel socket;
    private final SelectionKey key;
    private final RpcRegistry registry;
    private final RpcLimits limits;
    private final Executor owner;
    private final JsonFramer framer;
    private final ByteBuffer in = ByteBuffer.allocate(READ_BYTES);

    private final Deque<ByteBuffer> out = new ArrayDeque<>();
    private long queuedBytes;
    private int running;
    private long requests;
    private long malformed;

    /** No more requests come: the client ended its side, or sent what is not JSON. */
    private boolean inputEnded;

    private long inputEndedAt;
    private boolean closed;

    RpcConnection(
            SocketChannel socket,
            SelectionKey key,
            RpcRegistry registry,
            RpcLimits limits,
            Executor owner,
            JsonFramer framer) {
        this.socket = socket;
        this.key = key;
        this.registry = registry;
        this.limits = limits;
        this.owner = owner;
        this.framer = framer;
    }

    boolean isClosed() {
        return closed;
    }

    /** Requests, a batch counting as one, so far. */
    long requests() {
        return requests;
    }

    /** Whether it ended in a parse error: 0 or 1. */
    long malformed() {
        return malformed;
    }

    /**
     * Does what can be done without waiting.
     *
     * @param readable whether the selector says there is input
     * @return whether anything was done
     */
    boolean pump(boolean readable, long now) {
        if (closed) {
            return false;
        }
        try {
            boolean worked = flush();
            worked |= takeRequests(readable, now);
            if (closed) {
                return true; // a method closed the server
            }
            worked |= flush();
            if (inputEnded && isDrained(now)) {
                close();
                return true;
            }
            key.interestOps((mayRead() ? SelectionKey.OP_READ : 0) | (out.isEmpty() ? 0 : SelectionKey.OP_WRITE));
            return worked;
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "RPC connection lost: {0}", e.getMessage());
            close();
            return true;
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "RPC connection closed after an internal error", e);
            close();
            return true;
        }
    }

    private boolean isDrained(long now) {
        return (running == 0 && out.isEmpty())
                || now - inputEndedAt > limits.drainTimeout().toNanos();
    }

    private boolean mayRead() {
        return !closed
                && !inputEnded
                && running + out.size() < limits.maxPending()
                && queuedBytes < limits.maxQueuedBytes();
    }

    private boolean takeRequests(boolean readable, long now) throws IOException {
        boolean worked = false;
        try {
            worked = process();
            if (readable && mayRead() && framer.needsInput()) {
                worked |= read(now);
                worked |= process();
            }
        } catch (MalformedJsonException e) {
            worked = true;
            malformed++;
            LOG.log(Level.DEBUG, "RPC connection: {0}", e.getMessage());
            endInput(now);
            discardRest();
            queue(RpcExchange.parseError(String.valueOf(e.getMessage())));
        }
        return worked;
    }

    private boolean process() throws MalformedJsonException {
        int taken = 0;
        while (taken < REQUESTS_PER_PUMP && mayRead() && !framer.needsInput()) {
            JsonFramer.Frame frame = framer.next();
            if (frame == null) {
                break;
            }
            taken++;
            requests++;
            running++;
            RpcExchange.start(frame, registry, limits, owner, this::answer);
        }
        return taken > 0;
    }

    /** Whether input that was read already waits to be processed: the selector does not know about it. */
    boolean hasBufferedInput() {
        return mayRead() && !framer.needsInput();
    }

    private boolean read(long now) throws IOException, MalformedJsonException {
        in.clear();
        int n = socket.read(in);
        if (n < 0) {
            endInput(now);
            return true;
        }
        if (n > 0) {
            framer.feed(in.array(), 0, n);
        }
        return n > 0;
    }

    private void endInput(long now) {
        inputEnded = true;
        inputEndedAt = now;
    }

    private void discardRest() throws IOException {
        for (int i = 0; i < DISCARD_READS; i++) {
            in.clear();
            if (socket.read(in) <= 0) {
                return;
            }
        }
    }

    private void answer(byte[] reply) {
        running--;
        queue(reply);
    }

    private void queue(byte[] reply) {
        if (closed || reply.length == 0) {
            return;
        }
        out.add(ByteBuffer.wrap(reply));
        queuedBytes += reply.length;
    }

    private boolean flush() throws IOException {
        boolean worked = false;
        for (ByteBuffer b = out.peek(); b != null; b = out.peek()) {
            int n = socket.write(b);
            queuedBytes -= n;
            worked |= n > 0;
            if (b.hasRemaining()) {
                break;
            }
            out.remove();
        }
        return worked;
    }

    /** Whether replies wait that may be sent now: an answer that came from elsewhere since the last pump. */
    boolean hasOutput() {
        return !closed && !out.isEmpty() && (key.interestOps() & SelectionKey.OP_WRITE) == 0;
    }

    /** Whether the end of the connection is due. */
    boolean isEnding() {
        return !closed && inputEnded;
    }

    /** Sends what can be sent at once, then closes. Replies that are still to come are dropped. */
    void close() {
        if (closed) {
            return;
        }
        try {
            flush();
        } catch (IOException e) {
            LOG.log(Level.TRACE, "RPC connection closed before its last reply was sent: {0}", e.getMessage());
        }
        closed = true;
        out.clear();
        queuedBytes = 0;
        try {
            socket.close(); // cancels the key
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing an RPC connection failed: {0}", e.getMessage());
        }
    }
}
