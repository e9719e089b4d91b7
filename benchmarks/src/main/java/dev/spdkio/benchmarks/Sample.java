// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

/**
 * One round of a path, or one run of another program.
 *
 * @param nanos time of an operation
 * @param cpuNanos CPU time of an operation; NaN where unknown
 * @param heapBytes heap memory that an operation allocated; NaN where unknown
 * @param preempted whether other programs are known to have disturbed it
 */
record Sample(double nanos, double cpuNanos, double heapBytes, boolean preempted) {}
