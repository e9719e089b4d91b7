// SPDX-License-Identifier: Apache-2.0
/**
 * Where code runs: on which cores, on which threads, in which order.
 *
 * <p>An {@link dev.spdkio.runtime.SpdkRuntime} has one {@link dev.spdkio.runtime.Reactor} for each core of a
 * {@link dev.spdkio.runtime.CpuSet}. A reactor calls its {@link dev.spdkio.runtime.SpdkThread}s in turn; a thread runs
 * messages, deferred callbacks, {@link dev.spdkio.runtime.Task}s and {@link dev.spdkio.runtime.Poller}s. State that
 * belongs to a thread needs no locks, because messages are the only way in:
 *
 * <pre>{@code
 * try (SpdkRuntime runtime = SpdkRuntime.builder().cpus(CpuSet.parse("[0-1]")).start()) {
 *     SpdkThread thread = runtime.createThread("worker");
 *     thread.send(() -> counter++);                       // fire and forget
 *     int value = thread.call(() -> counter).join();      // a value back
 *     thread.spawn("loop", () -> {                        // straight-line code
 *         Task.sleep(Duration.ofMillis(10));
 *         return Task.call(() -> counter);
 *     }).join();
 * }
 * }</pre>
 *
 * <p>What every thread needs a context of its own for is an {@link dev.spdkio.runtime.IoDevice}. All time comes from
 * the runtime's {@link dev.spdkio.runtime.Clock} and all concurrency from its reactors; therefore the same code runs in
 * a {@link dev.spdkio.runtime.SimulatedRuntime}, whose every interleaving follows from a seed.
 *
 * <p>SPDK's counterparts are {@code lib/thread} and {@code lib/event}.
 */
package dev.spdkio.runtime;
