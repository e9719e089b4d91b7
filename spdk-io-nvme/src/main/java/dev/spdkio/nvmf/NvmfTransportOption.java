// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import java.util.Locale;

/**
 * The numbers by which a transport can be tuned. Stand for the fields of {@code struct spdk_nvmf_transport_opts}, in
 * its units; those of true or false are 1 or 0.
 */
public enum NvmfTransportOption {
    /** Commands that a queue pair for I/O can have under way. */
    MAX_QUEUE_DEPTH,
    /** Queue pairs of a controller, the one for administration included. */
    MAX_QPAIRS_PER_CTRLR,
    /** Bytes of data that may come within a command. */
    IN_CAPSULE_DATA_SIZE,
    /** Bytes of the largest I/O: a power of two, at least 8192. */
    MAX_IO_SIZE,
    /** Bytes of the buffers of which I/O is put together. */
    IO_UNIT_SIZE,
    /** Commands that a queue pair for administration can have under way; at least 32. */
    MAX_AQ_DEPTH,
    /** Buffers for data that all poll groups share. */
    NUM_SHARED_BUFFERS,
    /** Buffers for data that each poll group keeps for itself. */
    BUF_CACHE_SIZE,
    /** Whether metadata for protection is added and removed on the way. */
    DIF_INSERT_OR_STRIP,
    /** Seconds that a command which is to be aborted is waited for. */
    ABORT_TIMEOUT_SEC,
    /** Milliseconds after which a controller without queue pairs for I/O is given up. */
    ASSOCIATION_TIMEOUT,
    /** Microseconds between two looks for hosts that want to connect. */
    ACCEPTOR_POLL_RATE,
    /** Whether bdevs that can lend their own buffers are asked to. */
    ZCOPY,
    /** Milliseconds that data sent is waited to be acknowledged. */
    ACK_TIMEOUT,
    /** Work requests for data over RDMA that all queue pairs share. */
    DATA_WR_POOL_SIZE,
    /** Milliseconds of the shortest keep-alive time that hosts are given. */
    MIN_KATO,
    /** The unit of keep-alive times, in 100 ms. */
    KAS;

    /** The name of SPDK's field, and of the parameter of {@code nvmf_create_transport}. */
    public String field() {
        return name().toLowerCase(Locale.ROOT);
    }
}
