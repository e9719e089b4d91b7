// SPDX-License-Identifier: Apache-2.0
/**
 * Where code runs: on which cores, on which threads, in which order.
 *
 * <p>Everything starts with a {@link dev.spdkio.runtime.CpuSet}, the cores an application may use. It is written the
 * way SPDK users write it, as a mask or as a list:
 *
 * <pre>{@code
 * CpuSet mask = CpuSet.parse("0x3");
 * CpuSet list = CpuSet.parse("[0-1]");
 * assert mask.equals(list);
 * }</pre>
 *
 * <p>SPDK's counterparts are {@code lib/thread} and {@code lib/event}.
 */
package dev.spdkio.runtime;
