// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

/**
 * How an I/O queue pair is to be. Stands for {@code struct spdk_nvme_io_qpair_opts}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param queueSize entries of the queue, 2 to 65536; 0 takes {@link ControllerOptions#ioQueueSize}
 * @param queueRequests request objects of the driver, at least {@code queueSize}; a long transfer takes several; 0
 *     takes {@link ControllerOptions#ioQueueRequests}
 * @param priority 0 (urgent) to 3 (low), where the controller arbitrates by weights
 * @param maxRequests how many requests may be under way or wait at once; beyond it a submit throws
 * @param retryCount how often a request is sent again that a lost connection ended, once there is a new one; 0 ends it
 *     with a status at once
 */
public record QueuePairOptions(int queueSize, int queueRequests, int priority, int maxRequests, int retryCount) {
    /** The limit of requests: the number of one fits into 16 bits. */
    public static final int MOST_REQUESTS = 1 << 16;

    /** The queue of the controller's options, 4096 requests, and three attempts after losses. */
    public static final QueuePairOptions DEFAULT = new QueuePairOptions(0, 0, 0, 4096, 3);

    /** Checks the ranges. */
    public QueuePairOptions {
        if (queueSize != 0 && (queueSize < 2 || queueSize > 65536)) {
            throw new IllegalArgumentException("queueSize " + queueSize + ": 2 to 65536, or 0 for the controller's");
        }
        if (queueRequests != 0 && queueRequests < queueSize) {
            throw new IllegalArgumentException(
                    "queueRequests " + queueRequests + ": at least queueSize " + queueSize + ", or 0");
        }
        if (priority < 0 || priority > 3) {
            throw new IllegalArgumentException("priority " + priority + ": 0 (urgent) to 3 (low)");
        }
        if (maxRequests < 1 || maxRequests > MOST_REQUESTS) {
            throw new IllegalArgumentException("maxRequests " + maxRequests + ": 1 to " + MOST_REQUESTS);
        }
        if (retryCount < 0) {
            throw new IllegalArgumentException("retryCount " + retryCount + " is negative");
        }
    }

    /** The same with another queue. */
    public QueuePairOptions withQueue(int size, int requests) {
        return new QueuePairOptions(size, requests, priority, maxRequests, retryCount);
    }

    /** The same with another priority. */
    public QueuePairOptions withPriority(int value) {
        return new QueuePairOptions(queueSize, queueRequests, value, maxRequests, retryCount);
    }

    /** The same with another limit of requests. */
    public QueuePairOptions withMaxRequests(int value) {
        return new QueuePairOptions(queueSize, queueRequests, priority, value, retryCount);
    }

    /** The same with another number of attempts after losses. */
    public QueuePairOptions withRetryCount(int value) {
        return new QueuePairOptions(queueSize, queueRequests, priority, maxRequests, value);
    }
}
