// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Large, zeroed, page-aligned memory outside the heap ({@code mmap(2)}, {@code madvise(2)}), on hugepages where there
 * are any.
 *
 * <p>A wish for {@link PageKind#HUGE} that cannot be met becomes {@link PageKind#TRANSPARENT_HUGE}, and that becomes
 * {@link PageKind#NORMAL}; {@link Mapping#kind()} tells what it became. Reserved hugepages are touched at once,
 * because a page that a cgroup or cpuset denies later would end the process with SIGBUS; for the other kinds
 * {@link #prefault} does that on demand. Without native access the memory comes from the arena and is normal.
 *
 * <p>Thread rule: all methods may be called from any thread; who may use and free a mapping is the arena's rule.
 * Sizes are in bytes. Errors are unchecked, as for {@link Arena#allocate(long)}.
 */
public final class NativeMemory {
    /** The size and alignment of a hugepage: 2 MiB. */
    public static final long HUGE_PAGE_BYTES = 2L << 20;

    // asm-generic/mman-common.h, asm-generic/mman.h, linux/mman.h: the same on x86-64 and aarch64.
    static final int PROT_READ = 1;
    static final int PROT_WRITE = 2;
    static final int MAP_SHARED = 1;
    static final int MAP_PRIVATE = 2;
    static final int MAP_ANONYMOUS = 0x20;
    static final int MAP_POPULATE = 0x8000;
    static final int MAP_HUGETLB = 0x40000;
    static final int MAP_HUGE_2MB = 21 << 26;
    static final int MADV_HUGEPAGE = 14;
    static final int MADV_POPULATE_WRITE = 23;
    static final int SC_PAGESIZE = 30; // bits/confname.h, the same number in glibc and musl

    private static final long FALLBACK_PAGE_BYTES = 4096;

    /** From here on a call into C pays. */
    private static final long MEMSET_BYTES = 4096;

    private NativeMemory() {}

    /**
     * Memory and what it is made of.
     *
     * @param segment exactly the bytes asked for, alive as long as the arena
     * @param kind what backs it
     */
    public record Mapping(MemorySegment segment, PageKind kind) {}

    /** The size of a normal page in bytes; 4096 is assumed without native access. */
    public static long pageSize() {
        return Platform.isNativeAvailable() ? PageSize.BYTES : FALLBACK_PAGE_BYTES;
    }

    /**
     * Maps zeroed memory for reading and writing.
     *
     * @param bytes the size, more than 0; whole pages are reserved
     * @param wanted the best kind of pages to try for
     * @param arena what the lifetime hangs on: closing it unmaps
     * @return the memory, aligned to a page, or to 2 MiB unless its kind is {@link PageKind#NORMAL}
     * @throws UncheckedIOException if the kernel refuses, naming the size and the limits that apply
     */
    public static Mapping map(long bytes, PageKind wanted, Arena arena) {
        if (bytes <= 0 || bytes > Long.MAX_VALUE / 2) {
            throw new IllegalArgumentException("a mapping of " + bytes + " bytes");
        }
        if (!Platform.isNativeAvailable()) {
            return new Mapping(arena.allocate(bytes, FALLBACK_PAGE_BYTES), PageKind.NORMAL);
        }
        Mapping mapping = null;
        if (wanted == PageKind.HUGE) {
            mapping = mapHuge(bytes, arena);
        }
        if (mapping == null && wanted != PageKind.NORMAL) {
            mapping = mapTransparentHuge(bytes, arena);
        }
        return mapping != null ? mapping : mapNormal(bytes, arena);
    }

    /**
     * Makes the kernel provide all pages of a mapping now, so that the first I/O does not pay for it
     * ({@code MADV_POPULATE_WRITE}, Linux 5.14; a write to each page elsewhere). The contents stay what they are.
     *
     * @param segment native memory that nobody else writes to during the call
     * @throws UncheckedIOException if there is not enough memory
     */
    public static void prefault(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("heap memory has no pages of its own: " + segment);
        }
        long page = pageSize();
        if (Platform.isNativeAvailable()) {
            long begin = segment.address() & -page;
            long result = advise(begin, segment.address() + segment.byteSize() - begin, MADV_POPULATE_WRITE);
            if (result == 0) {
                return;
            }
            if (result != -Errno.EINVAL) {
                throw refused("madvise", "MADV_POPULATE_WRITE, " + segment.byteSize() + " bytes", (int) -result);
            }
        }
        for (long offset = 0; offset < segment.byteSize(); offset += page) {
            segment.set(JAVA_BYTE, offset, segment.get(JAVA_BYTE, offset));
        }
    }

    /**
     * Fills memory with zeroes: larger pieces by {@code memset(3)}, which takes some 20 % less time than what the JVM
     * does.
     *
     * @param segment native memory
     */
    public static void zero(MemorySegment segment) {
        if (segment.byteSize() < MEMSET_BYTES || !Platform.isNativeAvailable()) {
            segment.fill((byte) 0);
            return;
        }
        try {
            Memset.HANDLE.invokeExact(segment, 0, segment.byteSize());
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** Maps a ring of io_uring: shared memory that belongs to a descriptor. */
    static MemorySegment mapShared(long bytes, int fd, long offset, Arena arena) throws SysException {
        long address = Libc.call(
                "mmap",
                () -> bytes + " bytes of fd " + fd + " at 0x" + Long.toHexString(offset),
                errno -> (long) Handles.MMAP.invokeExact(
                        errno, 0L, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset));
        return adopt(address, bytes, address, bytes, arena);
    }

    private static @Nullable Mapping mapHuge(long bytes, Arena arena) {
        long length = roundUp(bytes, HUGE_PAGE_BYTES);
        long address = mmap(length, MAP_HUGETLB | MAP_HUGE_2MB);
        if (address < 0) {
            return null;
        }
        long populated = advise(address, length, MADV_POPULATE_WRITE);
        if (populated != 0 && populated != -Errno.EINVAL) {
            munmap(address, length);
            return null;
        }
        return new Mapping(adopt(address, bytes, address, length, arena), PageKind.HUGE);
    }

    /** Maps 2 MiB too much and gives the ends back, which is how one gets an aligned address. */
    private static @Nullable Mapping mapTransparentHuge(long bytes, Arena arena) {
        if (Hugepages.info().transparent().equals("never")) {
            return null;
        }
        long length = roundUp(bytes, HUGE_PAGE_BYTES);
        long raw = mmap(length + HUGE_PAGE_BYTES, 0);
        if (raw < 0) {
            return null;
        }
        long address = roundUp(raw, HUGE_PAGE_BYTES);
        munmap(raw, address - raw);
        munmap(address + length, raw + HUGE_PAGE_BYTES - address);
        if (advise(address, length, MADV_HUGEPAGE) != 0) {
            munmap(address, length);
            return null;
        }
        return new Mapping(adopt(address, bytes, address, length, arena), PageKind.TRANSPARENT_HUGE);
    }

    private static Mapping mapNormal(long bytes, Arena arena) {
        long length = roundUp(bytes, pageSize());
        long address = mmap(length, 0);
        if (address < 0) {
            throw refused("mmap", bytes + " bytes", (int) -address);
        }
        return new Mapping(adopt(address, bytes, address, length, arena), PageKind.NORMAL);
    }

    private static MemorySegment adopt(long address, long bytes, long mapped, long mappedBytes, Arena arena) {
        try {
            return Libc.adopt(address, bytes, arena, _ -> munmap(mapped, mappedBytes));
        } catch (RuntimeException closedArena) {
            munmap(mapped, mappedBytes);
            throw closedArena;
        }
    }

    private static UncheckedIOException refused(String call, String object, int errno) {
        String limits = "limits: " + Limits.addressSpace() + ", " + Limits.memlock();
        return new UncheckedIOException(new SysException(call, object, errno, limits));
    }

    private static long roundUp(long value, long powerOfTwo) {
        return (value + powerOfTwo - 1) & -powerOfTwo;
    }

    /** Returns the address or the negative error number. */
    private static long mmap(long bytes, int flags) {
        return Libc.tryCall(errno -> (long) Handles.MMAP.invokeExact(
                errno, 0L, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0L));
    }

    private static void munmap(long address, long bytes) {
        if (bytes > 0) {
            Libc.tryCall(errno -> (int) Handles.MUNMAP.invokeExact(errno, address, bytes));
        }
    }

    /** Returns 0 or the negative error number. */
    private static long advise(long address, long bytes, int advice) {
        return Libc.tryCall(errno -> (int) Handles.MADVISE.invokeExact(errno, address, bytes, advice));
    }

    private static final class PageSize {
        static final long BYTES = Libc.tryCall(errno -> (long) Handles.SYSCONF.invokeExact(errno, SC_PAGESIZE));
    }

    private static final class Memset {
        static final MethodHandle HANDLE =
                Libc.findWithoutErrno("memset", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_LONG));
    }

    private static final class Handles {
        static final MethodHandle MMAP = Libc.find(
                "mmap",
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
        static final MethodHandle MUNMAP = Libc.find("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
        static final MethodHandle MADVISE =
                Libc.find("madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
        static final MethodHandle SYSCONF = Libc.find("sysconf", FunctionDescriptor.of(JAVA_LONG, JAVA_INT));
    }
}
