// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a controller is to be driven. Stands for {@code struct spdk_nvme_ctrlr_opts}, whose defaults it has, and for the
 * options of SPDK's NVMe devices that say what happens when a connection is lost.
 *
 * <p>Thread rule: immutable, usable anywhere.
 */
public final class ControllerOptions {
    /** SPDK's defaults; a lost connection is made again for 30 s, once a second. */
    public static final ControllerOptions DEFAULT = builder().build();

    private static final int MAX_QUEUE = 65536;

    private final Builder b;

    private ControllerOptions(Builder b) {
        this.b = b;
    }

    /** Begins with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Begins with these options. */
    public Builder toBuilder() {
        return b.copy();
    }

    /** I/O queues to ask the controller for. */
    public int numIoQueues() {
        return b.numIoQueues;
    }

    /** Entries of an I/O queue. */
    public int ioQueueSize() {
        return b.ioQueueSize;
    }

    /** Request objects of an I/O queue. */
    public int ioQueueRequests() {
        return b.ioQueueRequests;
    }

    /** Entries of the admin queue. */
    public int adminQueueSize() {
        return b.adminQueueSize;
    }

    /** After which silence of ours the controller gives up; zero for never. */
    public Duration keepAliveTimeout() {
        return b.keepAliveTimeout;
    }

    /** How often PCIe commands are sent again that fail in passing. */
    public int transportRetryCount() {
        return b.transportRetryCount;
    }

    /** The name of this host; empty for one that is made up. */
    public String hostNqn() {
        return b.hostNqn;
    }

    /** The identifier of this host; null for one that is made up. */
    public @Nullable UUID hostId() {
        return b.hostId;
    }

    /** The address to connect from; empty for any. */
    public String sourceAddress() {
        return b.sourceAddress;
    }

    /** The port to connect from; empty for any. */
    public String sourceServiceId() {
        return b.sourceServiceId;
    }

    /** How long an admin command of the initialisation may take. */
    public Duration adminTimeout() {
        return b.adminTimeout;
    }

    /** How long a connection may take. */
    public Duration connectTimeout() {
        return b.connectTimeout;
    }

    /** Whether headers of NVMe/TCP carry a checksum. */
    public boolean headerDigest() {
        return b.headerDigest;
    }

    /** Whether data of NVMe/TCP carries a checksum. */
    public boolean dataDigest() {
        return b.dataDigest;
    }

    /** Whether the controller is left running at detach. */
    public boolean noShutdownNotification() {
        return b.noShutdownNotification;
    }

    /** How long an I/O may be under way before the connection counts as lost; zero for ever. */
    public Duration ioTimeout() {
        return b.ioTimeout;
    }

    /** How long a lost connection is tried again; zero: once. See {@link Builder#lossTimeout}. */
    public Duration lossTimeout() {
        return b.lossTimeout;
    }

    /** The pause between two attempts. */
    public Duration reconnectDelay() {
        return b.reconnectDelay;
    }

    /** Describes options. */
    public static final class Builder {
        private int numIoQueues = 1024;
        private int ioQueueSize = 256;
        private int ioQueueRequests = 512;
        private int adminQueueSize = 32;
        private Duration keepAliveTimeout = Duration.ofSeconds(10);
        private int transportRetryCount = 4;
        private String hostNqn = "";
        private @Nullable UUID hostId;
        private String sourceAddress = "";
        private String sourceServiceId = "";
        private Duration adminTimeout = Duration.ofMinutes(2);
        private Duration connectTimeout = Duration.ofMinutes(1);
        private boolean headerDigest;
        private boolean dataDigest;
        private boolean noShutdownNotification;
        private Duration ioTimeout = Duration.ZERO;
        private Duration lossTimeout = Duration.ofSeconds(30);
        private Duration reconnectDelay = Duration.ofSeconds(1);

        private Builder() {}

        private Builder copy() {
            Builder c = new Builder();
            c.numIoQueues = numIoQueues;
            c.ioQueueSize = ioQueueSize;
            c.ioQueueRequests = ioQueueRequests;
            c.adminQueueSize = adminQueueSize;
            c.keepAliveTimeout = keepAliveTimeout;
            c.transportRetryCount = transportRetryCount;
            c.hostNqn = hostNqn;
            c.hostId = hostId;
            c.sourceAddress = sourceAddress;
            c.sourceServiceId = sourceServiceId;
            c.adminTimeout = adminTimeout;
            c.connectTimeout = connectTimeout;
            c.headerDigest = headerDigest;
            c.dataDigest = dataDigest;
            c.noShutdownNotification = noShutdownNotification;
            c.ioTimeout = ioTimeout;
            c.lossTimeout = lossTimeout;
            c.reconnectDelay = reconnectDelay;
            return c;
        }

