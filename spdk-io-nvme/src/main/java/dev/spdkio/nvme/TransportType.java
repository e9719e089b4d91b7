// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

/** How an NVMe controller is reached. Stands for {@code enum spdk_nvme_transport_type}. */
public enum TransportType {
    /** A controller in this machine. */
    PCIE("PCIe"),
    /** Fabrics over RDMA. */
    RDMA("RDMA"),
    /** Fabrics over Fibre Channel. */
    FC("FC"),
    /** Fabrics over TCP. */
    TCP("TCP"),
    /** A device of another process, over a socket of vfio-user. */
    VFIOUSER("VFIOUSER"),
    /** A transport that was added to the driver; {@link TransportId#trstring} names it. */
    CUSTOM("CUSTOM");

    private final String text;

    TransportType(String text) {
        this.text = text;
    }

    /** The name as SPDK writes it after {@code trtype:}. */
    public String text() {
        return text;
    }

    /** The type of that name, in any case; {@link #CUSTOM} for one that is not known. */
    public static TransportType of(String name) {
        for (TransportType t : values()) {
            if (t.text.equalsIgnoreCase(name)) {
                return t;
            }
        }
        return CUSTOM;
    }
}
