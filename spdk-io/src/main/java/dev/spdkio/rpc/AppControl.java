// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.util.concurrent.CompletionStage;

/** What the framework methods ask of the application. Called on the app thread, and must not block. */
public interface AppControl {
    /** Initialises the subsystems, once: what lies between {@link RpcState#STARTUP} and {@link RpcState#RUNTIME}. */
    CompletionStage<?> initialise();

    /** Acts on a signal; for most of them: begins to shut down. The reply to the request is sent before. */
    void signal(KillSignal signal);
}
