// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import dev.spdkio.nvme.TransportId;

/**
 * How a subsystem is made. Stands for {@code struct spdk_nvmf_subsystem_opts}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param nqn its name; see {@link Nqn}
 * @param type what it is for
 * @param serialNumber what hosts see as its serial number: 1 to 20 printable ASCII characters
 * @param modelNumber what hosts see as its model: 1 to 40 printable ASCII characters
 * @param allowAnyHost whether every host may connect; else only those added
 * @param maxNamespaces the highest number a namespace can have
 * @param anaReporting whether hosts are told how well its listeners reach the namespaces; see {@link AnaState}
 */
public record NvmfSubsystemOptions(
        String nqn,
        NvmfSubsystemType type,
        String serialNumber,
        String modelNumber,
        boolean allowAnyHost,
        int maxNamespaces,
        boolean anaReporting) {
    private static final int SERIAL_NUMBER_CHARS = 20;
    private static final int MODEL_NUMBER_CHARS = 40;
    private static final int DEFAULT_NAMESPACES = 32;
    private static final int MAX_NAMESPACES = (1 << 16) - 1;

    /** Checks what can be checked without a target. */
    public NvmfSubsystemOptions {
        Nqn.require(nqn);
        checkText(nqn, "serial number", serialNumber, SERIAL_NUMBER_CHARS);
        checkText(nqn, "model number", modelNumber, MODEL_NUMBER_CHARS);
        int least = type == NvmfSubsystemType.NVME ? 1 : 0;
        int most = type == NvmfSubsystemType.NVME ? MAX_NAMESPACES : 0;
        if (maxNamespaces < least || maxNamespaces > most) {
            throw new IllegalArgumentException("subsystem " + nqn + " of type " + type + ": maxNamespaces is "
                    + maxNamespaces + " but must be " + (most == 0 ? "0" : least + " to " + most));
        }
    }

    /** A subsystem with room for 32 namespaces, to which hosts must be added. */
    public static NvmfSubsystemOptions of(String nqn) {
        return new NvmfSubsystemOptions(
                nqn, NvmfSubsystemType.NVME, "SPDKIO0000000001", "SPDK-IO bdev", false, DEFAULT_NAMESPACES, false);
    }

    /** The subsystem {@link TransportId#DISCOVERY_NQN}, open to all hosts. */
    public static NvmfSubsystemOptions discovery() {
        return new NvmfSubsystemOptions(
                TransportId.DISCOVERY_NQN,
                NvmfSubsystemType.DISCOVERY,
                "SPDKIO0000000000",
                "SPDK-IO discovery",
                true,
                0,
                false);
    }

    private static void checkText(String nqn, String what, String text, int max) {
        boolean printable = text.chars().allMatch(c -> c >= ' ' && c <= '~');
        if (text.isEmpty() || text.length() > max || !printable) {
            throw new IllegalArgumentException("subsystem " + nqn + ": the " + what + " '" + text + "' must have 1 to "
                    + max + " printable ASCII characters");
        }
    }

    /** The same with another {@link #serialNumber}. */
    public NvmfSubsystemOptions withSerialNumber(String value) {
        return new NvmfSubsystemOptions(nqn, type, value, modelNumber, allowAnyHost, maxNamespaces, anaReporting);
    }

    /** The same with another {@link #modelNumber}. */
    public NvmfSubsystemOptions withModelNumber(String value) {
        return new NvmfSubsystemOptions(nqn, type, serialNumber, value, allowAnyHost, maxNamespaces, anaReporting);
    }

    /** The same with another {@link #allowAnyHost}. */
    public NvmfSubsystemOptions withAllowAnyHost(boolean value) {
        return new NvmfSubsystemOptions(nqn, type, serialNumber, modelNumber, value, maxNamespaces, anaReporting);
    }

    /** The same with another {@link #maxNamespaces}. */
    public NvmfSubsystemOptions withMaxNamespaces(int value) {
        return new NvmfSubsystemOptions(nqn, type, serialNumber, modelNumber, allowAnyHost, value, anaReporting);
    }

    /** The same with another {@link #anaReporting}. */
    public NvmfSubsystemOptions withAnaReporting(boolean value) {
        return new NvmfSubsystemOptions(nqn, type, serialNumber, modelNumber, allowAnyHost, maxNamespaces, value);
    }
}
