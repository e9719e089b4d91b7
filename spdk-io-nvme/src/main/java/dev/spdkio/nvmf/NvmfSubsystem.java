// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import dev.spdkio.error.SpdkException;
import dev.spdkio.nvme.TransportId;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A subsystem of a target: what a host connects to. Stands for {@code struct spdk_nvmf_subsystem}.
 *
 * <p>What is asked of a subsystem is done in order, one after the other. Namespaces and listeners may be changed in
 * every state: an active subsystem pauses for it, which hosts notice as a short delay, and goes on.
 *
 * <p>Thread rule: everything may be called on any thread. Futures complete on the app thread, with {@link
 * IllegalArgumentException} and {@link IllegalStateException} for misuse (everything but {@link #destroy} of a
 * subsystem that is destroyed is) and {@link SpdkException} for what the world refuses.
 */
public interface NvmfSubsystem {
    /** Where a subsystem is in its life, as far as it has got. */
    enum State {
        /** Hosts cannot connect, and none is connected. */
        INACTIVE,
        /** Serves hosts. */
        ACTIVE,
        /** Hosts are connected, their commands wait. */
        PAUSED,
        /** Gone. */
        DESTROYED
    }

    /** Its options, as it was made. */
    NvmfSubsystemOptions options();

    /** Its name. */
    default String nqn() {
        return options().nqn();
    }

    /** Its state; one that is on its way to another has the old one. */
    State state();

    // ---- states ---------------------------------------------------------------------------------------------------

    /**
     * Lets hosts connect; does nothing if it is active. {@code spdk_nvmf_subsystem_start}.
     *
     * @return completes with {@link IllegalStateException} if it is paused
     */
    CompletableFuture<Void> start();

    /** Disconnects all hosts and lets none connect; nothing if inactive. {@code spdk_nvmf_subsystem_stop}. */
    CompletableFuture<Void> stop();

    /**
     * Waits for the commands that hosts have under way, and keeps further ones waiting; does nothing if it is paused.
     * {@code spdk_nvmf_subsystem_pause} of all namespaces.
     *
     * @return completes with {@link IllegalStateException} if it is inactive, and with an {@link SpdkException} ({@code
     *     EOPNOTSUPP}) if the target can only {@linkplain #pause(int) pause one of several namespaces}, as SPDK's can
     */
    CompletableFuture<Void> pause();

    /**
     * The same for the commands on one namespace and those of administration; commands on others go on. {@code
     * spdk_nvmf_subsystem_pause}.
     *
     * @param nsid 0 for none: only commands of administration wait
     * @return completes with {@link IllegalStateException} if it is inactive, or paused otherwise
     */
    CompletableFuture<Void> pause(int nsid);

    /**
     * Goes on after {@link #pause}; does nothing if it is active. {@code spdk_nvmf_subsystem_resume}.
     *
     * @return completes with {@link IllegalStateException} if it is inactive
     */
    CompletableFuture<Void> resume();

    /**
     * Stops it, and takes its listeners, hosts and namespaces away. Idempotent; {@code spdk_nvmf_subsystem_destroy}.
     */
    CompletableFuture<Void> destroy();

    // ---- namespaces -----------------------------------------------------------------------------------------------

    /** Adds a bdev by its name; see {@link #addNamespace(String, NvmfNamespaceOptions)}. */
    default CompletableFuture<Integer> addNamespace(String bdev) {
        return addNamespace(bdev, NvmfNamespaceOptions.DEFAULT);
    }

    /**
     * Adds a bdev by its name, and claims it for writing; {@code spdk_nvmf_subsystem_add_ns_ext}. If the
     * bdev is removed, so is the namespace.
     *
     * @return completes with its number, or an {@link SpdkException}: {@code ENODEV} if there is no such bdev or the
     *     target cannot use it, {@code EPERM} if somebody else writes it, {@code EEXIST} if the number is taken,
     *     {@code ENOSPC} if none is free; {@link IllegalArgumentException} if the number is beyond {@link
     *     NvmfSubsystemOptions#maxNamespaces}
     */
    CompletableFuture<Integer> addNamespace(String bdev, NvmfNamespaceOptions options);

    /**
     * Takes a namespace away, when the commands on it have ended; {@code spdk_nvmf_subsystem_remove_ns}.
     *
     * @return completes with an {@link SpdkException} ({@code ENOENT}) if there is none of that number
     */
    CompletableFuture<Void> removeNamespace(int nsid);

    /** Its namespaces by number. */
    CompletableFuture<List<NvmfNamespace>> namespaces();

    // ---- listeners ------------------------------------------------------------------------------------------------

    /**
     * Makes it reachable at an address; {@code spdk_nvmf_tgt_listen_ext} and {@code
     * spdk_nvmf_subsystem_add_listener_ext}. Subsystems of a target may share an address.
     *
     * @param address of a transport that the target has; its {@code subnqn} must be empty or the name of this one
     * @return completes with an {@link SpdkException}: {@code EEXIST} if it listens there already, {@code
     *     EPROTONOSUPPORT} if the target does not have the transport, {@code EADDRNOTAVAIL} if it cannot be listened
     *     at that address, because it is not this machine's, say, or the port is in use
     */
    CompletableFuture<Void> addListener(TransportId address);

    /**
     * Disconnects the hosts that came by an address and lets none come by it again; {@code
     * spdk_nvmf_subsystem_remove_listener} and {@code spdk_nvmf_transport_stop_listen_async}.
     *
     * @return completes with an {@link SpdkException} ({@code ENOENT}) if it does not listen there
     */
    CompletableFuture<Void> removeListener(TransportId address);

    /** Where it can be reached; without {@code subnqn}. */
    CompletableFuture<List<TransportId>> listeners();

    /**
     * Tells hosts how well a listener reaches the namespaces of a group; {@code spdk_nvmf_subsystem_set_ana_state}.
     * Needs {@link NvmfSubsystemOptions#anaReporting}.
     *
     * @param anaGroup the group; 0 for all
     */
    CompletableFuture<Void> setAnaState(TransportId address, AnaState state, int anaGroup);

    // ---- hosts ----------------------------------------------------------------------------------------------------

    /** Whether every host may connect. {@code spdk_nvmf_subsystem_set_allow_any_host}; nobody is disconnected. */
    CompletableFuture<Void> allowAnyHost(boolean allowed);

    /** Whether every host may connect. {@code spdk_nvmf_subsystem_get_allow_any_host}. */
    CompletableFuture<Boolean> anyHostAllowed();

    /**
     * Allows a host; {@code spdk_nvmf_subsystem_add_host_ext}.
     *
     * @return completes with an {@link SpdkException} ({@code EEXIST}) if it was added before
     */
    CompletableFuture<Void> addHost(String hostNqn);

    /**
     * Disallows a host and disconnects it; {@code spdk_nvmf_subsystem_remove_host} and {@code
     * spdk_nvmf_subsystem_disconnect_host}.
     *
     * @return completes with an {@link SpdkException} ({@code ENOENT}) if it was not added
     */
    CompletableFuture<Void> removeHost(String hostNqn);

    /** The hosts that were added, by name. */
    CompletableFuture<List<String>> hosts();

    /** The hosts that are connected, each with its controllers. {@code nvmf_subsystem_get_controllers}. */
    CompletableFuture<List<NvmfController>> controllers();
}
