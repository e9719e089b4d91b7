// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.ZoneAction;
import dev.spdkio.bdev.ZoneInfo;
import dev.spdkio.bdev.ZoneSpec;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The functions of {@code spdk/bdev_zone.h}. Those that submit return 0 or a negative error number, and call back only
 * if they return 0; ranges are in blocks. On the SPDK thread of the channel.
 */
public final class ZoneApi {
    /** Bytes of a {@code struct spdk_bdev_zone_info}. */
    public static final long INFO_BYTES = 32;

    private static final long INFO_WRITE_POINTER = 8;
    private static final long INFO_CAPACITY = 16;
    private static final long INFO_STATE = 24;
    private static final long INFO_TYPE = 28;

    private static final MethodHandle IS_ZONED = Downcall.of("spdk_bdev_is_zoned", JAVA_BOOLEAN, JAVA_LONG);
    private static final MethodHandle ZONE_SIZE = Downcall.of("spdk_bdev_get_zone_size", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MAX_APPEND = number("spdk_bdev_get_max_zone_append_size");
    private static final MethodHandle MAX_OPEN = number("spdk_bdev_get_max_open_zones");
    private static final MethodHandle MAX_ACTIVE = number("spdk_bdev_get_max_active_zones");
    private static final MethodHandle OPTIMAL_OPEN = number("spdk_bdev_get_optimal_open_zones");
    private static final MethodHandle APPEND = Downcall.of(
            "spdk_bdev_zone_appendv",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    private static final MethodHandle MANAGE = Downcall.of(
            "spdk_bdev_zone_management", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle GET_INFO = Downcall.of(
            "spdk_bdev_get_zone_info",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    private static final MethodHandle APPEND_LOCATION =
            Downcall.of("spdk_bdev_io_get_append_location", JAVA_LONG, JAVA_LONG);

    private static final ZoneInfo.State[] STATES = ZoneInfo.State.values();
    private static final ZoneInfo.Type[] TYPES = ZoneInfo.Type.values();

    private ZoneApi() {}

    private static MethodHandle number(String symbol) {
        return Downcall.of(symbol, JAVA_INT, JAVA_LONG);
    }

    /** What the zones of a device are like, or null if it has none. */
    public static @Nullable ZoneSpec zones(long bdev) {
        try {
            return (boolean) IS_ZONED.invokeExact(bdev)
                    ? new ZoneSpec(
                            (long) ZONE_SIZE.invokeExact(bdev),
                            Integer.toUnsignedLong((int) MAX_APPEND.invokeExact(bdev)),
                            (int) MAX_OPEN.invokeExact(bdev),
                            (int) MAX_ACTIVE.invokeExact(bdev),
                            (int) OPTIMAL_OPEN.invokeExact(bdev))
                    : null;
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_zone_appendv}. */
    public static int append(
            long desc, long channel, long iovs, int iovcnt, long zone, long count, long callback, long argument) {
        try {
            return (int) APPEND.invokeExact(desc, channel, iovs, iovcnt, zone, count, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_io_get_append_location}. */
    public static long appendLocation(long io) {
        try {
            return (long) APPEND_LOCATION.invokeExact(io);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_zone_management}. */
    public static int manage(long desc, long channel, long zone, ZoneAction action, long callback, long argument) {
        int number = switch (action) {
            case CLOSE -> 0;
            case FINISH -> 1;
            case OPEN -> 2;
            case RESET -> 3;
            case OFFLINE -> 4;
        };
        try {
            return (int) MANAGE.invokeExact(desc, channel, zone, number, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_get_zone_info} into {@link #INFO_BYTES} for each zone. */
    public static int info(long desc, long channel, long zone, long zones, long infos, long callback, long argument) {
        try {
            return (int) GET_INFO.invokeExact(desc, channel, zone, zones, infos, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** What one {@code struct spdk_bdev_zone_info} says. */
    public static ZoneInfo info(MemorySegment infos, int index) {
        long at = index * INFO_BYTES;
        return new ZoneInfo(
                infos.get(JAVA_LONG, at),
                infos.get(JAVA_LONG, at + INFO_WRITE_POINTER),
                infos.get(JAVA_LONG, at + INFO_CAPACITY),
                STATES[infos.get(JAVA_INT, at + INFO_STATE)],
                TYPES[Math.max(1, infos.get(JAVA_INT, at + INFO_TYPE)) - 1]);
    }
}
