// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

/**
 * What an I/O does. Stands for {@code enum spdk_bdev_io_type}.
 *
 * <p>Thread rule: a constant, usable anywhere.
 */
public enum IoType {
    /** Fills the buffer from the device. */
    READ("read"),
    /** Stores the buffer on the device. */
    WRITE("write"),
    /** Tells the device that a range holds nothing any more; what it reads as afterwards is the device's business. */
    UNMAP("unmap"),
    /** Makes what was written before survive a loss of power. */
    FLUSH("flush"),
    /** Brings the device back to a known state; everything in flight ends aborted or done. */
    RESET("reset"),
    /** Hands an NVMe command to the device's controller. */
    NVME_ADMIN("nvme_admin"),
    /** Hands an NVMe command to the device's namespace. */
    NVME_IO("nvme_io"),
    /** Makes a range read as zeroes. Emulated by writes where the device cannot. */
    WRITE_ZEROES("write_zeroes"),
    /** Gives out the device's own memory of a range, and takes it back. */
    ZCOPY("zcopy"),
    /** Compares a range with the buffer. Emulated by reads where the device cannot. */
    COMPARE("compare"),
    /** Stores one buffer if the range holds the other. Emulated under a lock of the range where the device cannot. */
    COMPARE_AND_WRITE("compare_and_write"),
    /** Ends another I/O early. */
    ABORT("abort"),
    /** Finds the next range that holds nothing. Emulated, as if there were none, where the device cannot. */
    SEEK_HOLE("seek_hole"),
    /** Finds the next range that holds something. Emulated, as if all did, where the device cannot. */
    SEEK_DATA("seek_data"),
    /** Copies one range of the device to another. Emulated by reads and writes where the device cannot. */
    COPY("copy"),
    /** Stores the buffer where the write pointer of a zone is, and tells where that was. */
    ZONE_APPEND("zone_append"),
    /** Opens, closes, finishes, resets or gives up a zone. */
    ZONE_MANAGEMENT("zone_management"),
    /** Tells of zones: their states and write pointers. */
    GET_ZONE_INFO("get_zone_info");

    private final String jsonName;

    IoType(String jsonName) {
        this.jsonName = jsonName;
    }

    /** The name in JSON, as SPDK writes it. */
    public String jsonName() {
        return jsonName;
    }

    /**
     * Whether it is for writers, so that it needs a descriptor that is open for writing. As in SPDK that is so for
     * flush, and for zero copies and NVMe commands too, whatever they do.
     */
    public boolean modifies() {
        return switch (this) {
            case READ, RESET, COMPARE, ABORT, SEEK_HOLE, SEEK_DATA, GET_ZONE_INFO -> false;
            case WRITE, UNMAP, FLUSH, NVME_ADMIN, NVME_IO, WRITE_ZEROES, ZCOPY, COMPARE_AND_WRITE, COPY -> true;
            case ZONE_APPEND, ZONE_MANAGEMENT -> true;
        };
    }

    /** Whether only a device with zones can do it. */
    boolean isForZones() {
        return this == ZONE_APPEND || this == ZONE_MANAGEMENT || this == GET_ZONE_INFO;
    }

    /** Whether it stores data, so that it has to keep to whole write units. */
    boolean storesData() {
        return this == WRITE
                || this == WRITE_ZEROES
                || this == COMPARE_AND_WRITE
                || this == COPY
                || this == ZONE_APPEND;
    }

    @SuppressWarnings("EnumOrdinal") // never stored
    int bit() {
        return 1 << ordinal();
    }
}
