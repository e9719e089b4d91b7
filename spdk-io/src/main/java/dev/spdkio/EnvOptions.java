// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The environment of {@link Engine#SPDK}: the fields of {@code struct spdk_env_opts} that an application chooses. The
 * Java engine needs none of it.
 *
 * <p>It counts at the first start in a JVM: DPDK keeps its memory and its devices until the JVM ends.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param hugepages whether memory comes from hugepages, which devices on the PCI bus need; if not, from normal pages
 * @param pci whether devices on the PCI bus are looked for
 * @param hugeDir where hugetlbfs is mounted; null for the first one found
 * @param iovaMode how devices see memory, {@code "pa"} or {@code "va"}; null lets DPDK choose
 * @param shmId names the shared memory for other processes to attach to; negative for none
 * @param singleFileSegments whether all hugepages are one file
 * @param unlinkHugepages whether the files of hugepages are removed once they are mapped, so that none are left behind
 * @param baseVirtAddr where memory is to begin, for processes that share it; 0 for DPDK's own choice
 * @param vfToken the token of a VFIO virtual function; null for none
 */
public record EnvOptions(
        boolean hugepages,
        boolean pci,
        @Nullable Path hugeDir,
        @Nullable String iovaMode,
        int shmId,
        boolean singleFileSegments,
        boolean unlinkHugepages,
        long baseVirtAddr,
        @Nullable String vfToken) {
    /** Hugepages and PCI where the machine has them, nothing shared, nothing left behind. */
    public static final EnvOptions DEFAULT = new EnvOptions(true, true, null, null, -1, false, true, 0, null);

    /** Checks what can be checked without DPDK. */
    public EnvOptions {
        if (iovaMode != null && !iovaMode.equals("pa") && !iovaMode.equals("va")) {
            throw new IllegalArgumentException("iovaMode is " + iovaMode + " but must be pa or va");
        }
        if (!hugepages && Objects.equals(iovaMode, "pa")) {
            throw new IllegalArgumentException(
                    "iovaMode pa needs hugepages: without them memory has no fixed physical address");
        }
    }

    /** The same without hugepages. */
    public EnvOptions withoutHugepages() {
        return new EnvOptions(
                false, pci, hugeDir, iovaMode, shmId, singleFileSegments, unlinkHugepages, baseVirtAddr, vfToken);
    }

    /** The same without devices on the PCI bus. */
    public EnvOptions withoutPci() {
        return new EnvOptions(
                hugepages, false, hugeDir, iovaMode, shmId, singleFileSegments, unlinkHugepages, baseVirtAddr, vfToken);
    }
}
