// SPDX-License-Identifier: Apache-2.0
/**
 * {@code spdkio perf}: measures and verifies block devices, as SPDK's bdevperf does.
 *
 * <p>{@link dev.spdkio.cli.perf.PerfCommand} reads the options, {@link dev.spdkio.cli.perf.Plan} divides devices
 * among cores, {@link dev.spdkio.cli.perf.PerfRun} leads the run. A {@link dev.spdkio.cli.perf.Job} belongs to one
 * SPDK thread and keeps a number of {@link dev.spdkio.cli.perf.JobIo}s going: one class for each style of I/O, and
 * {@link dev.spdkio.cli.perf.VerifyIo}. What they count becomes a {@link dev.spdkio.cli.perf.JobResult}, then the
 * text of {@link dev.spdkio.cli.perf.PerfReport} and {@link dev.spdkio.cli.perf.PerfJson}.
 */
package dev.spdkio.cli.perf;
