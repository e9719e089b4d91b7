// SPDX-License-Identifier: Apache-2.0
/**
 * The operating system, as far as a storage stack needs it: the only place of the core that calls C.
 *
 * <p>Everything here is optional. Each facility says whether it works ({@code isAvailable()}) and, if not, why
 * ({@code unavailabilityCause()}), and asking is safe on any operating system; the layers above fall back to plain
 * Java. {@link dev.spdkio.sys.Platform} has the one answer that all others build on.
 *
 * <ul>
 *   <li>{@link dev.spdkio.sys.Affinity}: which CPUs a thread runs on.
 *   <li>{@link dev.spdkio.sys.EventPoll}: sleep until a descriptor is ready or somebody calls.
 *   <li>{@link dev.spdkio.sys.FileHandle}: a file or block device with its bare descriptor, direct I/O, geometry.
 *   <li>{@link dev.spdkio.sys.IoUring}: many file operations with one system call.
 *   <li>{@link dev.spdkio.sys.NativeMemory}: large zeroed memory, on hugepages where there are any.
 *   <li>{@link dev.spdkio.sys.Limits} and {@link dev.spdkio.sys.Hugepages}: what this process may have.
 *   <li>{@link dev.spdkio.sys.Errno} and {@link dev.spdkio.sys.SysException}: what went wrong, by name.
 * </ul>
 *
 * <p>How it is done: functions of the C library are looked up when the first object of a class needs them, so that a
 * program that prints its help never pays for linking. Handles stand in {@code static final} fields, {@code errno} is
 * captured by the call itself, hot paths neither allocate nor use thread-locals, and structure layouts are constants
 * that the tests compare with what the C compiler says.
 *
 * <p>Errors: setting something up throws the checked {@link dev.spdkio.sys.SysException}. Operations of hot paths
 * report what the kernel says in their result, and throw unchecked exceptions for misuse.
 */
package dev.spdkio.sys;
