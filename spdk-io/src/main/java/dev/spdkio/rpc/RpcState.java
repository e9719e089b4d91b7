// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.util.EnumSet;
import java.util.Set;

/**
 * Where an application is in its life, as far as methods care; {@code SPDK_RPC_STARTUP} and {@code SPDK_RPC_RUNTIME}.
 *
 * <p>A method says at its registration in which of them it may be called.
 */
public enum RpcState {
    /** Before {@code framework_start_init}: options may be set, nothing exists yet. */
    STARTUP,
    /** After it: devices may be created. */
    RUNTIME;

    /** Both states. */
    public static final Set<RpcState> ALWAYS = Set.copyOf(EnumSet.allOf(RpcState.class));

    /** Only before initialisation. */
    public static final Set<RpcState> ONLY_STARTUP = Set.of(STARTUP);

    /** Only after initialisation: what most methods are. */
    public static final Set<RpcState> ONLY_RUNTIME = Set.of(RUNTIME);
}
