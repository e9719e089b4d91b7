// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.util.concurrent.Executor;

/**
 * Helper threads for calls that block. {@link #execute} may be called on any thread and never blocks; the work that
 * waits is bounded by its caller. {@link #close} lets what was accepted finish.
 */
public interface BlockingPool extends Executor, AutoCloseable {
    @Override
    void close();
}
