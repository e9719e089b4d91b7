// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.Charset;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An open file or block device with its bare descriptor ({@code open(2)}), for what {@code FileChannel} does not
 * offer: the number that io_uring wants, direct I/O, the geometry of a device, and preallocation.
 *
 * <p>Thread rule: all methods may be called from any thread. A {@link #close()} that meets calls in progress lets
 * them finish; the descriptor is released when the last one returns. The number from {@link #fd()} is a loan: who
 * passes it to a ring keeps the handle open until the ring has answered.
 *
 * <p>Units: bytes. Errors: {@link SysException} naming the path; {@link IllegalStateException} after close.
 */
public final class FileHandle implements AutoCloseable {
    // asm-generic/fcntl.h; arm64 has its own O_DIRECT (arch/arm64/include/uapi/asm/fcntl.h).
    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_TRUNC = 0x200;
    static final int O_DSYNC = 0x1000;
    static final int O_DIRECT = Platform.isX86() ? 0x4000 : 0x10000;
    static final int O_CLOEXEC = 0x80000;

    // linux/stat.h and linux/fcntl.h: struct statx and how to ask for it.
    static final long STATX_BYTES = 256;
    static final long STATX_MASK = 0;
    static final long STATX_BLKSIZE = 4;
    static final long STATX_MODE = 28;
    static final long STATX_INO = 32;
    static final long STATX_SIZE = 40;
    static final long STATX_DEV_MAJOR = 136;
    static final long STATX_DEV_MINOR = 140;
    static final long STATX_DIO_MEM_ALIGN = 152;
    static final long STATX_DIO_OFFSET_ALIGN = 156;
    static final long STATX_ATOMIC_MIN = 168;
    static final long STATX_ATOMIC_MAX = 172;
    static final int STATX_BASIC_STATS = 0x7ff;
    static final int STATX_DIOALIGN = 0x2000;
    static final int STATX_WRITE_ATOMIC = 0x10000;
    static final int AT_EMPTY_PATH = 0x1000;

    // linux/fs.h: requests to a block device.
    static final long BLKGETSIZE64 = 0x80081272L;
    static final long BLKSSZGET = 0x1268;

    /** For {@link #fallocate}: do not change the size of the file ({@code FALLOC_FL_KEEP_SIZE}). */
    public static final int FALLOC_KEEP_SIZE = 1;

    /** For {@link #fallocate}, with {@link #FALLOC_KEEP_SIZE}: give the range back ({@code FALLOC_FL_PUNCH_HOLE}). */
    public static final int FALLOC_PUNCH_HOLE = 2;

    /** For {@link #fallocate}: make the range read as zeroes ({@code FALLOC_FL_ZERO_RANGE}). */
    public static final int FALLOC_ZERO_RANGE = 0x10;

    private static final int NEW_FILE_MODE = 0644;
    private static final int MIN_SECTOR_BYTES = 512;

    private final Path path;
    private final int fd;
    private final Set<Flag> flags;
    private final FdGuard guard;

    private FileHandle(Path path, int fd, Set<Flag> flags) {
        this.path = path;
        this.fd = fd;
        this.flags = flags;
        this.guard = new FdGuard(() -> Fds.close(fd));
    }

    /** How to open a file; without {@link #READ_WRITE} it is read-only. */
    public enum Flag {
        /** For reading only, which is the default. */
        READ_ONLY(O_RDONLY),
        /** For reading and writing. */
        READ_WRITE(O_RDWR),
        /** Past the page cache: buffers, offsets and lengths must be aligned, see {@link FileStat}. */
        DIRECT(O_DIRECT),
        /** Every write is on stable storage when it completes. */
        DSYNC(O_DSYNC),
        /** Create the file if it is missing, with permissions 0644. */
        CREATE(O_CREAT),
        /** With {@link #CREATE}: fail if the file exists. On a block device: fail if it is mounted or in use. */
        EXCLUSIVE(O_EXCL),
        /** Cut an existing file to 0 bytes. */
        TRUNCATE(O_TRUNC);

        private final int bits;

        Flag(int bits) {
            this.bits = bits;
        }
    }

    /** Whether {@link #open} can work here; if not, {@link Platform#unavailabilityCause()} has the reason. */
    public static boolean isAvailable() {
        return Platform.isNativeAvailable();
    }

    /**
     * Opens a file or block device; a program started by this process does not inherit it.
     *
     * @param path a path of the default file system
     * @param flags how to open it
     * @throws SysException if the kernel refuses, such as {@code EINVAL} for {@link Flag#DIRECT} on a file system
     *     without direct I/O
     * @throws UnsupportedOperationException without native access
     */
    public static FileHandle open(Path path, Flag... flags) throws SysException {
        if (!path.getFileSystem().equals(FileSystems.getDefault())) {
            throw new IllegalArgumentException("not a path of the operating system: " + path.toUri());
        }
        Platform.requireNative();
        Set<Flag> set = EnumSet.noneOf(Flag.class);
        int bits = O_CLOEXEC;
        for (Flag flag : flags) {
            set.add(flag);
            bits |= flag.bits;
        }
        if (set.contains(Flag.READ_ONLY) && set.contains(Flag.READ_WRITE)) {
            throw new IllegalArgumentException("both READ_ONLY and READ_WRITE for " + path);
        }
        int allBits = bits;
        try (Arena arena = Arena.ofConfined()) {
            Charset names = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
            MemorySegment name = arena.allocateFrom(path.toString(), names);
            long fd = Libc.tryCall(errno -> (int) Handles.OPEN.invokeExact(errno, name, allBits, NEW_FILE_MODE));
            if (fd < 0) {
                throw new SysException("open", quoted(path), (int) -fd, remedy((int) -fd, set));
            }
            return new FileHandle(path, (int) fd, set);
        }
    }

    /** The descriptor, as long as the handle is open. */
    public int fd() {
        if (guard.isClosed()) {
            throw closed();
        }
        return fd;
    }

    /** The path that was opened. */
    public Path path() {
        return path;
    }

    /** Whether the file was opened for reading only. */
    public boolean readOnly() {
        return !flags.contains(Flag.READ_WRITE);
    }

    /** Whether the file was opened for direct I/O. */
    public boolean direct() {
        return flags.contains(Flag.DIRECT);
    }

    /** Asks the kernel what the file is. */
    public FileStat stat() throws SysException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(STATX_BYTES, Long.BYTES);
            MemorySegment empty = arena.allocateFrom("");
            call("statx", errno -> (long) Handles.STATX.invokeExact(
                    errno,
                    Libc.SYS_STATX,
                    (long) fd,
                    empty.address(),
                    (long) AT_EMPTY_PATH,
                    (long) (STATX_BASIC_STATS | STATX_DIOALIGN | STATX_WRITE_ATOMIC),
                    buffer.address()));
            int known = buffer.get(JAVA_INT, STATX_MASK);
            boolean hasAlignment = (known & STATX_DIOALIGN) != 0;
            boolean hasAtomic = (known & STATX_WRITE_ATOMIC) != 0;
            return new FileStat(
                    buffer.get(JAVA_LONG, STATX_SIZE),
                    Short.toUnsignedInt(buffer.get(JAVA_SHORT, STATX_MODE)),
                    buffer.get(JAVA_INT, STATX_BLKSIZE),
                    hasAlignment ? buffer.get(JAVA_INT, STATX_DIO_MEM_ALIGN) : 0,
                    hasAlignment ? buffer.get(JAVA_INT, STATX_DIO_OFFSET_ALIGN) : 0,
                    hasAtomic ? buffer.get(JAVA_INT, STATX_ATOMIC_MIN) : 0,
                    hasAtomic ? buffer.get(JAVA_INT, STATX_ATOMIC_MAX) : 0,
                    (long) buffer.get(JAVA_INT, STATX_DEV_MAJOR) << 32 | buffer.get(JAVA_INT, STATX_DEV_MINOR),
                    buffer.get(JAVA_LONG, STATX_INO));
        }
    }

    /** How many bytes can be addressed: the capacity of a block device, the size of a file. */
    public long deviceSize() throws SysException {
        FileStat stat = stat();
        return stat.isBlockDevice() ? ioctl("BLKGETSIZE64", BLKGETSIZE64) : stat.sizeBytes();
    }

    /**
     * The unit of direct I/O in bytes: the sector of a block device; for a file the alignment that its file system asks
     * for, or its preferred I/O size where the kernel does not tell.
     */
    public int logicalBlockSize() throws SysException {
        FileStat stat = stat();
        if (stat.isBlockDevice()) {
            return (int) ioctl("BLKSSZGET", BLKSSZGET);
        }
        int unit = stat.dioOffsetAlignBytes() != 0 ? stat.dioOffsetAlignBytes() : stat.blockSizeBytes();
        return Math.max(MIN_SECTOR_BYTES, unit);
    }

    /** Waits until data and metadata are on stable storage. */
    public void fsync() throws SysException {
        call("fsync", errno -> (int) Handles.FSYNC.invokeExact(errno, fd));
    }

    /** Waits until data, and the metadata needed to read it back, are on stable storage. */
    public void fdatasync() throws SysException {
        call("fdatasync", errno -> (int) Handles.FDATASYNC.invokeExact(errno, fd));
    }

    /**
     * Reserves, releases or zeroes a range without writing it.
     *
     * @param mode 0 to reserve, or a combination of the {@code FALLOC_} constants of this class
     * @param offset where the range begins, in bytes
     * @param length how long it is, in bytes
     * @throws SysException {@code EOPNOTSUPP} if the file system cannot do that
     */
    public void fallocate(int mode, long offset, long length) throws SysException {
        call("fallocate", errno -> (int) Handles.FALLOCATE.invokeExact(errno, fd, mode, offset, length));
    }

    /** Sets the size of the file in bytes; what is added reads as zeroes. */
    public void truncate(long sizeBytes) throws SysException {
        call("ftruncate", errno -> (int) Handles.FTRUNCATE.invokeExact(errno, fd, sizeBytes));
    }

    /**
     * Reads at an offset, blocking the calling thread.
     *
     * @return the number of bytes, less than asked for at the end of the file
     */
    public long pread(MemorySegment target, long offset) throws SysException {
        return transfer("pread", Handles.PREAD, target, offset);
    }

    /**
     * Writes at an offset, blocking the calling thread.
     *
     * @return the number of bytes, which may be less than the segment has
     */
    public long pwrite(MemorySegment source, long offset) throws SysException {
        return transfer("pwrite", Handles.PWRITE, source, offset);
    }

    /** Closes the file. Does nothing the second time. Does not sync. */
    @Override
    public void close() {
        guard.close();
    }

    @Override
    public String toString() {
        return "FileHandle[" + quoted(path) + ", fd " + fd + (guard.isClosed() ? ", closed]" : ", " + flags + "]");
    }

    private long transfer(String name, MethodHandle handle, MemorySegment memory, long offset) throws SysException {
        if (!memory.isNative()) {
            throw new IllegalArgumentException("only native memory can be read and written: " + memory);
        }
        // Not invokeExact: the handle is an argument here, and these calls are not for hot paths.
        return call(name, errno -> (long) handle.invoke(errno, fd, memory, memory.byteSize(), offset));
    }

    /** All requests used here store their result through a pointer. */
    private long ioctl(String request, long number) throws SysException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(JAVA_LONG);
            call("ioctl " + request, errno -> (int) Handles.IOCTL.invokeExact(errno, fd, number, result));
            return result.get(JAVA_LONG, 0);
        }
    }

    private long call(String name, Libc.Call body) throws SysException {
        if (!guard.tryEnter()) {
            throw closed();
        }
        try {
            long result;
            do {
                result = Libc.tryCall(body);
            } while (result == -Errno.EINTR);
            if (result < 0) {
                throw new SysException(name, quoted(path), (int) -result);
            }
            return result;
        } finally {
            guard.exit();
        }
    }

    private IllegalStateException closed() {
        return new IllegalStateException(quoted(path) + " is closed");
    }

    private static String quoted(Path path) {
        return "\"" + path + "\"";
    }

    private static @Nullable String remedy(int errno, Set<Flag> flags) {
        return switch (errno) {
            case Errno.EINVAL -> flags.contains(Flag.DIRECT) ? "the file system may not support direct I/O" : null;
            case Errno.EMFILE -> Limits.openFiles().toString();
            case Errno.EBUSY -> "the device is mounted or in use";
            default -> null;
        };
    }

    private static final class Handles {
        private static final FunctionDescriptor BY_FD = FunctionDescriptor.of(JAVA_INT, JAVA_INT);
        private static final FunctionDescriptor TRANSFER =
                FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);

        static final MethodHandle OPEN = Libc.find(
                "open",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
                Linker.Option.firstVariadicArg(2));
        static final MethodHandle STATX = Libc.findSyscall(5);
        static final MethodHandle IOCTL = Libc.find(
                "ioctl",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
                Linker.Option.firstVariadicArg(2));
        static final MethodHandle FSYNC = Libc.find("fsync", BY_FD);
        static final MethodHandle FDATASYNC = Libc.find("fdatasync", BY_FD);
        static final MethodHandle FALLOCATE =
                Libc.find("fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
        static final MethodHandle FTRUNCATE =
                Libc.find("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
        static final MethodHandle PREAD = Libc.find("pread", TRANSFER);
        static final MethodHandle PWRITE = Libc.find("pwrite", TRANSFER);
    }
}
