// SPDX-License-Identifier: Apache-2.0
/**
 * {@code spdkio doctor}: what this machine offers to the engines, each with its remedy.
 *
 * <p>A {@link dev.spdkio.cli.doctor.Check} is one line; the classes with {@code Check} in their names make them, from
 * the files by which the kernel describes itself. Nothing is changed; libspdk is loaded, to see whether
 * it can be.
 */
package dev.spdkio.cli.doctor;
