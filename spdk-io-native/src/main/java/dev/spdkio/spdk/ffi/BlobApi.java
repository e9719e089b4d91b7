// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The functions of {@code spdk/blob.h} about open blobs; on the metadata thread, off the data path. */
public final class BlobApi {
    private static final MethodHandle ID = Downcall.critical("spdk_blob_get_id", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CLUSTERS = Downcall.critical("spdk_blob_get_num_clusters", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle ALLOCATED_CLUSTERS =
            Downcall.critical("spdk_blob_get_num_allocated_clusters", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle NEXT_ALLOCATED =
            Downcall.of("spdk_blob_get_next_allocated_io_unit", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle NEXT_UNALLOCATED =
            Downcall.of("spdk_blob_get_next_unallocated_io_unit", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle IS_READ_ONLY = flag("spdk_blob_is_read_only");
    private static final MethodHandle IS_SNAPSHOT = flag("spdk_blob_is_snapshot");
    private static final MethodHandle IS_CLONE = flag("spdk_blob_is_clone");
    private static final MethodHandle IS_THIN = flag("spdk_blob_is_thin_provisioned");
    private static final MethodHandle IS_DEGRADED = flag("spdk_blob_is_degraded");
    private static final MethodHandle ESNAP_ID =
            Downcall.of("spdk_blob_get_esnap_id", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle RESIZE = BlobstoreApi.function("spdk_blob_resize", 4);
    private static final MethodHandle SET_READ_ONLY = Downcall.of("spdk_blob_set_read_only", JAVA_INT, JAVA_LONG);
    private static final MethodHandle SYNC = BlobstoreApi.function("spdk_blob_sync_md", 3);
    private static final MethodHandle CLOSE = BlobstoreApi.function("spdk_blob_close", 3);
    private static final MethodHandle SET_XATTR =
            Downcall.of("spdk_blob_set_xattr", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_SHORT);
    private static final MethodHandle REMOVE_XATTR =
            Downcall.of("spdk_blob_remove_xattr", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle XATTR_VALUE =
            Downcall.of("spdk_blob_get_xattr_value", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle XATTR_NAMES =
            Downcall.of("spdk_blob_get_xattr_names", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle NAMES_COUNT = Downcall.of("spdk_xattr_names_get_count", JAVA_INT, JAVA_LONG);
    private static final MethodHandle NAMES_NAME =
            Downcall.of("spdk_xattr_names_get_name", JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle NAMES_FREE = BlobstoreApi.function("spdk_xattr_names_free", 1);

    private BlobApi() {}

    private static MethodHandle flag(String symbol) {
        return Downcall.of(symbol, JAVA_BOOLEAN, JAVA_LONG);
    }

    private static boolean is(MethodHandle handle, long blob) {
        try {
            return (boolean) handle.invokeExact(blob);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    private static long next(MethodHandle handle, long blob, long offset) {
        try {
            return (long) handle.invokeExact(blob, offset);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_blob_get_id}. */
    public static long id(long blob) {
        return BlobstoreApi.get(ID, blob);
    }

    /** {@code spdk_blob_get_num_clusters}. */
    public static long clusters(long blob) {
        return BlobstoreApi.get(CLUSTERS, blob);
    }

    /** {@code spdk_blob_get_num_allocated_clusters}. */
    public static long allocatedClusters(long blob) {
        return BlobstoreApi.get(ALLOCATED_CLUSTERS, blob);
    }

    /** {@code spdk_blob_get_next_allocated_io_unit}; -1 for none. */
    public static long nextAllocated(long blob, long offset) {
        return next(NEXT_ALLOCATED, blob, offset);
    }

    /** {@code spdk_blob_get_next_unallocated_io_unit}; -1 for none. */
    public static long nextUnallocated(long blob, long offset) {
        return next(NEXT_UNALLOCATED, blob, offset);
    }

    /** {@code spdk_blob_is_read_only}. */
    public static boolean isReadOnly(long blob) {
        return is(IS_READ_ONLY, blob);
    }

    /** {@code spdk_blob_is_snapshot}. */
    public static boolean isSnapshot(long blob) {
        return is(IS_SNAPSHOT, blob);
    }

    /** {@code spdk_blob_is_clone}. */
    public static boolean isClone(long blob) {
        return is(IS_CLONE, blob);
    }

    /** {@code spdk_blob_is_thin_provisioned}. */
    public static boolean isThin(long blob) {
        return is(IS_THIN, blob);
    }

    /** {@code spdk_blob_is_degraded}. */
    public static boolean isDegraded(long blob) {
        return is(IS_DEGRADED, blob);
    }

    /** {@code spdk_blob_get_esnap_id}; null if the blob is no clone of an external snapshot. */
    public static byte @Nullable [] externalSnapshot(long blob) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG, 2);
            int rc = (int) ESNAP_ID.invokeExact(blob, out.address(), out.address() + Long.BYTES);
            return rc != 0 ? null : bytes(out);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** A copy of what a pointer and a length tell of. */
    private static byte[] bytes(MemorySegment pointerAndLength) {
        return Raw.segment(pointerAndLength.getAtIndex(JAVA_LONG, 0), pointerAndLength.getAtIndex(JAVA_LONG, 1))
                .toArray(JAVA_BYTE);
    }

    /** {@code spdk_blob_resize}, in clusters. */
    public static void resize(long blob, long clusters, long callback, long token) {
        BlobstoreApi.call(RESIZE, blob, clusters, callback, token);
    }

    /** {@code spdk_blob_set_read_only}. */
    public static void setReadOnly(long blob) {
        try {
            int _ = (int) SET_READ_ONLY.invokeExact(blob);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_blob_sync_md}. */
    public static void sync(long blob, long callback, long token) {
        BlobstoreApi.call(SYNC, blob, callback, token);
    }

    /** {@code spdk_blob_close}. */
    public static void close(long blob, long callback, long token) {
        BlobstoreApi.call(CLOSE, blob, callback, token);
    }

    /** {@code spdk_blob_set_xattr}: 0 or a negative error number. */
    public static int setXattr(long blob, String name, byte[] value) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) SET_XATTR.invokeExact(
                    blob,
                    arena.allocateFrom(name).address(),
                    arena.allocateFrom(JAVA_BYTE, value).address(),
                    (short) value.length);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_blob_remove_xattr}: 0 or a negative error number. */
    public static int removeXattr(long blob, String name) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) REMOVE_XATTR.invokeExact(blob, arena.allocateFrom(name).address());
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_blob_get_xattr_value}; null if there is none. */
    public static byte @Nullable [] xattr(long blob, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG, 2);
            int rc = (int) XATTR_VALUE.invokeExact(
                    blob, arena.allocateFrom(name).address(), out.address(), out.address() + Long.BYTES);
            return rc != 0 ? null : bytes(out);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_blob_get_xattr_names}; null if there is no memory. */
    public static @Nullable List<String> xattrNames(long blob) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            int rc = (int) XATTR_NAMES.invokeExact(blob, out.address());
            if (rc != 0) {
                return null;
            }
            long names = out.get(JAVA_LONG, 0);
            int count = (int) NAMES_COUNT.invokeExact(names);
            List<String> list = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                list.add(Raw.string((long) NAMES_NAME.invokeExact(names, i)));
            }
            BlobstoreApi.call(NAMES_FREE, names);
            return list;
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
