// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import dev.spdkio.nvme.TransportType;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * How a transport is made: what is not said is left to the target. Stands for {@code struct spdk_nvmf_transport_opts}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param trtype what it speaks over
 * @param values what is said
 */
public record NvmfTransportOptions(TransportType trtype, Map<NvmfTransportOption, Long> values) {
    private static final long MAX_VALUE = 0xFFFF_FFFFL;

    /** Checks the numbers. */
    public NvmfTransportOptions {
        values = Map.copyOf(values);
        if (trtype == TransportType.PCIE || trtype == TransportType.CUSTOM) {
            throw new IllegalArgumentException(
                    "an NVMe-oF transport cannot be of type " + trtype.text() + ": use TCP or RDMA");
        }
        values.forEach((option, value) -> {
            if (value < 0 || value > MAX_VALUE) {
                throw new IllegalArgumentException("transport " + trtype.text() + ": " + option.field() + " is " + value
                        + " but must be 0 to " + MAX_VALUE);
            }
        });
        Long maxIo = values.get(NvmfTransportOption.MAX_IO_SIZE);
        if (maxIo != null && (maxIo < 8192 || Long.bitCount(maxIo) != 1)) {
            throw new IllegalArgumentException("transport " + trtype.text() + ": max_io_size is " + maxIo
                    + " but must be a power of two from 8192 bytes");
        }
    }

    /** TCP, as the target thinks best. */
    public static NvmfTransportOptions tcp() {
        return new NvmfTransportOptions(TransportType.TCP, Map.of());
    }

    /** RDMA, as the target thinks best. */
    public static NvmfTransportOptions rdma() {
        return new NvmfTransportOptions(TransportType.RDMA, Map.of());
    }

    /** The same with another value of an option, in the unit that it names. */
    public NvmfTransportOptions with(NvmfTransportOption option, long value) {
        Map<NvmfTransportOption, Long> changed = new EnumMap<>(NvmfTransportOption.class);
        changed.putAll(values);
        changed.put(option, value);
        return new NvmfTransportOptions(trtype, changed);
    }

    /** The value of an option, if it is said. */
    public OptionalLong get(NvmfTransportOption option) {
        Long value = values.get(option);
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }
}
