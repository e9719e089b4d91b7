// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import dev.spdkio.bdev.IoType;
import dev.spdkio.spdk.ffi.BdevApi;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * Which types of I/O are passed on to SPDK for a device. Of the rest the hub makes what can be made from others, and
 * refuses what cannot.
 *
 * <p>SPDK makes copies, and compares and writes, from reads and writes without saying so. They are passed on: its
 * compare and write locks the range for SPDK's own users too. Its compare is not, since it takes no more than one of
 * SPDK's buffers has room for.
 */
final class NativeTypes {
    private static final Set<IoType> RARE = EnumSet.of(
            IoType.ABORT,
            IoType.ZCOPY,
            IoType.COMPARE,
            IoType.COMPARE_AND_WRITE,
            IoType.COPY,
            IoType.NVME_ADMIN,
            IoType.NVME_IO,
            IoType.SEEK_HOLE,
            IoType.SEEK_DATA);

    private static final Set<IoType> OF_PARTS =
            EnumSet.of(IoType.ABORT, IoType.COMPARE, IoType.COMPARE_AND_WRITE, IoType.COPY);

    /**
     * What stacked devices really do of these types: they say of each what the device below says. None ends a zero copy
     * there, so that what is committed can be lost. An error device calls a miscompare a plain failure, and SPDK takes
     * its I/O for split ones, whose aborts do not end.
     */
    private static final Map<String, Set<IoType>> DONE_BY = Map.of(
            "delay", EnumSet.of(IoType.ABORT),
            "passthru", EnumSet.of(IoType.ABORT, IoType.COMPARE, IoType.COPY),
            "split", OF_PARTS,
            "gpt", OF_PARTS,
            "error", EnumSet.of(IoType.COPY));

    private NativeTypes() {}

    /** The types of a device of a module of SPDK. */
    static Set<IoType> of(long bdev, String module) {
        Set<IoType> said = EnumSet.noneOf(IoType.class);
        for (IoType type : IoType.values()) {
            if (BdevApi.supports(bdev, number(type))) {
                said.add(type);
            }
        }
        Set<IoType> types = EnumSet.copyOf(said);
        Set<IoType> done = DONE_BY.getOrDefault(module, RARE);
        types.removeIf(type -> RARE.contains(type) && !done.contains(type));
        if (said.contains(IoType.ZONE_MANAGEMENT)) {
            types.add(IoType.GET_ZONE_INFO); // its own modules forget to say so
        } else if (said.containsAll(Set.of(IoType.READ, IoType.WRITE))) {
            if (!said.contains(IoType.COPY)) {
                types.add(IoType.COPY);
            }
            boolean comparesWell = types.contains(IoType.COMPARE) == said.contains(IoType.COMPARE);
            if (!said.contains(IoType.COMPARE_AND_WRITE) && comparesWell) {
                types.add(IoType.COMPARE_AND_WRITE);
            }
        }
        return types;
    }

    /** The number of {@code enum spdk_bdev_io_type}. */
    static int number(IoType type) {
        return switch (type) {
            case READ -> 1;
            case WRITE -> 2;
            case UNMAP -> 3;
            case FLUSH -> 4;
            case RESET -> 5;
            case NVME_ADMIN -> 6;
            case NVME_IO -> 7;
            case WRITE_ZEROES -> 9;
            case ZCOPY -> 10;
            case COMPARE -> 14;
            case COMPARE_AND_WRITE -> 15;
            case ABORT -> 16;
            case SEEK_HOLE -> 17;
            case SEEK_DATA -> 18;
            case COPY -> 19;
            case GET_ZONE_INFO -> 11;
            case ZONE_MANAGEMENT -> 12;
            case ZONE_APPEND -> 13;
        };
    }
}
