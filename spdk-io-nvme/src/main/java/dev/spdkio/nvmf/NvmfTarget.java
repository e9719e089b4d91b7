// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import dev.spdkio.SpdkApp;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * An NVMe-oF target: it serves bdevs of an application to hosts over transports. Stands for {@code struct
 * spdk_nvmf_tgt}.
 *
 * <p>Its hosts are served on all reactors: each has a poll group, a thread of the target among which the queue pairs of
 * the hosts are spread.
 *
 * <p>Thread rule: everything may be called on any thread. Futures complete on the app thread, with {@link
 * IllegalArgumentException} and {@link IllegalStateException} for misuse and {@link SpdkException} for what the world
 * refuses.
 */
public interface NvmfTarget extends AutoCloseable {
    /**
     * Makes a target for an application, by whatever its engine has; {@code spdk_nvmf_tgt_create}. It ends with the
     * application, unless it is closed before.
     *
     * @return completes with an {@link SpdkException} ({@code ENOSYS}) if the engine has none
     */
    static CompletableFuture<NvmfTarget> create(SpdkApp app, NvmfTargetOptions options) {
        for (NvmfTargetProvider provider : ServiceLoader.load(NvmfTargetProvider.class)) {
            if (provider.engine() == app.engine()) {
                return provider.create(app, options);
            }
        }
        return CompletableFuture.failedFuture(new SpdkException(
                Errno.ENOSYS,
                "engine " + app.engine() + " of application " + app.name() + " has no NVMe-oF target: use engine SPDK,"
                        + " with the module spdk-io-native on the module path or class path"));
    }

    /** Its options. */
    NvmfTargetOptions options();

    /** Its name. */
    default String name() {
        return options().name();
    }

    /**
     * Adds a transport, for listeners to use; {@code spdk_nvmf_transport_create_async} and {@code
     * spdk_nvmf_tgt_add_transport}.
     *
     * @return completes with an {@link SpdkException}: {@code EEXIST} if it has that transport, {@code
     *     EPROTONOSUPPORT} if the engine has not
     */
    CompletableFuture<NvmfTransport> addTransport(NvmfTransportOptions options);

    /** Its transports in the order in which they were added; a snapshot. */
    List<NvmfTransport> transports();

    /**
     * Adds a subsystem, {@link NvmfSubsystem.State#INACTIVE}; {@code spdk_nvmf_subsystem_create}.
     *
     * @return completes with an {@link SpdkException}: {@code EEXIST} if it has one of that name, {@code ENOSPC} if it
     *     has {@link NvmfTargetOptions#maxSubsystems} already
     */
    CompletableFuture<NvmfSubsystem> addSubsystem(NvmfSubsystemOptions options);

    /** The subsystem of that name, or null. {@code spdk_nvmf_tgt_find_subsystem}. */
    @Nullable
    NvmfSubsystem subsystem(String nqn);

    /** Its subsystems by name, the discovery subsystem included; a snapshot. */
    List<NvmfSubsystem> subsystems();

    /** What its poll groups have done so far; {@code spdk_nvmf_poll_group_dump_stat} of each. */
    CompletableFuture<NvmfTargetStats> stats();

    /**
     * Ends it: subsystems stop, which disconnects their hosts, listeners and poll groups go. Idempotent; {@code
     * spdk_nvmf_tgt_destroy}. What is asked of it from now on fails with {@link IllegalStateException}.
     */
    CompletableFuture<Void> closeAsync();

    /** Like {@link #closeAsync}, and waits for it. Not on a reactor. */
    @Override
    void close();
}
