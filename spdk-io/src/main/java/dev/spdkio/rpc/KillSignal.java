// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

/** What {@code spdk_kill_instance} may ask for. */
public enum KillSignal {
    /** End in good order. */
    SIGINT,
    /** End in good order. */
    SIGTERM,
    /** Tell what all threads are doing, as JVMs do. */
    SIGQUIT,
    /** End in good order. */
    SIGHUP,
    /** End at once. */
    SIGKILL,
    /** Left to the application. */
    SIGUSR1
}
