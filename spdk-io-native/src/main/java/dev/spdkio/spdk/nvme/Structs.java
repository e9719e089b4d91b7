// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import dev.spdkio.nvme.AddressFamily;
import dev.spdkio.nvme.ControllerOptions;
import dev.spdkio.nvme.QueuePairOptions;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.spdk.ffi.NativeStruct;
import dev.spdkio.spdk.ffi.NvmeApi;
import dev.spdkio.spdk.ffi.NvmeIoApi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;

/** Options and addresses as structures of the loaded release. */
public final class Structs {
    private static final String CTRLR = "spdk_nvme_ctrlr_opts";
    private static final String QPAIR = "spdk_nvme_io_qpair_opts";

    /** Offsets of {@code struct spdk_nvme_cpl} and {@code struct spdk_nvme_dsm_range}, which the hardware has so. */
    static final int CPL_DWORD_3 = 12;

    static final int DSM_LENGTH = 4;
    static final int DSM_LBA = 8;
    static final int DSM_RANGE_BYTES = 16;

    private Structs() {}

    /** What a {@code struct spdk_nvme_transport_id} of SPDK's says. */
    public static TransportId transportId(long pointer) {
        NativeStruct s = NativeStruct.at("spdk_nvme_transport_id", pointer);
        return new TransportId(
                s.bytes("trstring").getString(0),
                AddressFamily.ofCode((int) s.get("adrfam")).orElse(null),
                s.bytes("traddr").getString(0),
                s.bytes("trsvcid").getString(0),
                s.bytes("subnqn").getString(0),
                (int) s.get("priority"));
    }

    /** A {@code struct spdk_nvme_ctrlr_opts}. */
    static NativeStruct controllerOpts(ControllerOptions o, Arena arena) {
        NativeStruct s = NativeStruct.allocate(CTRLR, arena);
        NvmeApi.defaultControllerOpts(s.address(), s.size());
        fill(s, o);
        return s;
    }

    /** Puts what the application chose into a {@code struct spdk_nvme_ctrlr_opts} that has SPDK's defaults. */
    static void fill(long opts, ControllerOptions o) {
        fill(NativeStruct.at(CTRLR, opts), o);
    }

    private static void fill(NativeStruct s, ControllerOptions o) {
        s.set("num_io_queues", o.numIoQueues())
                .set("io_queue_size", o.ioQueueSize())
                .set("io_queue_requests", o.ioQueueRequests())
                .set("admin_queue_size", o.adminQueueSize())
                .set("keep_alive_timeout_ms", millis(o.keepAliveTimeout()))
                .set("transport_retry_count", o.transportRetryCount())
                .set("admin_timeout_ms", millis(o.adminTimeout()))
                .set("fabrics_connect_timeout_us", o.connectTimeout().toNanos() / 1000)
                .set("header_digest", o.headerDigest())
                .set("data_digest", o.dataDigest())
                .set("no_shn_notification", o.noShutdownNotification());
        if (!o.hostNqn().isEmpty()) {
            text(s, "hostnqn", o.hostNqn());
        }
        text(s, "src_addr", o.sourceAddress());
        text(s, "src_svcid", o.sourceServiceId());
        UUID host = o.hostId();
        if (host != null) {
            ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES)
                    .putLong(host.getMostSignificantBits())
                    .putLong(host.getLeastSignificantBits())
                    .flip();
            s.bytes("extended_host_id").copyFrom(MemorySegment.ofBuffer(bytes));
        }
    }

    /** How many I/O queues the controller has given. */
    static int grantedIoQueues(long controller) {
        return (int) NativeStruct.at(CTRLR, NvmeApi.controllerOpts(controller)).get("num_io_queues");
    }

    /** A {@code struct spdk_nvme_io_qpair_opts} of a queue pair that connects while it is polled. */
    static NativeStruct queuePairOpts(long controller, QueuePairOptions o, Arena arena) {
        NativeStruct s = NativeStruct.allocate(QPAIR, arena);
        NvmeIoApi.defaultQueuePairOpts(controller, s.address(), s.size());
        s.set("qprio", o.priority()).set("async_mode", true);
        if (o.queueSize() != 0) {
            s.set("io_queue_size", o.queueSize());
        }
        if (o.queueRequests() != 0) {
            s.set("io_queue_requests", o.queueRequests());
        }
        return s;
    }

    private static void text(NativeStruct s, String field, String value) {
        s.bytes(field).setString(0, value, StandardCharsets.US_ASCII);
    }

    private static long millis(Duration d) {
        return Math.min(Integer.MAX_VALUE, d.toMillis());
    }
}
