// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

/**
 * What happens to a controller.
 *
 * <p>Thread rule: called on the controller's SpdkThread; must not block. An exception is logged.
 */
public interface ControllerListener {
    /** The state is another one. */
    default void stateChanged(NvmeController controller, ControllerState state) {}

    /** Namespaces came, went, or changed their size; {@link NvmeController#namespaces} has them as they are now. */
    default void namespacesChanged(NvmeController controller) {}

    /**
     * The controller sent an event; {@code spdk_nvme_ctrlr_register_aer_callback}. Changed namespaces are announced by
     * {@link #namespacesChanged} too.
     *
     * @param type 0 error, 1 health, 2 notice, 6 of the command set, 7 vendor specific
     * @param information what it is, for the type
     * @param logPage the log page that says more
     */
    default void asyncEvent(NvmeController controller, int type, int information, int logPage) {}
}
