// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvmf;

import dev.spdkio.nvme.AddressFamily;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.spdk.ffi.NvmfApi;
import java.lang.foreign.Arena;

/** The addresses of listeners as {@code struct spdk_nvme_transport_id}. */
final class TransportIds {
    private TransportIds() {}

    /**
     * An address as listeners have it: with the kind of address, and without a subsystem.
     *
     * @throws IllegalArgumentException if it names another subsystem than {@code nqn}, or a port no one can listen at
     */
    static TransportId ofListener(TransportId id, String nqn) {
        if (!id.subnqn().isEmpty() && !id.subnqn().equals(nqn)) {
            throw new IllegalArgumentException(
                    "subsystem " + nqn + " cannot listen at " + id + ", which names another: leave subnqn empty");
        }
        if (id.trsvcid().equals("0")) {
            throw new IllegalArgumentException(
                    "subsystem " + nqn + " cannot listen at " + id + ": SPDK does not choose a port, name one");
        }
        AddressFamily family = id.adrfam() != null
                ? id.adrfam()
                : id.traddr().indexOf(':') < 0 ? AddressFamily.IPV4 : AddressFamily.IPV6;
        return new TransportId(id.trstring(), family, id.traddr(), id.trsvcid(), "", 0);
    }

    /** The address of one as SPDK has it. */
    static long write(Arena arena, TransportId id) {
        return NvmfApi.transportId(arena, id.toString());
    }
}
