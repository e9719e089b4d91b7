// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The functions of {@code spdk/blob.h} about stores, and those of {@code spdk/blob_bdev.h}; on the metadata thread, off
 * the data path. Callbacks may come before a call returns.
 */
public final class BlobstoreApi {
    /** Bytes of a store's type, which C hands about as a structure. */
    public static final int TYPE_BYTES = 16;

    private static final MemoryLayout TYPE =
            MemoryLayout.structLayout(MemoryLayout.sequenceLayout(TYPE_BYTES, JAVA_BYTE));

    private static final MethodHandle CREATE_BS_DEV = Downcall.of(
            "spdk_bdev_create_bs_dev",
            JAVA_INT,
            JAVA_LONG,
            JAVA_BOOLEAN,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    private static final MethodHandle UPDATE_BLOCKCNT = function("spdk_bdev_update_bs_blockcnt", 1);
    private static final MethodHandle CLAIM = Downcall.of("spdk_bs_bdev_claim", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WAIT_FOR_EXAMINE =
            Downcall.of("spdk_bdev_wait_for_examine", JAVA_INT, JAVA_LONG, JAVA_LONG);

    @SuppressWarnings("restricted")
    private static final MethodHandle DESTROY_BS_DEV =
            Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(JAVA_LONG));

    private static final MethodHandle OPTS_INIT = function("spdk_bs_opts_init", 2);
    private static final MethodHandle INIT = function("spdk_bs_init", 4);
    private static final MethodHandle LOAD = function("spdk_bs_load", 4);
    private static final MethodHandle GROW = function("spdk_bs_grow", 4);
    private static final MethodHandle GROW_LIVE = function("spdk_bs_grow_live", 3);
    private static final MethodHandle UNLOAD = function("spdk_bs_unload", 3);
    private static final MethodHandle DESTROY = function("spdk_bs_destroy", 3);
    private static final MethodHandle SET_SUPER = function("spdk_bs_set_super", 4);
    private static final MethodHandle GET_SUPER = function("spdk_bs_get_super", 3);
    private static final MethodHandle CLUSTER_SIZE = number("spdk_bs_get_cluster_size");
    private static final MethodHandle PAGE_SIZE = number("spdk_bs_get_page_size");
    private static final MethodHandle IO_UNIT_SIZE = number("spdk_bs_get_io_unit_size");
    private static final MethodHandle FREE_CLUSTERS = number("spdk_bs_free_cluster_count");
    private static final MethodHandle TOTAL_CLUSTERS = number("spdk_bs_total_data_cluster_count");
    private static final @Nullable MethodHandle MAX_GROWABLE_SIZE =
            Downcall.optional("spdk_bs_get_max_growable_size", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle GET_TYPE = Downcall.of("spdk_bs_get_bstype", TYPE, JAVA_LONG);
    private static final MethodHandle BLOB_OPTS_INIT = function("spdk_blob_opts_init", 2);
    private static final MethodHandle OPEN_OPTS_INIT = function("spdk_blob_open_opts_init", 2);
    private static final MethodHandle CREATE_BLOB = function("spdk_bs_create_blob_ext", 4);
    private static final MethodHandle OPEN_BLOB = function("spdk_bs_open_blob_ext", 5);
    private static final MethodHandle DELETE_BLOB = function("spdk_bs_delete_blob", 4);
    private static final MethodHandle CREATE_SNAPSHOT = function("spdk_bs_create_snapshot", 5);
    private static final MethodHandle CREATE_CLONE = function("spdk_bs_create_clone", 5);
    private static final MethodHandle INFLATE = function("spdk_bs_inflate_blob", 5);
    private static final MethodHandle DECOUPLE = function("spdk_bs_blob_decouple_parent", 5);
    private static final MethodHandle SET_PARENT = function("spdk_bs_blob_set_parent", 5);
    private static final MethodHandle SET_EXTERNAL_PARENT = Downcall.ofVoid(
            "spdk_bs_blob_set_external_parent",
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG);
    private static final MethodHandle SHALLOW_COPY = Downcall.of(
            "spdk_bs_blob_shallow_copy",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    private static final MethodHandle PARENT_SNAPSHOT =
            Downcall.of("spdk_blob_get_parent_snapshot", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CLONES =
            Downcall.of("spdk_blob_get_clones", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle ALLOC_CHANNEL = number("spdk_bs_alloc_io_channel");
    private static final MethodHandle FREE_CHANNEL = function("spdk_bs_free_io_channel", 1);

    private BlobstoreApi() {}

    /** A function of pointers and 64-bit numbers that returns nothing. */
    static MethodHandle function(String symbol, int arguments) {
        MemoryLayout[] layouts = new MemoryLayout[arguments];
        java.util.Arrays.fill(layouts, JAVA_LONG);
        return Downcall.ofVoid(symbol, layouts);
    }

    private static MethodHandle number(String symbol) {
        return Downcall.of(symbol, JAVA_LONG, JAVA_LONG);
    }

    static void call(MethodHandle handle, long a) {
        try {
            handle.invokeExact(a);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    private static void call(MethodHandle handle, long a, long b) {
        try {
            handle.invokeExact(a, b);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    static void call(MethodHandle handle, long a, long b, long c) {
        try {
            handle.invokeExact(a, b, c);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    static void call(MethodHandle handle, long a, long b, long c, long d) {
        try {
            handle.invokeExact(a, b, c, d);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    private static void call(MethodHandle handle, long a, long b, long c, long d, long e) {
        try {
            handle.invokeExact(a, b, c, d, e);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    static long get(MethodHandle handle, long a) {
        try {
            return (long) handle.invokeExact(a);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    // ---- devices --------------------------------------------------------------------------------------------------

    /** {@code spdk_bdev_create_bs_dev}: the address of the device, or a negative error number. */
    public static long createBsDev(String bdev, boolean write, long eventCallback, long argument) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment dev = arena.allocate(JAVA_LONG);
            int rc = (int) CREATE_BS_DEV.invokeExact(
                    arena.allocateFrom(bdev).address(), write, 0L, 0L, eventCallback, argument, dev.address());
            return rc != 0 ? rc : dev.get(JAVA_LONG, 0);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** Calls the function by which a device of blobstores ends. */
    public static void destroyBsDev(long dev) {
        long function = NativeStruct.at("spdk_bs_dev", dev).get("destroy");
        try {
            DESTROY_BS_DEV.invokeExact(MemorySegment.ofAddress(function), dev);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_update_bs_blockcnt}. */
    public static void updateBlockCount(long dev) {
        call(UPDATE_BLOCKCNT, dev);
    }

    /** {@code spdk_bs_bdev_claim}: 0 or a negative error number. */
    public static int claim(long dev, long module) {
        try {
            return (int) CLAIM.invokeExact(dev, module);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_wait_for_examine}: 0, or a negative error number and no callback. App thread. */
    public static int waitForExamine(long callback, long token) {
        try {
            return (int) WAIT_FOR_EXAMINE.invokeExact(callback, token);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    // ---- stores ---------------------------------------------------------------------------------------------------

    /** {@code spdk_bs_opts_init}. */
    public static void optsInit(long opts, long size) {
        call(OPTS_INIT, opts, size);
    }

    /** {@code spdk_bs_init}, which takes the device over whatever happens. */
    public static void init(long dev, long opts, long callback, long token) {
        call(INIT, dev, opts, callback, token);
    }

    /** {@code spdk_bs_load}, which takes the device over whatever happens. */
    public static void load(long dev, long opts, long callback, long token) {
        call(LOAD, dev, opts, callback, token);
    }

    /** {@code spdk_bs_grow}, which takes the device over whatever happens. */
    public static void grow(long dev, long opts, long callback, long token) {
        call(GROW, dev, opts, callback, token);
    }

    /** {@code spdk_bs_grow_live}. */
    public static void growLive(long bs, long callback, long token) {
        call(GROW_LIVE, bs, callback, token);
    }

    /** {@code spdk_bs_unload}. */
    public static void unload(long bs, long callback, long token) {
        call(UNLOAD, bs, callback, token);
    }

    /** {@code spdk_bs_destroy}. */
    public static void destroy(long bs, long callback, long token) {
        call(DESTROY, bs, callback, token);
    }

    /** {@code spdk_bs_set_super}. */
    public static void setSuper(long bs, long id, long callback, long token) {
        call(SET_SUPER, bs, id, callback, token);
    }

    /** {@code spdk_bs_get_super}. */
    public static void getSuper(long bs, long callback, long token) {
        call(GET_SUPER, bs, callback, token);
    }

    /** {@code spdk_bs_get_cluster_size}, in bytes. */
    public static long clusterSize(long bs) {
        return get(CLUSTER_SIZE, bs);
    }

    /** {@code spdk_bs_get_page_size}, in bytes. */
    public static long pageSize(long bs) {
        return get(PAGE_SIZE, bs);
    }

    /** {@code spdk_bs_get_io_unit_size}, in bytes. */
    public static long ioUnitSize(long bs) {
        return get(IO_UNIT_SIZE, bs);
    }

    /** {@code spdk_bs_free_cluster_count}. */
    public static long freeClusters(long bs) {
        return get(FREE_CLUSTERS, bs);
    }

    /** {@code spdk_bs_total_data_cluster_count}. */
    public static long totalClusters(long bs) {
        return get(TOTAL_CLUSTERS, bs);
    }

    /** {@code spdk_bs_get_max_growable_size}, in bytes; -1 if the release does not have it. */
    public static long maxGrowableSize(long bs) {
        return MAX_GROWABLE_SIZE == null ? -1 : get(MAX_GROWABLE_SIZE, bs);
    }

    /** {@code spdk_bs_get_bstype}: {@value #TYPE_BYTES} bytes. */
    public static byte[] type(long bs) {
        try (Arena arena = Arena.ofConfined()) {
            return ((MemorySegment) GET_TYPE.invokeExact((SegmentAllocator) arena, bs)).toArray(JAVA_BYTE);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    // ---- blobs of a store -----------------------------------------------------------------------------------------

    /** {@code spdk_blob_opts_init}. */
    public static void blobOptsInit(long opts, long size) {
        call(BLOB_OPTS_INIT, opts, size);
    }

    /** {@code spdk_blob_open_opts_init}. */
    public static void openOptsInit(long opts, long size) {
        call(OPEN_OPTS_INIT, opts, size);
    }

    /** {@code spdk_bs_create_blob_ext}. */
    public static void createBlob(long bs, long opts, long callback, long token) {
        call(CREATE_BLOB, bs, opts, callback, token);
    }

    /** {@code spdk_bs_open_blob_ext}. */
    public static void openBlob(long bs, long id, long opts, long callback, long token) {
        call(OPEN_BLOB, bs, id, opts, callback, token);
    }

    /** {@code spdk_bs_delete_blob}. */
    public static void deleteBlob(long bs, long id, long callback, long token) {
        call(DELETE_BLOB, bs, id, callback, token);
    }

    /** {@code spdk_bs_create_snapshot}; the attributes stay until the callback. */
    public static void createSnapshot(long bs, long id, long xattrs, long callback, long token) {
        call(CREATE_SNAPSHOT, bs, id, xattrs, callback, token);
    }

    /** {@code spdk_bs_create_clone}; the attributes stay until the callback. */
    public static void createClone(long bs, long id, long xattrs, long callback, long token) {
        call(CREATE_CLONE, bs, id, xattrs, callback, token);
    }

    /** {@code spdk_bs_inflate_blob}. */
    public static void inflate(long bs, long channel, long id, long callback, long token) {
        call(INFLATE, bs, channel, id, callback, token);
    }

    /** {@code spdk_bs_blob_decouple_parent}. */
    public static void decoupleParent(long bs, long channel, long id, long callback, long token) {
        call(DECOUPLE, bs, channel, id, callback, token);
    }

    /** {@code spdk_bs_blob_set_parent}. */
    public static void setParent(long bs, long id, long snapshot, long callback, long token) {
        call(SET_PARENT, bs, id, snapshot, callback, token);
    }

    /** {@code spdk_bs_blob_set_external_parent}, which copies the name. */
    public static void setExternalParent(long bs, long id, long dev, byte[] name, long callback, long token) {
        try (Arena arena = Arena.ofConfined()) {
            long at = arena.allocateFrom(JAVA_BYTE, name).address();
            SET_EXTERNAL_PARENT.invokeExact(bs, id, dev, at, name.length, callback, token);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bs_blob_shallow_copy}: 0, or a negative error number and no callback. */
    public static int shallowCopy(
            long bs, long channel, long id, long dev, long progress, long progressArg, long callback, long token) {
        try {
            return (int) SHALLOW_COPY.invokeExact(bs, channel, id, dev, progress, progressArg, callback, token);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_blob_get_parent_snapshot}. */
    public static long parentSnapshot(long bs, long id) {
        try {
            return (long) PARENT_SNAPSHOT.invokeExact(bs, id);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_blob_get_clones}. */
    public static long[] clones(long bs, long id) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_LONG);
            int _ = (int) CLONES.invokeExact(bs, id, 0L, count.address());
            MemorySegment ids = arena.allocate(JAVA_LONG, Math.max(1, count.get(JAVA_LONG, 0)));
            int rc = (int) CLONES.invokeExact(bs, id, ids.address(), count.address());
            return rc != 0
                    ? new long[0]
                    : ids.asSlice(0, count.get(JAVA_LONG, 0) * Long.BYTES).toArray(JAVA_LONG);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    // ---- channels -------------------------------------------------------------------------------------------------

    /** {@code spdk_bs_alloc_io_channel}: one of the current thread; 0 if there is no memory. */
    public static long allocChannel(long bs) {
        return get(ALLOC_CHANNEL, bs);
    }

    /** {@code spdk_bs_free_io_channel}; on its thread. */
    public static void freeChannel(long channel) {
        call(FREE_CHANNEL, channel);
    }
}
