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
    /** Makes a range read as zeroes. Emulated by writes where the device cannot. */
    WRITE_ZEROES("write_zeroes");

    private final String jsonName;

    IoType(String jsonName) {
        this.jsonName = jsonName;
    }

    /** The name in JSON, as SPDK writes it. */
    public String jsonName() {
        return jsonName;
    }

    /** Whether it is for writers, so that it needs a descriptor that is open for writing; as in SPDK, so is flush. */
    public boolean modifies() {
        return this == WRITE || this == UNMAP || this == WRITE_ZEROES || this == FLUSH;
    }

    /** Whether it stores data, so that it has to keep to whole write units. */
    boolean storesData() {
        return this == WRITE || this == WRITE_ZEROES;
    }

    @SuppressWarnings("EnumOrdinal") // never stored
    int bit() {
        return 1 << ordinal();
    }
}
