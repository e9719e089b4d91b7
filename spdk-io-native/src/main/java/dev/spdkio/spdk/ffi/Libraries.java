// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Which of SPDK's libraries are loaded, and which are left out and why. */
final class Libraries {
    /** The packages that the engine uses; what they require comes with them. */
    static final List<String> ROOTS = List.of(
            "spdk_syslibs",
            "spdk_dpdklibs",
            "spdk_env_dpdk",
            "spdk_thread",
            "spdk_init",
            "spdk_rpc",
            "spdk_event_iobuf",
            "spdk_event_sock",
            "spdk_sock_modules",
            "spdk_event_accel",
            "spdk_accel_modules",
            "spdk_event_keyring",
            "spdk_keyring_modules",
            "spdk_event_vmd",
            "spdk_event_bdev",
            "spdk_bdev_modules",
            "spdk_event_nvmf",
            "spdk_blob_bdev",
            "spdk_nvme",
            "spdk_nvmf");

    /** The packages that only name others: what they stand for where an installation has no files for pkg-config. */
    static final Map<String, List<String>> FAMILIES = Map.of(
            "spdk_sock_modules", List.of("libspdk_sock_*.so"),
            "spdk_accel_modules", List.of("libspdk_accel_*.so"),
            "spdk_keyring_modules", List.of("libspdk_keyring_*.so"),
            "spdk_bdev_modules", List.of("libspdk_bdev_*.so"),
            "spdk_dpdklibs", List.of("librte_*.so"),
            "spdk_syslibs", List.of("libisal*.so"));

    /** What no library may lack: without it a loaded library is not SPDK. */
    static final List<String> ESSENTIAL = List.of(
            "spdk_env_opts_init",
            "spdk_env_init",
            "spdk_env_fini",
            "spdk_dma_malloc",
            "spdk_dma_free",
            "spdk_thread_lib_init_ext",
            "spdk_thread_lib_fini",
            "spdk_thread_create",
            "spdk_thread_poll",
            "spdk_thread_send_msg",
            "spdk_subsystem_init",
            "spdk_subsystem_fini",
            "spdk_bdev_open_ext",
            "spdk_bdev_get_io_channel",
            "spdk_bdev_read_blocks",
            "spdk_bdev_free_io",
            "spdk_log_set_print_level");

    private static final String SCHEDULER = "moves threads between the reactors of SPDK's event framework, which do not"
            + " run here: threads stay on Java's reactors, or go where SpdkThread.moveTo says";
    private static final String TARGET = "serves devices to others in a way that this library does not offer; its"
            + " subsystem would start threads on every core and take memory for its pools at every start";

    // libspdk_event itself is loaded where the NVMe-oF subsystem is, which is linked to it and calls nothing of it.
    private static final Map<String, String> LEFT_OUT = new TreeMap<>(Map.ofEntries(
            Map.entry("spdk_scheduler_modules", SCHEDULER),
            Map.entry("spdk_scheduler_dynamic", SCHEDULER),
            Map.entry("spdk_scheduler_gscheduler", SCHEDULER),
            Map.entry("spdk_scheduler_dpdk_governor", SCHEDULER),
            Map.entry("spdk_event_iscsi", TARGET),
            Map.entry("spdk_event_scsi", TARGET),
            Map.entry("spdk_event_vhost_blk", TARGET),
            Map.entry("spdk_event_vhost_scsi", TARGET),
            Map.entry("spdk_event_nbd", TARGET),
            Map.entry("spdk_event_ublk", TARGET),
            Map.entry("spdk_event_vfu_tgt", TARGET),
            Map.entry("spdk_event_fsdev", "file system devices have no counterpart in this library"),
            Map.entry("spdk_trace_parser", "reads trace files; the trace itself needs nothing of it"),
            Map.entry("spdk_ut_mock", "replaces functions of the environment in SPDK's own unit tests")));

    private Libraries() {}

    /** The packages that are never loaded, each with the reason. */
    static Map<String, String> leftOut() {
        return Collections.unmodifiableMap(LEFT_OUT);
    }
}
