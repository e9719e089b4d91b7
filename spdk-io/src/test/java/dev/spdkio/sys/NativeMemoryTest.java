// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class NativeMemoryTest {
    private static final long BYTES = 3 * NativeMemory.HUGE_PAGE_BYTES + 12_345;

    @ParameterizedTest
    @EnumSource
    void mapsZeroedAlignedMemoryOfTheExactSize(PageKind wanted) {
        try (Arena arena = Arena.ofShared()) {
            NativeMemory.Mapping mapping = NativeMemory.map(BYTES, wanted, arena);
            MemorySegment segment = mapping.segment();
            long alignment = mapping.kind() == PageKind.NORMAL ? NativeMemory.pageSize() : NativeMemory.HUGE_PAGE_BYTES;
            assertThat(segment.byteSize()).isEqualTo(BYTES);
            assertThat(segment.address() % alignment).isZero();
            assertThat(mapping.kind()).isGreaterThanOrEqualTo(wanted);
            assertThat(segment.get(JAVA_BYTE, BYTES - 1)).isZero();
            segment.fill((byte) 7);
            assertThat(segment.get(JAVA_BYTE, BYTES / 2)).isEqualTo((byte) 7);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 4095, 4096, 4097, 1 << 20})
    void zeroesWhatItIsGivenAndNothingElse(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = arena.allocate(bytes + 2);
            all.fill((byte) 7);
            NativeMemory.zero(all.asSlice(1, bytes));
            assertThat(all.get(JAVA_BYTE, 0)).isEqualTo((byte) 7);
            assertThat(all.get(JAVA_BYTE, bytes + 1)).isEqualTo((byte) 7);
            assertThat(all.asSlice(1, bytes).mismatch(arena.allocate(bytes))).isEqualTo(-1);
        }
    }

    @Test
    void takesReservedHugepagesWhereThePoolHasThem() {
        assumeTrue(Platform.isNativeAvailable(), () -> String.valueOf(Platform.unavailabilityCause()));
        assumeTrue(
                Hugepages.info().availableBytes() >= NativeMemory.HUGE_PAGE_BYTES,
                () -> "no free hugepages: " + Hugepages.info());
        long free = Hugepages.info().free();
        try (Arena arena = Arena.ofShared()) {
            assertThat(NativeMemory.map(1, PageKind.HUGE, arena).kind()).isEqualTo(PageKind.HUGE);
            assertThat(Hugepages.info().free()).isLessThan(free);
        }
    }

    @Test
    void closingTheArenaUnmaps() throws Exception {
        assumeTrue(Platform.isNativeAvailable(), () -> String.valueOf(Platform.unavailabilityCause()));
        String start;
        MemorySegment segment;
        try (Arena arena = Arena.ofConfined()) {
            segment =
                    NativeMemory.map(64 << 20, PageKind.TRANSPARENT_HUGE, arena).segment();
            NativeMemory.prefault(segment);
            start = Long.toHexString(segment.address());
            assertThat(Files.readString(Path.of("/proc/self/smaps"))).contains(start);
        }
        MemorySegment closed = segment;
        assertThatThrownBy(() -> closed.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        assertThat(Files.readAllLines(Path.of("/proc/self/maps"))).noneMatch(line -> line.startsWith(start + "-"));
    }

    @Test
    void prefaultingMakesPagesResidentAndKeepsTheirContents() throws Exception {
        assumeTrue(Platform.isNativeAvailable(), () -> String.valueOf(Platform.unavailabilityCause()));
        try (Arena arena = Arena.ofShared()) {
            long bytes = 64 << 20;
            MemorySegment segment =
                    NativeMemory.map(bytes, PageKind.NORMAL, arena).segment();
            segment.set(JAVA_BYTE, 4711, (byte) 42);
            long before = residentBytes();
            NativeMemory.prefault(segment);
            assertThat(residentBytes() - before).isGreaterThan(bytes / 2);
            assertThat(segment.get(JAVA_BYTE, 4711)).isEqualTo((byte) 42);
        }
    }

    @Test
    void refusalNamesBytesAndLimits() {
        assumeTrue(Platform.isNativeAvailable(), () -> String.valueOf(Platform.unavailabilityCause()));
        long impossible = 1L << 60;
        assertThatThrownBy(() -> NativeMemory.map(impossible, PageKind.HUGE, Arena.global()))
                .hasMessageContaining("mmap(" + impossible + " bytes): ENOMEM")
                .hasMessageContaining("RLIMIT_AS")
                .hasMessageContaining("RLIMIT_MEMLOCK");
        assertThatThrownBy(() -> NativeMemory.map(0, PageKind.NORMAL, Arena.global()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NativeMemory.prefault(MemorySegment.ofArray(new byte[1])))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aClosedArenaIsRefusedWithoutALeak() {
        Arena closed = Arena.ofShared();
        closed.close();
        assertThatThrownBy(() -> NativeMemory.map(1 << 20, PageKind.NORMAL, closed))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void constantsAreThoseOfTheHeaders(@TempDir Path directory) throws Exception {
        new CHeaders()
                .include("sys/mman.h", "linux/mman.h", "unistd.h")
                .value("PROT_READ", NativeMemory.PROT_READ)
                .value("PROT_WRITE", NativeMemory.PROT_WRITE)
                .value("MAP_SHARED", NativeMemory.MAP_SHARED)
                .value("MAP_PRIVATE", NativeMemory.MAP_PRIVATE)
                .value("MAP_ANONYMOUS", NativeMemory.MAP_ANONYMOUS)
                .value("MAP_POPULATE", NativeMemory.MAP_POPULATE)
                .value("MAP_HUGETLB", NativeMemory.MAP_HUGETLB)
                .macroIfDefined("MAP_HUGE_2MB", NativeMemory.MAP_HUGE_2MB)
                .value("MADV_HUGEPAGE", NativeMemory.MADV_HUGEPAGE)
                .macroIfDefined("MADV_POPULATE_WRITE", NativeMemory.MADV_POPULATE_WRITE)
                .value("_SC_PAGESIZE", NativeMemory.SC_PAGESIZE)
                .value("sysconf(_SC_PAGESIZE)", NativeMemory.pageSize())
                .verify(directory);
    }

    private static long residentBytes() throws Exception {
        String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
        return Long.parseLong(pages[1]) * NativeMemory.pageSize();
    }
}
