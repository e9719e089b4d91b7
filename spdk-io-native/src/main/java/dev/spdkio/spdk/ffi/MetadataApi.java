// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.MetadataSpec;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** What {@code spdk/bdev.h} tells of the metadata of a device, and of its place in the machine. */
public final class MetadataApi {
    private static final MethodHandle SIZE = Downcall.of("spdk_bdev_get_md_size", JAVA_INT, JAVA_LONG);
    private static final MethodHandle IS_INTERLEAVED =
            Downcall.of("spdk_bdev_is_md_interleaved", JAVA_BOOLEAN, JAVA_LONG);
    private static final MethodHandle DIF_TYPE = Downcall.of("spdk_bdev_get_dif_type", JAVA_INT, JAVA_LONG);
    private static final MethodHandle IS_DIF_AT_HEAD =
            Downcall.of("spdk_bdev_is_dif_head_of_md", JAVA_BOOLEAN, JAVA_LONG);
    private static final MethodHandle IS_CHECKED =
            Downcall.of("spdk_bdev_is_dif_check_enabled", JAVA_BOOLEAN, JAVA_LONG, JAVA_INT);
    private static final @Nullable MethodHandle DIF_FORMAT =
            Downcall.optional("spdk_bdev_get_dif_pi_format", JAVA_INT, JAVA_LONG);
    private static final @Nullable MethodHandle NUMA_ID =
            Downcall.optional("spdk_bdev_get_numa_id", JAVA_INT, JAVA_LONG);

    // enum spdk_dif_check_type
    private static final int REFERENCE_TAG = 1;
    private static final int APPLICATION_TAG = 2;
    private static final int GUARD = 3;

    private MetadataApi() {}

    /** The metadata of a device, or null if it has none. */
    public static @Nullable MetadataSpec metadata(long bdev) {
        try {
            int bytes = (int) SIZE.invokeExact(bdev);
            if (bytes == 0) {
                return null;
            }
            int type = (int) DIF_TYPE.invokeExact(bdev);
            return new MetadataSpec(
                    bytes,
                    (boolean) IS_INTERLEAVED.invokeExact(bdev),
                    type,
                    (boolean) IS_DIF_AT_HEAD.invokeExact(bdev),
                    isChecked(bdev, REFERENCE_TAG),
                    isChecked(bdev, APPLICATION_TAG),
                    isChecked(bdev, GUARD),
                    type == 0 || DIF_FORMAT == null ? 0 : (int) DIF_FORMAT.invokeExact(bdev));
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    private static boolean isChecked(long bdev, int what) throws Throwable {
        return (boolean) IS_CHECKED.invokeExact(bdev, what);
    }

    /** {@code spdk_bdev_get_numa_id}. */
    public static int numaId(long bdev) {
        try {
            return NUMA_ID == null
                    ? BdevSpec.ANY_NUMA_NODE
                    : Math.max(BdevSpec.ANY_NUMA_NODE, (int) NUMA_ID.invokeExact(bdev));
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
