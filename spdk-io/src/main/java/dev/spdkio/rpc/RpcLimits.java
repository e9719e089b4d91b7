// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.time.Duration;

/**
 * The named bounds of a {@link RpcServer}.
 *
 * <p>Beyond a bound of the framing (the first four) the client gets {@link RpcErrorCode#PARSE_ERROR} and the
 * connection is closed. Beyond {@code maxPending} or {@code maxQueuedBytes} the server just stops reading until the
 * client has read.
 *
 * @param maxRequestBytes bytes of one request or batch (SPDK: 256 KiB)
 * @param maxRequestValues scalars, objects, arrays and names in one request or batch (SPDK: 8192)
 * @param maxNestingDepth objects and arrays in one another (SPDK: 64)
 * @param maxConnections clients at a time; more wait in the backlog (SPDK: 64)
 * @param maxBatch requests in one batch
 * @param maxPending requests of one connection, a batch counting as one, that are not answered or whose answer is not
 *     sent
 * @param maxQueuedBytes replies of one connection that wait for the client to read
 * @param maxResponseBytes bytes of one reply (SPDK: 32 MiB)
 * @param drainTimeout how long a connection stays for replies that are still to come after the client has ended its
 *     side
 */
public record RpcLimits(
        int maxRequestBytes,
        int maxRequestValues,
        int maxNestingDepth,
        int maxConnections,
        int maxBatch,
        int maxPending,
        int maxQueuedBytes,
        int maxResponseBytes,
        Duration drainTimeout) {

    /** What a server uses unless told otherwise: as SPDK, but larger requests, so that a configuration fits in one. */
    public static final RpcLimits DEFAULT =
            new RpcLimits(1 << 20, 65_536, 64, 64, 1024, 128, 4 << 20, 32 << 20, Duration.ofSeconds(60));

    /** Checks that every bound is positive. */
    public RpcLimits {
        positive("maxRequestBytes", maxRequestBytes);
        positive("maxRequestValues", maxRequestValues);
        positive("maxNestingDepth", maxNestingDepth);
        positive("maxConnections", maxConnections);
        positive("maxBatch", maxBatch);
        positive("maxPending", maxPending);
        positive("maxQueuedBytes", maxQueuedBytes);
        positive("maxResponseBytes", maxResponseBytes);
        if (drainTimeout.isNegative()) {
            throw new IllegalArgumentException("drainTimeout is " + drainTimeout + ": must not be negative");
        }
    }

    private static void positive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " is " + value + ": must be at least 1");
        }
    }

    /** The same bounds with another {@link #maxRequestBytes}. */
    public RpcLimits withMaxRequestBytes(int value) {
        return new RpcLimits(
                value,
                maxRequestValues,
                maxNestingDepth,
                maxConnections,
                maxBatch,
                maxPending,
                maxQueuedBytes,
                maxResponseBytes,
                drainTimeout);
    }

    /** The same bounds with another {@link #maxConnections}. */
    public RpcLimits withMaxConnections(int value) {
        return new RpcLimits(
                maxRequestBytes,
                maxRequestValues,
                maxNestingDepth,
                value,
                maxBatch,
                maxPending,
                maxQueuedBytes,
                maxResponseBytes,
                drainTimeout);
    }

    /** The same bounds with another {@link #maxPending}. */
    public RpcLimits withMaxPending(int value) {
        return new RpcLimits(
                maxRequestBytes,
                maxRequestValues,
                maxNestingDepth,
                maxConnections,
                maxBatch,
                value,
                maxQueuedBytes,
                maxResponseBytes,
                drainTimeout);
    }

    /** The same bounds with another {@link #drainTimeout}. */
    public RpcLimits withDrainTimeout(Duration value) {
        return new RpcLimits(
                maxRequestBytes,
                maxRequestValues,
                maxNestingDepth,
                maxConnections,
                maxBatch,
                maxPending,
                maxQueuedBytes,
                maxResponseBytes,
                value);
    }
}
