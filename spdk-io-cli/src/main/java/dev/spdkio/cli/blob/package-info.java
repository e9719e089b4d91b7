// SPDX-License-Identifier: Apache-2.0
/** {@code spdkio blob}: stores and their blobs from the command line. */
@NullMarked
package dev.spdkio.cli.blob;

import org.jspecify.annotations.NullMarked;
