// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import java.util.UUID;

/**
 * A namespace of a subsystem as it is now.
 *
 * @param nsid its number
 * @param bdev the name of the bdev behind it
 * @param uuid its identity
 * @param nguid its globally unique identifier, 32 hexadecimal digits
 * @param eui64 its IEEE extended unique identifier, 16 hexadecimal digits; all 0 for none
 * @param anaGroup the group in which hosts are told about its paths
 */
public record NvmfNamespace(int nsid, String bdev, UUID uuid, String nguid, String eui64, int anaGroup) {}
