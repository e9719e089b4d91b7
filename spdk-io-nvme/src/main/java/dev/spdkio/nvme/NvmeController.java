// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A connected NVMe controller. Stands for {@code struct spdk_nvme_ctrlr}.
 *
 * <p>It belongs to the SpdkThread that connected it, which answers its events, keeps it alive and makes a lost
 * connection again. I/O goes over queue pairs, which any number of SpdkThreads may {@linkplain #openQueuePair open}.
 *
 * <p>When the connection is lost, every queue pair loses its own with it; requests under way end with a status or, as
 * {@link QueuePairOptions#retryCount} says, are sent again. Attempts go on for {@link ControllerOptions#lossTimeout},
 * then the controller is {@linkplain ControllerState#REMOVED removed} and every request ends with a status.
 *
 * <p>Thread rule: any thread, except where a method says otherwise. While it reconnects, its SpdkThread must not be
 * moved to another reactor.
 */
public interface NvmeController {
    /** Where it is. */
    TransportId transportId();

    /** The thread it belongs to. */
    SpdkThread thread();

    /** How it is driven. */
    ControllerOptions options();

    /** Where it is in its life. */
    ControllerState state();

    /** What it says of itself; {@code spdk_nvme_ctrlr_get_data}. As it was last, if it is not online. */
    ControllerData data();

    /** The namespaces that are there now, by their identifiers; {@code spdk_nvme_ctrlr_get_first_active_ns} and on. */
    List<NvmeNamespace> namespaces();

    /** The namespace of that identifier, if it is there now; {@code spdk_nvme_ctrlr_get_ns}. */
    default Optional<NvmeNamespace> namespace(int id) {
        return namespaces().stream().filter(ns -> ns.id() == id).findFirst();
    }

    /** Calls a listener from now on. */
    void addListener(ControllerListener listener);

    /** Calls a listener no more. */
    void removeListener(ControllerListener listener);

    /**
     * Opens a queue pair of the calling SpdkThread; {@code spdk_nvme_ctrlr_alloc_io_qpair}. It takes requests at once;
     * they wait until it is connected. A task opens one for its thread in {@link dev.spdkio.runtime.Task#call}.
     *
     * @throws IllegalStateException if the controller is removed or detached
     * @throws WrongThreadException if the caller does not run as an SpdkThread: in a task, use {@code Task.call}
     */
    NvmeQueuePair openQueuePair(QueuePairOptions options);

    /**
     * Sends an admin command, one of the vendor's too; {@code spdk_nvme_ctrlr_cmd_admin_raw}. On its thread.
     *
     * @param data what the command transfers, all of it; null for nothing
     * @throws LimitExceededException if too many wait
     */
    void submitAdmin(NvmeCommand command, @Nullable DmaBuf data, NvmeCompletion completion, @Nullable Object userData);

    /** {@link #submitAdmin} with a future, which has the result's dwords 0 and 1. Any thread. */
    default CompletableFuture<Long> adminAsync(NvmeCommand command, @Nullable DmaBuf data) {
        return NvmeFutures.async(
                thread(), () -> command + " to " + this, data, (buf, end) -> submitAdmin(command, buf, end, null));
    }

    /**
     * Resets it: all connections are closed and made again; {@code spdk_nvme_ctrlr_reset}. Completes when it is online;
     * exceptionally if that fails. A reset that is asked for during another, or during a reconnection, joins it.
     */
    CompletableFuture<Void> reset();

    /**
     * Closes its queue pairs, whose requests end, then the controller; {@code spdk_nvme_detach_async}. Idempotent; all
     * calls give the same end.
     */
    CompletableFuture<Void> detach();
}
