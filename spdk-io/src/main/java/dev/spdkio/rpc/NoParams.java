// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

/** The parameters of a method that takes none: whatever is passed is refused as unknown. */
public record NoParams() {}
