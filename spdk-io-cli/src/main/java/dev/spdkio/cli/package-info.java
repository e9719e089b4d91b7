// SPDX-License-Identifier: Apache-2.0
/**
 * The {@code spdkio} command: one class a subcommand, {@link dev.spdkio.cli.Main} names them.
 *
 * <p>Exit codes: 0 done, 1 the command failed, 2 the command line was wrong.
 */
package dev.spdkio.cli;
