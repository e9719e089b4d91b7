// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * How a target is made. Stands for {@code struct spdk_nvmf_target_opts}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param name its name, which no other target of the process has; at most 255 bytes
 * @param maxSubsystems subsystems it can have, its discovery subsystem included
 * @param discoveryFilter what a listener must have in common with a host's own way to be shown to it; empty shows all
 * @param crdt1 the first of three delays, in units of 100 ms, after which hosts may be told to try a command again
 * @param crdt2 the second
 * @param crdt3 the third
 * @param discovery whether it has a discovery subsystem, open to all hosts, from the start
 */
public record NvmfTargetOptions(
        String name,
        int maxSubsystems,
        Set<DiscoveryFilter> discoveryFilter,
        int crdt1,
        int crdt2,
        int crdt3,
        boolean discovery) {
    /** Room for 32 subsystems, one of which lists the others. */
    public static final NvmfTargetOptions DEFAULT = new NvmfTargetOptions("spdkio", 32, Set.of(), 0, 0, 0, true);

    private static final int MAX_NAME_BYTES = 255;
    private static final int MAX_SUBSYSTEMS = 1 << 16;

    /** Checks the numbers. */
    public NvmfTargetOptions {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > MAX_NAME_BYTES) {
            throw new IllegalArgumentException(
                    "the name of an NVMe-oF target has " + bytes + " bytes but must have 1 to " + MAX_NAME_BYTES);
        }
        if (maxSubsystems < 1 || maxSubsystems > MAX_SUBSYSTEMS) {
            throw new IllegalArgumentException("NVMe-oF target " + name + ": maxSubsystems is " + maxSubsystems
                    + " but must be 1 to " + MAX_SUBSYSTEMS);
        }
        for (int crdt : new int[] {crdt1, crdt2, crdt3}) {
            if (crdt < 0 || crdt > 0xFFFF) {
                throw new IllegalArgumentException("NVMe-oF target " + name + ": a command retry delay is " + crdt
                        + " but must be 0 to 65535 units of 100 ms");
            }
        }
        discoveryFilter = Set.copyOf(discoveryFilter);
    }

    /** The same with another {@link #name}. */
    public NvmfTargetOptions withName(String value) {
        return new NvmfTargetOptions(value, maxSubsystems, discoveryFilter, crdt1, crdt2, crdt3, discovery);
    }

    /** The same with another {@link #maxSubsystems}. */
    public NvmfTargetOptions withMaxSubsystems(int value) {
        return new NvmfTargetOptions(name, value, discoveryFilter, crdt1, crdt2, crdt3, discovery);
    }

    /** The same with another {@link #discoveryFilter}. */
    public NvmfTargetOptions withDiscoveryFilter(DiscoveryFilter... values) {
        return new NvmfTargetOptions(name, maxSubsystems, Set.of(values), crdt1, crdt2, crdt3, discovery);
    }

    /** The same with other command retry delays, in units of 100 ms. */
    public NvmfTargetOptions withCrdt(int first, int second, int third) {
        return new NvmfTargetOptions(name, maxSubsystems, discoveryFilter, first, second, third, discovery);
    }

    /** The same without a discovery subsystem, or with one. */
    public NvmfTargetOptions withDiscovery(boolean value) {
        return new NvmfTargetOptions(name, maxSubsystems, discoveryFilter, crdt1, crdt2, crdt3, value);
    }
}
