// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

/**
 * A host's connection to a subsystem.
 *
 * @param cntlid its number in the subsystem
 * @param hostNqn the name of the host
 * @param hostId the identity of the host, as a UUID
 * @param ioQpairs its queue pairs for I/O, beside the one for administration
 */
public record NvmfController(int cntlid, String hostNqn, String hostId, int ioQpairs) {}
