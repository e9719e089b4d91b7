// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

/** What kind of pages backs a mapping of {@link NativeMemory}; also what a caller wishes for. */
public enum PageKind {
    /** Reserved 2 MiB pages of hugetlbfs ({@code vm.nr_hugepages}): never swapped, never split. */
    HUGE,
    /** Normal memory that the kernel was asked to back with 2 MiB pages where it finds them ({@code MADV_HUGEPAGE}). */
    TRANSPARENT_HUGE,
    /** Pages of {@link NativeMemory#pageSize()} bytes. */
    NORMAL
}
