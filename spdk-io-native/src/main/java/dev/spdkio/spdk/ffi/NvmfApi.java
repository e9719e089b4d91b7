// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;

/** The functions of {@code spdk/nvmf.h} about targets, transports and poll groups; off the data path. */
public final class NvmfApi {
    private static final MethodHandle TGT_CREATE = Downcall.of("spdk_nvmf_tgt_create", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TGT_DESTROY =
            Downcall.ofVoid("spdk_nvmf_tgt_destroy", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle GET_TGT = Downcall.of("spdk_nvmf_get_tgt", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle POLL_GROUP_CREATE =
            Downcall.of("spdk_nvmf_poll_group_create", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle POLL_GROUP_DESTROY =
            Downcall.ofVoid("spdk_nvmf_poll_group_destroy", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle POLL_GROUP_DUMP_STAT =
            Downcall.ofVoid("spdk_nvmf_poll_group_dump_stat", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle JSON_WRITE_BEGIN =
            Downcall.of("spdk_json_write_begin", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle JSON_WRITE_END = Downcall.of("spdk_json_write_end", JAVA_INT, JAVA_LONG);
    private static final MethodHandle TRANSPORT_OPTS_INIT =
            Downcall.of("spdk_nvmf_transport_opts_init", JAVA_BOOLEAN, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TRANSPORT_CREATE =
            Downcall.of("spdk_nvmf_transport_create_async", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TRANSPORT_DESTROY =
            Downcall.of("spdk_nvmf_transport_destroy", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TRANSPORT_OPTS =
            Downcall.of("spdk_nvmf_get_transport_opts", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TGT_ADD_TRANSPORT =
            Downcall.ofVoid("spdk_nvmf_tgt_add_transport", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TGT_GET_TRANSPORT =
            Downcall.of("spdk_nvmf_tgt_get_transport", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle LISTEN_OPTS_INIT =
            Downcall.ofVoid("spdk_nvmf_listen_opts_init", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TGT_LISTEN =
            Downcall.of("spdk_nvmf_tgt_listen_ext", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TGT_STOP_LISTEN =
            Downcall.of("spdk_nvmf_tgt_stop_listen", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TRANSPORT_STOP_LISTEN = Downcall.of(
            "spdk_nvmf_transport_stop_listen_async", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TRID_PARSE =
            Downcall.of("spdk_nvme_transport_id_parse", JAVA_INT, JAVA_LONG, JAVA_LONG);

    private NvmfApi() {}

    /** {@code spdk_nvme_transport_id_parse}: a {@code struct spdk_nvme_transport_id} of its text. */
    public static long transportId(Arena arena, String text) {
        NativeStruct trid = NativeStruct.allocate("spdk_nvme_transport_id", arena);
        try {
            int rc = (int) TRID_PARSE.invokeExact(
                    trid.address(), arena.allocateFrom(text).address());
            if (rc != 0) {
                throw new IllegalArgumentException(
                        "SPDK cannot read the transport ID '" + text + "' (error " + rc + ")");
            }
            return trid.address();
        } catch (IllegalArgumentException e) {
            throw e;
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_tgt_create}; 0 if it cannot be made. */
    public static long tgtCreate(long opts) {
        try {
            return (long) TGT_CREATE.invokeExact(opts);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_tgt_destroy}; nothing of it is left. */
    public static void tgtDestroy(long tgt, long callback, long argument) {
        try {
            TGT_DESTROY.invokeExact(tgt, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_get_tgt}; 0 if there is none of that name. */
    public static long tgt(String name) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) GET_TGT.invokeExact(arena.allocateFrom(name).address());
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_poll_group_create} on the current thread; 0 if there is no memory. */
    public static long pollGroupCreate(long tgt) {
        try {
            return (long) POLL_GROUP_CREATE.invokeExact(tgt);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_poll_group_destroy}, on its thread. */
    public static void pollGroupDestroy(long group, long callback, long argument) {
        try {
            POLL_GROUP_DESTROY.invokeExact(group, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_poll_group_dump_stat}, on its thread, into a writer that calls {@code callback} with bytes. */
    public static void pollGroupDumpStat(long group, long callback, long argument) {
        try {
            long writer = (long) JSON_WRITE_BEGIN.invokeExact(callback, argument, 0);
            if (writer != 0) {
                POLL_GROUP_DUMP_STAT.invokeExact(group, writer);
                int _ = (int) JSON_WRITE_END.invokeExact(writer);
            }
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_transport_opts_init}; false if this build of SPDK does not have the transport. */
    public static boolean transportOptsInit(String transport, NativeStruct opts) {
        try (Arena arena = Arena.ofConfined()) {
            return (boolean) TRANSPORT_OPTS_INIT.invokeExact(
                    arena.allocateFrom(transport).address(), opts.address(), opts.size());
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_transport_create_async}; if it is not 0, the callback is not called. */
    public static int transportCreate(String transport, long opts, long callback, long argument) {
        try (Arena arena = Arena.ofConfined()) {
            return (int)
                    TRANSPORT_CREATE.invokeExact(arena.allocateFrom(transport).address(), opts, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_transport_destroy} of one that no target has. */
    public static int transportDestroy(long transport, long callback, long argument) {
        try {
            return (int) TRANSPORT_DESTROY.invokeExact(transport, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_get_transport_opts}. */
    public static long transportOpts(long transport) {
        try {
            return (long) TRANSPORT_OPTS.invokeExact(transport);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_tgt_add_transport}; the callback may come within. */
    public static void tgtAddTransport(long tgt, long transport, long callback, long argument) {
        try {
            TGT_ADD_TRANSPORT.invokeExact(tgt, transport, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_tgt_get_transport}; 0 if the target does not have it. */
    public static long tgtTransport(long tgt, String transport) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) TGT_GET_TRANSPORT.invokeExact(
                    tgt, arena.allocateFrom(transport).address());
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_tgt_listen_ext}; counts how often. */
    public static int tgtListen(long tgt, long trid) {
        try (Arena arena = Arena.ofConfined()) {
            NativeStruct opts = NativeStruct.allocate("spdk_nvmf_listen_opts", arena);
            LISTEN_OPTS_INIT.invokeExact(opts.address(), opts.size());
            return (int) TGT_LISTEN.invokeExact(tgt, trid, opts.address());
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_tgt_stop_listen}, when it was called as often as {@link #tgtListen}. */
    public static int tgtStopListen(long tgt, long trid) {
        try {
            return (int) TGT_STOP_LISTEN.invokeExact(tgt, trid);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvmf_transport_stop_listen_async}: the same, after the hosts of a subsystem are disconnected. */
    public static int transportStopListen(long transport, long trid, long subsystem, long callback, long argument) {
        try {
            return (int) TRANSPORT_STOP_LISTEN.invokeExact(transport, trid, subsystem, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
