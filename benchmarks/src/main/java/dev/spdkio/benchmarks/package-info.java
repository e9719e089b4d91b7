// SPDX-License-Identifier: Apache-2.0
/**
 * What this library costs. {@link dev.spdkio.benchmarks.PerformanceTable} measures the paths that have a budget and
 * prints them as one table; the classes named {@code …Benchmark} measure the inner loops with JMH, most of them on a
 * reactor, which {@link dev.spdkio.benchmarks.ReactorBenchmark} provides.
 */
@NullMarked
package dev.spdkio.benchmarks;

import org.jspecify.annotations.NullMarked;
