// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.spdk.ffi.AbiTable;
import dev.spdkio.spdk.ffi.BlobstoreApi;
import dev.spdkio.spdk.ffi.NativeStruct;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.Upcall;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Options as structures of the loaded release. */
final class BlobStructs {
    private static final String XATTRS = "spdk_blob_xattr_opts";

    /**
     * SPDK counts the steps of a request: a write that finds no cluster takes four at once on its own channel, and its
     * metadata one on the metadata thread's. What it is given beside keeps metadata operations from finding none.
     */
    private static final int STEPS_OF_A_REQUEST = 4;

    private static final int STEPS_OF_METADATA = 256;

    private static final long GET_VALUE = Upcall.stub(
            MethodHandles.lookup(),
            BlobStructs.class,
            "getValue",
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            null);

    private BlobStructs() {}

    /** A {@code struct spdk_bs_opts}; callbacks are added by the caller. */
    static NativeStruct storeOpts(BlobstoreOptions o, Arena arena) {
        NativeStruct s = NativeStruct.allocate("spdk_bs_opts", arena);
        BlobstoreApi.optsInit(s.address(), s.size());
        s.set("cluster_sz", o.clusterSize())
                .set("max_channel_ops", o.maxChannelOps() * STEPS_OF_A_REQUEST + STEPS_OF_METADATA)
                .set("clear_method", AbiTable.get().value("BS_CLEAR_WITH_" + name(o.clearMethod(), ClearMethod.UNMAP)))
                .set("force_recover", o.forceRecovery());
        if (o.metadataPages() != 0) {
            s.set("num_md_pages", o.metadataPages());
        }
        if (o.metadataPageSize() != 0) {
            s.set("md_page_size", o.metadataPageSize());
        }
        byte[] type = o.type().getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(type, 0, s.bytes("bstype"), JAVA_BYTE, 0, type.length);
        return s;
    }

    /** What a store says it is for. */
    static String type(byte[] bytes) {
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    /** A {@code struct spdk_blob_opts}. */
    static NativeStruct blobOpts(BlobOptions o, Arena arena) {
        NativeStruct s = NativeStruct.allocate("spdk_blob_opts", arena);
        BlobstoreApi.blobOptsInit(s.address(), s.size());
        s.set("num_clusters", o.clusters())
                .set("thin_provision", o.thin())
                .set("clear_method", clearMethod(o.clearMethod()))
                .set("use_extent_table", o.extentTable());
        fill(NativeStruct.at(XATTRS, s.bytes("xattrs").address()), o.xattrs(), arena);
        String external = o.externalSnapshot();
        if (external != null) {
            byte[] id = externalId(external);
            s.set("esnap_id", arena.allocateFrom(JAVA_BYTE, id).address()).set("esnap_id_len", id.length);
        }
        return s;
    }

    /** A {@code struct spdk_blob_open_opts}. */
    static NativeStruct openOpts(ClearMethod clear, Arena arena) {
        NativeStruct s = NativeStruct.allocate("spdk_blob_open_opts", arena);
        BlobstoreApi.openOptsInit(s.address(), s.size());
        return s.set("clear_method", clearMethod(clear));
    }

    /** A {@code struct spdk_blob_xattr_opts}. */
    static NativeStruct xattrs(Map<String, byte[]> xattrs, Arena arena) {
        NativeStruct s = NativeStruct.allocate(XATTRS, arena);
        fill(s, xattrs, arena);
        return s;
    }

    private static long clearMethod(ClearMethod clear) {
        return AbiTable.get().value("BLOB_CLEAR_WITH_" + clear.name());
    }

    private static String name(ClearMethod clear, ClearMethod ofDefault) {
        return (clear == ClearMethod.DEFAULT ? ofDefault : clear).name();
    }

    /**
     * The identifier of an external snapshot as SPDK's logical volumes write it: the name of the device, with the zero
     * at its end.
     */
    static byte[] externalId(String bdev) {
        return (bdev + '\0').getBytes(StandardCharsets.UTF_8);
    }

    /** The name of the device in such an identifier. */
    static String externalName(byte[] id) {
        return type(id);
    }

    /**
     * SPDK asks for each value by its name. The context it gives back is a table: the number of attributes, then of
     * each the name, the value and its length. Names are told apart by their addresses.
     */
    private static void fill(NativeStruct s, Map<String, byte[]> xattrs, Arena arena) {
        if (xattrs.isEmpty()) {
            return;
        }
        int count = xattrs.size();
        MemorySegment names = arena.allocate(JAVA_LONG, count);
        MemorySegment table = arena.allocate(JAVA_LONG, 1 + 3L * count);
        table.setAtIndex(JAVA_LONG, 0, count);
        int i = 0;
        for (Map.Entry<String, byte[]> x : xattrs.entrySet()) {
            long name = arena.allocateFrom(x.getKey()).address();
            names.setAtIndex(JAVA_LONG, i, name);
            table.setAtIndex(JAVA_LONG, 1 + 3L * i, name);
            table.setAtIndex(
                    JAVA_LONG,
                    2 + 3L * i,
                    arena.allocateFrom(JAVA_BYTE, x.getValue()).address());
            table.setAtIndex(JAVA_LONG, 3 + 3L * i, x.getValue().length);
            i++;
        }
        s.set("count", count)
                .set("names", names.address())
                .set("ctx", table.address())
                .set("get_value", GET_VALUE);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void getValue(long table, long name, long valueAt, long lengthAt) {
        long count = Raw.getLong(table);
        for (long i = 0, row = table + Long.BYTES; i < count; i++, row += 3 * Long.BYTES) {
            if (Raw.getLong(row) == name) {
                Raw.putLong(valueAt, Raw.getLong(row + Long.BYTES));
                Raw.putLong(lengthAt, Raw.getLong(row + 2 * Long.BYTES));
                return;
            }
        }
        Raw.putLong(valueAt, 0);
    }
}
