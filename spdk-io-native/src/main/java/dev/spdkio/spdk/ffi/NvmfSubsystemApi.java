// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The functions of {@code spdk/nvmf.h} about subsystems; off the data path. All on the thread that made the subsystem.
 */
public final class NvmfSubsystemApi {
    /** A change of state, such as {@code spdk_nvmf_subsystem_start}. */
    public enum Change {
        /** {@code spdk_nvmf_subsystem_start}. */
        START("spdk_nvmf_subsystem_start"),
        /** {@code spdk_nvmf_subsystem_stop}. */
        STOP("spdk_nvmf_subsystem_stop"),
        /** {@code spdk_nvmf_subsystem_resume}. */
        RESUME("spdk_nvmf_subsystem_resume");

        private final MethodHandle handle;

        Change(String symbol) {
            handle = Downcall.of(symbol, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        }
    }

    // Releases before 26.05 have only the first, releases after it only the second. What OPTS_INIT returns is nothing.
    private static final @Nullable MethodHandle CREATE =
            Downcall.optional("spdk_nvmf_subsystem_create", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT);
    private static final @Nullable MethodHandle CREATE_EXT =
            Downcall.optional("spdk_nvmf_subsystem_create_ext", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);
    private static final @Nullable MethodHandle OPTS_INIT =
            Downcall.optional("spdk_nvmf_subsystem_opts_init", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final @Nullable MethodHandle SET_SN =
            Downcall.optional("spdk_nvmf_subsystem_set_sn", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final @Nullable MethodHandle SET_MN =
            Downcall.optional("spdk_nvmf_subsystem_set_mn", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final @Nullable MethodHandle SET_ANA_REPORTING =
            Downcall.optional("spdk_nvmf_subsystem_set_ana_reporting", JAVA_INT, JAVA_LONG, JAVA_BOOLEAN);

    private static final MethodHandle FIND =
            Downcall.of("spdk_nvmf_tgt_find_subsystem", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle DESTROY =
            Downcall.of("spdk_nvmf_subsystem_destroy", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PAUSE =
            Downcall.of("spdk_nvmf_subsystem_pause", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);

    private static final MethodHandle NS_OPTS_INIT =
            Downcall.ofVoid("spdk_nvmf_ns_opts_get_defaults", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle ADD_NS = Downcall.of(
            "spdk_nvmf_subsystem_add_ns_ext", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle REMOVE_NS =
            Downcall.of("spdk_nvmf_subsystem_remove_ns", JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle GET_NS =
            Downcall.of("spdk_nvmf_subsystem_get_ns", JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FIRST_NS = pointer("spdk_nvmf_subsystem_get_first_ns");
    private static final MethodHandle NEXT_NS =
            Downcall.of("spdk_nvmf_subsystem_get_next_ns", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle NS_ID = Downcall.of("spdk_nvmf_ns_get_id", JAVA_INT, JAVA_LONG);
    private static final MethodHandle NS_BDEV = pointer("spdk_nvmf_ns_get_bdev");
    private static final MethodHandle NS_OPTS =
            Downcall.ofVoid("spdk_nvmf_ns_get_opts", JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private static final MethodHandle ADD_LISTENER =
            Downcall.ofVoid("spdk_nvmf_subsystem_add_listener", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle REMOVE_LISTENER =
            Downcall.of("spdk_nvmf_subsystem_remove_listener", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FIRST_LISTENER = pointer("spdk_nvmf_subsystem_get_first_listener");
    private static final MethodHandle NEXT_LISTENER =
            Downcall.of("spdk_nvmf_subsystem_get_next_listener", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle LISTENER_TRID = pointer("spdk_nvmf_subsystem_listener_get_trid");
    private static final MethodHandle SET_ANA_STATE = Downcall.ofVoid(
            "spdk_nvmf_subsystem_set_ana_state", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);

    private static final MethodHandle SET_ALLOW_ANY_HOST =
            Downcall.of("spdk_nvmf_subsystem_set_allow_any_host", JAVA_INT, JAVA_LONG, JAVA_BOOLEAN);
    private static final MethodHandle GET_ALLOW_ANY_HOST =
            Downcall.of("spdk_nvmf_subsystem_get_allow_any_host", JAVA_BOOLEAN, JAVA_LONG);
    private static final MethodHandle ADD_HOST =
            Downcall.of("spdk_nvmf_subsystem_add_host", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle REMOVE_HOST =
            Downcall.of("spdk_nvmf_subsystem_remove_host", JAVA_INT, JAVA_LONG, JAVA_LONG);
    // Releases before 26.05 do not look at the last argument, a time limit.
    private static final MethodHandle DISCONNECT_HOST = Downcall.of(
            "spdk_nvmf_subsystem_disconnect_host", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FIRST_HOST = pointer("spdk_nvmf_subsystem_get_first_host");
    private static final MethodHandle NEXT_HOST =
            Downcall.of("spdk_nvmf_subsystem_get_next_host", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle HOST_NQN = pointer("spdk_nvmf_host_get_nqn");

    private NvmfSubsystemApi() {}

    private static MethodHandle pointer(String symbol) {
        return Downcall.of(symbol, JAVA_LONG, JAVA_LONG);
    }

    /** Calls with boxed arguments: what is here is called by people and programs that configure. */
    private static Object call(MethodHandle handle, Object... arguments) {
        try {
            return handle.invokeWithArguments(arguments);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    private static int withText(MethodHandle handle, long subsystem, String text) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) call(handle, subsystem, arena.allocateFrom(text).address());
        }
    }

    /** {@code spdk_nvmf_subsystem_create_ext}, or what earlier releases have; 0 if it cannot be made. */
    public static long create(
            long tgt, String nqn, int type, String sn, String mn, int maxNamespaces, boolean anaReporting) {
        try (Arena arena = Arena.ofConfined()) {
            long name = arena.allocateFrom(nqn).address();
            if (CREATE_EXT == null || OPTS_INIT == null) {
                return createFirst(tgt, name, type, sn, mn, maxNamespaces, anaReporting);
            }
            NativeStruct opts = NativeStruct.allocate("spdk_nvmf_subsystem_opts", arena);
            call(OPTS_INIT, type, opts.address(), opts.size());
            opts.bytes("sn").setString(0, sn);
            opts.bytes("mn").setString(0, mn);
            opts.set("max_namespaces", maxNamespaces).set("ana_reporting", anaReporting);
            return (long) call(CREATE_EXT, tgt, name, type, opts.address());
        }
    }

    private static long createFirst(
            long tgt, long name, int type, String sn, String mn, int maxNamespaces, boolean anaReporting) {
        if (CREATE == null || SET_SN == null || SET_MN == null || SET_ANA_REPORTING == null) {
            throw new IllegalStateException("SPDK " + AbiTable.get().release() + " has no way to make a subsystem");
        }
        long subsystem = (long) call(CREATE, tgt, name, type, maxNamespaces);
        if (subsystem != 0) {
            withText(SET_SN, subsystem, sn);
            withText(SET_MN, subsystem, mn);
            call(SET_ANA_REPORTING, subsystem, anaReporting);
        }
        return subsystem;
    }

    /** {@code spdk_nvmf_tgt_find_subsystem}; 0 if there is none. */
    public static long find(long tgt, String nqn) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) call(FIND, tgt, arena.allocateFrom(nqn).address());
        }
    }

    /** {@code spdk_nvmf_subsystem_destroy}; 0 and no callback, {@code -EINPROGRESS} and one, or an error. */
    public static int destroy(long subsystem, long callback, long argument) {
        return (int) call(DESTROY, subsystem, callback, argument);
    }

    /** {@code spdk_nvmf_subsystem_start} and the like; the callback may come within. */
    public static int change(Change change, long subsystem, long callback, long argument) {
        return (int) call(change.handle, subsystem, callback, argument);
    }

    /** {@code spdk_nvmf_subsystem_pause} of a namespace; 0 for none. The callback may come within. */
    public static int pause(long subsystem, int nsid, long callback, long argument) {
        return (int) call(PAUSE, subsystem, nsid, callback, argument);
    }

    /** {@code spdk_nvmf_ns_opts_get_defaults}. */
    public static void nsOptsInit(NativeStruct opts) {
        call(NS_OPTS_INIT, opts.address(), opts.size());
    }

    /** {@code spdk_nvmf_subsystem_add_ns_ext}: the number of the namespace, or 0. */
    public static int addNs(long subsystem, String bdev, NativeStruct opts) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) call(ADD_NS, subsystem, arena.allocateFrom(bdev).address(), opts.address(), opts.size(), 0L);
        }
    }

    /** {@code spdk_nvmf_subsystem_remove_ns}. */
    public static int removeNs(long subsystem, int nsid) {
        return (int) call(REMOVE_NS, subsystem, nsid);
    }

    /** {@code spdk_nvmf_subsystem_get_ns}; 0 if there is none. */
    public static long ns(long subsystem, int nsid) {
        return (long) call(GET_NS, subsystem, nsid);
    }

    /** {@code spdk_nvmf_subsystem_get_first_ns}. */
    public static long firstNs(long subsystem) {
        return (long) call(FIRST_NS, subsystem);
    }

    /** {@code spdk_nvmf_subsystem_get_next_ns}. */
    public static long nextNs(long subsystem, long ns) {
        return (long) call(NEXT_NS, subsystem, ns);
    }

    /** {@code spdk_nvmf_ns_get_id}. */
    public static int nsId(long ns) {
        return (int) call(NS_ID, ns);
    }

    /** {@code spdk_nvmf_ns_get_bdev}. */
    public static long nsBdev(long ns) {
        return (long) call(NS_BDEV, ns);
    }

    /** {@code spdk_nvmf_ns_get_opts}. */
    public static void nsOpts(long ns, NativeStruct opts) {
        call(NS_OPTS, ns, opts.address(), opts.size());
    }

    /** {@code spdk_nvmf_subsystem_add_listener}; the callback may come within. */
    public static void addListener(long subsystem, long trid, long callback, long argument) {
        call(ADD_LISTENER, subsystem, trid, callback, argument);
    }

    /** {@code spdk_nvmf_subsystem_remove_listener}. */
    public static int removeListener(long subsystem, long trid) {
        return (int) call(REMOVE_LISTENER, subsystem, trid);
    }

    /** {@code spdk_nvmf_subsystem_get_first_listener}. */
    public static long firstListener(long subsystem) {
        return (long) call(FIRST_LISTENER, subsystem);
    }

    /** {@code spdk_nvmf_subsystem_get_next_listener}. */
    public static long nextListener(long subsystem, long listener) {
        return (long) call(NEXT_LISTENER, subsystem, listener);
    }

    /** {@code spdk_nvmf_subsystem_listener_get_trid}; 0 for one whose transport has stopped. */
    public static long listenerTrid(long listener) {
        return (long) call(LISTENER_TRID, listener);
    }

    /** {@code spdk_nvmf_subsystem_set_ana_state}. */
    public static void setAnaState(long subsystem, long trid, int state, int group, long callback, long argument) {
        call(SET_ANA_STATE, subsystem, trid, state, group, callback, argument);
    }

    /** {@code spdk_nvmf_subsystem_set_allow_any_host}. */
    public static int setAllowAnyHost(long subsystem, boolean allowed) {
        return (int) call(SET_ALLOW_ANY_HOST, subsystem, allowed);
    }

    /** {@code spdk_nvmf_subsystem_get_allow_any_host}. */
    public static boolean allowAnyHost(long subsystem) {
        return (boolean) call(GET_ALLOW_ANY_HOST, subsystem);
    }

    /** {@code spdk_nvmf_subsystem_add_host}. */
    public static int addHost(long subsystem, String nqn) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) call(ADD_HOST, subsystem, arena.allocateFrom(nqn).address(), 0L);
        }
    }

    /** {@code spdk_nvmf_subsystem_remove_host}. */
    public static int removeHost(long subsystem, String nqn) {
        return withText(REMOVE_HOST, subsystem, nqn);
    }

    /** {@code spdk_nvmf_subsystem_disconnect_host}; the callback is not called if it is not 0. */
    public static int disconnectHost(long subsystem, String nqn, long callback, long argument) {
        try (Arena arena = Arena.ofConfined()) {
            return (int)
                    call(DISCONNECT_HOST, subsystem, arena.allocateFrom(nqn).address(), callback, argument, 0L);
        }
    }

    /** {@code spdk_nvmf_subsystem_get_first_host}. */
    public static long firstHost(long subsystem) {
        return (long) call(FIRST_HOST, subsystem);
    }

    /** {@code spdk_nvmf_subsystem_get_next_host}. */
    public static long nextHost(long subsystem, long host) {
        return (long) call(NEXT_HOST, subsystem, host);
    }

    /** {@code spdk_nvmf_host_get_nqn}. */
    public static String hostNqn(long host) {
        return Raw.string((long) call(HOST_NQN, host));
    }
}
