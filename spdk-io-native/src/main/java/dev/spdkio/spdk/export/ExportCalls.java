// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.export;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.IoType;
import dev.spdkio.rpc.JsonTree;
import dev.spdkio.spdk.ffi.AbiTable;
import dev.spdkio.spdk.ffi.JsonApi;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.Upcall;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What SPDK calls of an exported device: {@code struct spdk_bdev_fn_table}, and the life of its channels.
 *
 * <p>All run on the SpdkThread as which SPDK runs, inside one of its calls.
 */
@SuppressWarnings("unused") // called by SPDK
final class ExportCalls {
    private static final AbiTable ABI = AbiTable.get();

    /** Where the context of a channel begins: {@code spdk_io_channel_get_ctx}. */
    private static final long CHANNEL_CONTEXT = ABI.value("SPDK_IO_CHANNEL_STRUCT_SIZE");

    /** What a destruct call returns that has not ended yet. */
    private static final int LATER = 1;

    static final long CHANNEL_CREATE = stub("channelCreate", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG), -1);
    static final long CHANNEL_DESTROY = stub("channelDestroy", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG), null);
    static final long CHANNELS_GONE = stub("channelsGone", FunctionDescriptor.ofVoid(JAVA_LONG), null);

    /** {@code spdk_bdev_io_get_buf_cb}. */
    static final long GOT_BUF = stub("gotBuf", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_BOOLEAN), null);

    /** The address of the function table, the same for all. */
    static final long TABLE = table();

    private ExportCalls() {}

    private static long stub(String method, FunctionDescriptor descriptor, @Nullable Object fallback) {
        return Upcall.stub(MethodHandles.lookup(), ExportCalls.class, method, descriptor, fallback);
    }

    private static long table() {
        long table = Arena.global()
                .allocate(ABI.sizeOf("spdk_bdev_fn_table"), Raw.POINTER)
                .address();
        set(table, "destruct", stub("destruct", FunctionDescriptor.of(JAVA_INT, JAVA_LONG), -1));
        set(table, "submit_request", stub("submitRequest", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG), null));
        set(
                table,
                "io_type_supported",
                stub("ioTypeSupported", FunctionDescriptor.of(JAVA_BOOLEAN, JAVA_LONG, JAVA_INT), false));
        set(table, "get_io_channel", stub("getIoChannel", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), 0L));
        set(table, "dump_info_json", stub("dumpInfoJson", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG), -1));
        return table;
    }

    private static void set(long table, String field, long value) {
        Raw.putLong(table + ABI.offset("spdk_bdev_fn_table", field), value);
    }

    // ---- the device -----------------------------------------------------------------------------------------------

    private static int destruct(long handle) {
        BdevExport.ALL.get(handle).destruct();
        return LATER;
    }

    private static boolean ioTypeSupported(long handle, int type) {
        IoType t = ExportChannel.ioType(type);
        return t != null && BdevExport.ALL.get(handle).bdev().supports(t);
    }

    private static long getIoChannel(long handle) {
        return BdevExport.ALL.get(handle).nativeChannel();
    }

    private static int dumpInfoJson(long handle, long writer) {
        Map<String, Object> info = new LinkedHashMap<>();
        BdevExport.ALL.get(handle).bdev().dumpInfo(info);
        info.forEach((name, value) -> {
            JsonApi.writeName(writer, name);
            JsonApi.writeValue(writer, JsonTree.of(value).toString());
        });
        return 0;
    }

    // ---- its channels ---------------------------------------------------------------------------------------------

    private static int channelCreate(long ioDevice, long context) {
        ExportChannel channel = BdevExport.ALL.get(Raw.getLong(ioDevice)).openChannel();
        Raw.putLong(context, channel.handle());
        return 0;
    }

    private static void channelDestroy(long ioDevice, long context) {
        ExportChannel.ALL.get(Raw.getLong(context)).close();
    }

    private static void channelsGone(long ioDevice) {
        BdevExport.ALL.get(Raw.getLong(ioDevice)).channelsGone();
    }

    // ---- I/O ------------------------------------------------------------------------------------------------------

    private static void submitRequest(long channel, long io) {
        ExportChannel.ALL.get(Raw.getLong(channel + CHANNEL_CONTEXT)).submit(io);
    }

    private static void gotBuf(long channel, long io, boolean success) {
        ExportChannel.ALL.get(Raw.getLong(channel + CHANNEL_CONTEXT)).gotBuf(io, success);
    }
}
