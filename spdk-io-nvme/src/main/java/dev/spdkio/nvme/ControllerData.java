// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import java.lang.foreign.MemorySegment;

/**
 * What a controller says of itself. Stands for {@code struct spdk_nvme_ctrlr_data}: Identify with CNS 1.
 *
 * <p>Thread rule: immutable, usable anywhere.
 */
public final class ControllerData {
    private static final int ONCS_COMPARE = 1;
    private static final int ONCS_DSM = 1 << 2;
    private static final int ONCS_WRITE_ZEROES = 1 << 3;

    private final Bytes d;

    private ControllerData(Bytes d) {
        this.d = d;
    }

    /** Copies the 4096 bytes of the answer. */
    public static ControllerData of(MemorySegment identify) {
        return new ControllerData(Bytes.identify(identify));
    }

    /** PCI vendor. */
    public int vendorId() {
        return d.u16(0);
    }

    /** PCI subsystem vendor. */
    public int subsystemVendorId() {
        return d.u16(2);
    }

    /** Serial number. */
    public String serialNumber() {
        return d.text(4, 20);
    }

    /** Model number. */
    public String modelNumber() {
        return d.text(24, 40);
    }

    /** Firmware revision. */
    public String firmwareRevision() {
        return d.text(64, 8);
    }

    /** Controller identifier. */
    public int controllerId() {
        return d.u16(78);
    }

    /** The version of the specification: major in bits 16 and up, minor in 8 to 15, tertiary below. */
    public int version() {
        return d.i32(80);
    }

    /**
     * MDTS: the longest transfer as a power of two of the controller's least page size; 0 for no limit. The driver
     * splits what is longer.
     */
    public int maxDataTransferSizeShift() {
        return d.u8(77);
    }

    /** What kind of controller it is: 1 for I/O, 2 for discovery, 3 administrative; 0 from before 1.4. */
    public int controllerType() {
        return d.u8(111);
    }

    /** OACS: optional admin commands, as bits. */
    public int optionalAdminCommands() {
        return d.u16(256);
    }

    /** AERL: the most asynchronous event requests, less one. */
    public int asyncEventRequestLimit() {
        return d.u8(259);
    }

    /** KAS: the granularity of the keep-alive timer in units of 100 ms; 0 if there is none. */
    public int keepAliveSupport() {
        return d.u16(320);
    }

    /** MAXCMD: the most commands of a queue at once; 0 if it is not said. */
    public int maxCommands() {
        return d.u16(514);
    }

    /** NN: the highest namespace identifier. */
    public long namespaceCount() {
        return d.u32(516);
    }

    /** ONCS: optional I/O commands, as bits. */
    public int optionalNvmCommands() {
        return d.u16(520);
    }

    /** FUSES: which fused operations there are, as bits. */
    public int fusedOperations() {
        return d.u16(522);
    }

    /** Whether there is a volatile write cache, which {@link NvmeOperation#FLUSH} empties. */
    public boolean hasVolatileWriteCache() {
        return (d.u8(525) & 1) != 0;
    }

    /** AWUN: blocks of any namespace that a write stores or does not store together, at least. */
    public int atomicWriteUnit() {
        return d.u16(526) + 1;
    }

    /** AWUPF: the same when power fails. */
    public int atomicWriteUnitPowerFail() {
        return d.u16(528) + 1;
    }

    /** ACWU: the same of fused compare and write. */
    public int atomicCompareAndWriteUnit() {
        return d.u16(532) + 1;
    }

    /** SGLS: what the controller can do with scatter-gather lists, as bits. */
    public int sglSupport() {
        return d.i32(536);
    }

    /** The name of the subsystem. */
    public String subsystemNqn() {
        return d.text(768, 256);
    }

    /** Whether it has an I/O command. */
    public boolean supports(NvmeOperation operation) {
        int oncs = optionalNvmCommands();
        return switch (operation) {
            case READ, WRITE, FLUSH, COMMAND -> true;
            case COMPARE -> (oncs & ONCS_COMPARE) != 0;
            case DEALLOCATE -> (oncs & ONCS_DSM) != 0;
            case WRITE_ZEROES -> (oncs & ONCS_WRITE_ZEROES) != 0;
        };
    }

    /** A copy of {@code length} bytes from {@code offset} on, for what has no method here. */
    public byte[] bytes(int offset, int length) {
        return d.slice(offset, length);
    }

    @Override
    public String toString() {
        return modelNumber() + " " + serialNumber() + " (firmware " + firmwareRevision() + ")";
    }
}
