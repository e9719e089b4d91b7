// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.MethodHandle;

/** The functions of {@code spdk/nvme.h} for controllers and namespaces. */
public final class NvmeApi {
    private static final MethodHandle CONNECT_ASYNC =
            Downcall.of("spdk_nvme_connect_async", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PROBE_ASYNC =
            Downcall.of("spdk_nvme_probe_async", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PROBE_POLL = Downcall.of("spdk_nvme_probe_poll_async", JAVA_INT, JAVA_LONG);
    private static final MethodHandle DEFAULT_CONTROLLER_OPTS =
            Downcall.ofVoid("spdk_nvme_ctrlr_get_default_ctrlr_opts", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CONTROLLER_OPTS =
            Downcall.critical("spdk_nvme_ctrlr_get_opts", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CONTROLLER_DATA =
            Downcall.critical("spdk_nvme_ctrlr_get_data", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PROCESS_ADMIN_COMPLETIONS =
            Downcall.of("spdk_nvme_ctrlr_process_admin_completions", JAVA_INT, JAVA_LONG);
    private static final MethodHandle ADMIN_RAW = Downcall.of(
            "spdk_nvme_ctrlr_cmd_admin_raw", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle REGISTER_AER =
            Downcall.ofVoid("spdk_nvme_ctrlr_register_aer_callback", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle REGISTER_TIMEOUT = Downcall.ofVoid(
            "spdk_nvme_ctrlr_register_timeout_callback", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle DISCONNECT = Downcall.of("spdk_nvme_ctrlr_disconnect", JAVA_INT, JAVA_LONG);
    private static final MethodHandle RECONNECT_ASYNC = Downcall.ofVoid("spdk_nvme_ctrlr_reconnect_async", JAVA_LONG);
    private static final MethodHandle RECONNECT_POLL =
            Downcall.of("spdk_nvme_ctrlr_reconnect_poll_async", JAVA_INT, JAVA_LONG);
    private static final MethodHandle DETACH_ASYNC =
            Downcall.of("spdk_nvme_detach_async", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle DETACH_POLL = Downcall.of("spdk_nvme_detach_poll_async", JAVA_INT, JAVA_LONG);
    private static final MethodHandle FIRST_ACTIVE_NS =
            Downcall.of("spdk_nvme_ctrlr_get_first_active_ns", JAVA_INT, JAVA_LONG);
    private static final MethodHandle NEXT_ACTIVE_NS =
            Downcall.of("spdk_nvme_ctrlr_get_next_active_ns", JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle NS = Downcall.of("spdk_nvme_ctrlr_get_ns", JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle NS_DATA = Downcall.of("spdk_nvme_ns_get_data", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle NS_BLOCK_SIZE =
            Downcall.critical("spdk_nvme_ns_get_extended_sector_size", JAVA_INT, JAVA_LONG);
    private static final MethodHandle NS_BLOCK_COUNT =
            Downcall.critical("spdk_nvme_ns_get_num_sectors", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle NS_MAX_TRANSFER =
            Downcall.critical("spdk_nvme_ns_get_max_io_xfer_size", JAVA_INT, JAVA_LONG);

    private NvmeApi() {}

    /** {@code spdk_nvme_connect_async}; 0 if it fails. {@code opts} is what {@code attach} is called with. */
    public static long connectAsync(long trid, long opts, long attach) {
        try {
            return (long) CONNECT_ASYNC.invokeExact(trid, opts, attach);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_probe_async}; 0 if it fails. */
    public static long probeAsync(long trid, long context, long probe, long attach, long remove) {
        try {
            return (long) PROBE_ASYNC.invokeExact(trid, context, probe, attach, remove);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_probe_poll_async}; {@code -EAGAIN} while there is more to do. */
    public static int probePoll(long context) {
        try {
            return (int) PROBE_POLL.invokeExact(context);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_get_default_ctrlr_opts}. */
    public static void defaultControllerOpts(long opts, long size) {
        try {
            DEFAULT_CONTROLLER_OPTS.invokeExact(opts, size);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_get_opts}. */
    public static long controllerOpts(long controller) {
        try {
            return (long) CONTROLLER_OPTS.invokeExact(controller);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_get_data}. */
    public static long controllerData(long controller) {
        try {
            return (long) CONTROLLER_DATA.invokeExact(controller);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_process_admin_completions}. */
    public static int processAdminCompletions(long controller) {
        try {
            return (int) PROCESS_ADMIN_COMPLETIONS.invokeExact(controller);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_cmd_admin_raw}. */
    public static int adminRaw(long controller, long command, long buf, int bytes, long done, long arg) {
        try {
            return (int) ADMIN_RAW.invokeExact(controller, command, buf, bytes, done, arg);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_register_aer_callback}. */
    public static void registerAer(long controller, long callback, long arg) {
        try {
            REGISTER_AER.invokeExact(controller, callback, arg);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_register_timeout_callback}. */
    public static void registerTimeout(long controller, long ioMicros, long adminMicros, long callback, long arg) {
        try {
            REGISTER_TIMEOUT.invokeExact(controller, ioMicros, adminMicros, callback, arg);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_disconnect}. */
    public static int disconnect(long controller) {
        try {
            return (int) DISCONNECT.invokeExact(controller);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /**
     * {@code spdk_nvme_ctrlr_reconnect_async}. The OS thread holds the controller's lock until
     * {@link #reconnectPoll} ends.
     */
    public static void reconnectAsync(long controller) {
        try {
            RECONNECT_ASYNC.invokeExact(controller);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_reconnect_poll_async}; {@code -EAGAIN} while there is more to do. */
    public static int reconnectPoll(long controller) {
        try {
            return (int) RECONNECT_POLL.invokeExact(controller);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_detach_async}; {@code context} is where a pointer is left. */
    public static int detachAsync(long controller, long context) {
        try {
            return (int) DETACH_ASYNC.invokeExact(controller, context);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_detach_poll_async}; {@code -EAGAIN} while there is more to do. */
    public static int detachPoll(long context) {
        try {
            return (int) DETACH_POLL.invokeExact(context);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_get_first_active_ns}; 0 if there is none. */
    public static int firstActiveNs(long controller) {
        try {
            return (int) FIRST_ACTIVE_NS.invokeExact(controller);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_get_next_active_ns}; 0 if there is none. */
    public static int nextActiveNs(long controller, int previous) {
        try {
            return (int) NEXT_ACTIVE_NS.invokeExact(controller, previous);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_get_ns}. */
    public static long ns(long controller, int id) {
        try {
            return (long) NS.invokeExact(controller, id);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_get_data}. */
    public static long nsData(long ns) {
        try {
            return (long) NS_DATA.invokeExact(ns);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_get_extended_sector_size}. */
    public static int nsBlockSize(long ns) {
        try {
            return (int) NS_BLOCK_SIZE.invokeExact(ns);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_get_num_sectors}. */
    public static long nsBlockCount(long ns) {
        try {
            return (long) NS_BLOCK_COUNT.invokeExact(ns);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_get_max_io_xfer_size}. */
    public static int nsMaxTransfer(long ns) {
        try {
            return (int) NS_MAX_TRANSFER.invokeExact(ns);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