        /** I/O queues to ask the controller for, 0 to 65535; 0 suffices for discovery. Default 1024. */
        public Builder numIoQueues(int value) {
            numIoQueues = inRange("numIoQueues", value, 0, MAX_QUEUE - 1);
            return this;
        }

        /** Entries of an I/O queue, 2 to 65536. Default 256. */
        public Builder ioQueueSize(int value) {
            ioQueueSize = inRange("ioQueueSize", value, 2, MAX_QUEUE);
            return this;
        }

        /** Request objects of an I/O queue, of which a long transfer takes several. Default 512. */
        public Builder ioQueueRequests(int value) {
            ioQueueRequests = inRange("ioQueueRequests", value, 2, 1 << 20);
            return this;
        }

        /** Entries of the admin queue, 2 to 4096. Default 32. */
        public Builder adminQueueSize(int value) {
            adminQueueSize = inRange("adminQueueSize", value, 2, 4096);
            return this;
        }

        /** After which silence of ours the controller gives up; zero for never. Default 10 s. */
        public Builder keepAliveTimeout(Duration value) {
            keepAliveTimeout = notNegative("keepAliveTimeout", value);
            return this;
        }

        /** How often PCIe commands are sent again that fail in passing, 0 to 255. Default 4. */
        public Builder transportRetryCount(int value) {
            transportRetryCount = inRange("transportRetryCount", value, 0, 255);
            return this;
        }

        /** The name of this host; empty for one that is made up. */
        public Builder hostNqn(String value) {
            hostNqn = atMost("hostNqn", value, TransportId.MAX_NQN);
            return this;
        }

        /** The identifier of this host; null for one that is made up. */
        public Builder hostId(@Nullable UUID value) {
            hostId = value;
            return this;
        }

        /** The address and port to connect from; empty for any. */
        public Builder source(String address, String serviceId) {
            sourceAddress = atMost("sourceAddress", address, TransportId.MAX_TRADDR);
            sourceServiceId = atMost("sourceServiceId", serviceId, TransportId.MAX_TRSVCID);
            return this;
        }

        /** How long an admin command of the initialisation may take. Default 120 s. */
        public Builder adminTimeout(Duration value) {
            adminTimeout = notNegative("adminTimeout", value);
            return this;
        }

        /** How long a connection may take. Default 60 s. */
        public Builder connectTimeout(Duration value) {
            connectTimeout = notNegative("connectTimeout", value);
            return this;
        }

        /** Whether headers and data of NVMe/TCP carry checksums. Default: neither. */
        public Builder digests(boolean header, boolean data) {
            headerDigest = header;
            dataDigest = data;
            return this;
        }

        /** Leaves the controller running at detach, without telling it of the shutdown. */
        public Builder noShutdownNotification() {
            noShutdownNotification = true;
            return this;
        }

        /** How long an I/O may be under way before the connection counts as lost; zero, the default, for ever. */
        public Builder ioTimeout(Duration value) {
            ioTimeout = notNegative("ioTimeout", value);
            return this;
        }

        /**
         * How long a lost connection is tried again before the controller counts as removed; zero: once. What SPDK's
         * NVMe devices call {@code ctrlr_loss_timeout_sec}; {@code Duration.ofSeconds(Long.MAX_VALUE)} is its -1.
         */
        public Builder lossTimeout(Duration value) {
            lossTimeout = notNegative("lossTimeout", value);
            return this;
        }

        /** The pause between two attempts; {@code reconnect_delay_sec}. Default 1 s. */
        public Builder reconnectDelay(Duration value) {
            reconnectDelay = notNegative("reconnectDelay", value);
            return this;
        }

        private static int inRange(String name, int value, int min, int max) {
            if (value < min || value > max) {
                throw new IllegalArgumentException(name + " " + value + ": " + min + " to " + max);
            }
            return value;
        }

        private static String atMost(String name, String value, int max) {
            if (Objects.requireNonNull(value, name).length() > max) {
                throw new IllegalArgumentException(name + " has " + value.length() + " characters: at most " + max);
            }
            return value;
        }

        private static Duration notNegative(String name, Duration value) {
            if (value.isNegative()) {
                throw new IllegalArgumentException(name + " " + value + " is negative");
            }
            return value;
        }

        /** The options. */
        public ControllerOptions build() {
            return new ControllerOptions(copy());
        }
    }
}
