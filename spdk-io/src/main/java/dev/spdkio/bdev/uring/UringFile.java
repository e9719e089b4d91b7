// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.uring;

import dev.spdkio.bdev.file.FileGeometry;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import dev.spdkio.sys.FileHandle;
import dev.spdkio.sys.FileStat;
import dev.spdkio.sys.IoUring;
import dev.spdkio.sys.SysException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The open file under a {@link UringBdev}, and what was found out about it.
 *
 * <p>Thread rule: any thread.
 */
final class UringFile implements AutoCloseable {
    private static final Logger LOG = System.getLogger(UringFile.class.getName());
    private static final int BUFFERED_UNIT = 1;

    private final FileHandle handle;
    private final FileGeometry geometry;
    private final int unit;
    private final int memoryAlignment;
    private final boolean canUnmap;
    private final int atomicBytes;

    private UringFile(
            FileHandle handle,
            FileGeometry geometry,
            int unit,
            int memoryAlignment,
            boolean canUnmap,
            int atomicBytes) {
        this.handle = handle;
        this.geometry = geometry;
        this.unit = unit;
        this.memoryAlignment = memoryAlignment;
        this.canUnmap = canUnmap;
        this.atomicBytes = atomicBytes;
    }

    static UringFile open(UringBdevOptions o) throws SpdkException {
        if (!IoUring.isAvailable()) {
            throw unavailable(o, IoUring.unavailabilityCause());
        }
        FileHandle handle = openHandle(o);
        try {
            return examine(o, handle);
        } catch (SysException e) {
            handle.close();
            throw FileGeometry.error(e.errno(), o.name(), o.filename(), String.valueOf(e.getMessage()), e);
        } catch (SpdkException | RuntimeException e) {
            handle.close();
            throw e;
        }
    }

    static SpdkException unavailable(UringBdevOptions o, @Nullable String cause) {
        return FileGeometry.error(
                Errno.ENOSYS,
                o.name(),
                o.filename(),
                "io_uring is not available: " + cause + ". Create an aio bdev instead (bdev_aio_create)");
    }

    private static FileHandle openHandle(UringBdevOptions o) throws SpdkException {
        Path path;
        try {
            path = Path.of(o.filename());
        } catch (InvalidPathException e) {
            throw FileGeometry.error(Errno.EINVAL, o.name(), o.filename(), "that is no path: " + e.getReason(), e);
        }
        try {
            if (o.refusesDirect()) {
                return open(o, path, false);
            }
            return open(o, path, true);
        } catch (SysException e) {
            if (e.errno() != Errno.EINVAL || o.refusesDirect()) {
                throw openFailed(o, e);
            }
            if (o.requiresDirect()) {
                throw FileGeometry.error(
                        Errno.EOPNOTSUPP,
                        o.name(),
                        o.filename(),
                        "its file system has no direct I/O: leave direct unset, or set it to false",
                        e);
            }
            LOG.log(
                    Level.WARNING,
                    "bdev {0}: the file system of {1} has no direct I/O, so that it goes through the page cache",
                    o.name(),
                    o.filename());
        }
        try {
            return open(o, path, false);
        } catch (SysException e) {
            throw openFailed(o, e);
        }
    }

    private static FileHandle open(UringBdevOptions o, Path path, boolean direct) throws SysException {
        List<FileHandle.Flag> flags = new ArrayList<>();
        flags.add(o.readonly() ? FileHandle.Flag.READ_ONLY : FileHandle.Flag.READ_WRITE);
        if (direct) {
            flags.add(FileHandle.Flag.DIRECT);
        }
        return FileHandle.open(path, flags.toArray(FileHandle.Flag[]::new));
    }

    private static SpdkException openFailed(UringBdevOptions o, SysException e) {
        return FileGeometry.error(
                e.errno(), o.name(), o.filename(), FileGeometry.explainOpen(e.errno(), !o.readonly()), e);
    }

    private static UringFile examine(UringBdevOptions o, FileHandle handle) throws SysException, SpdkException {
        FileStat stat = handle.stat();
        if (Files.isDirectory(handle.path())) {
            throw FileGeometry.error(
                    Errno.EISDIR, o.name(), o.filename(), FileGeometry.explainOpen(Errno.EISDIR, !o.readonly()));
        }
        if (!stat.isRegular() && !stat.isBlockDevice()) {
            throw FileGeometry.invalid(o.name(), o.filename(), FileGeometry.neitherFileNorDisk());
        }
        boolean direct = handle.direct();
        int smallest = direct || stat.isBlockDevice() ? handle.logicalBlockSize() : FileGeometry.MIN_BLOCK_SIZE;
        String why = stat.isBlockDevice()
                ? "its sector size"
                : "the unit of direct I/O there (set direct to false to go without)";
        FileGeometry geometry =
                FileGeometry.of(o.name(), o.filename(), handle.deviceSize(), o.blockSize(), smallest, why);
        // Pieces of memory must be aligned in address and in length; one number serves for both.
        int memory = direct ? Math.max(smallest, stat.dioMemoryAlignBytes()) : 1;
        boolean unmap = !o.readonly() && canUnmap(handle, stat, geometry);
        int atomic = direct && o.atomicWrites() ? atomicBytes(stat, geometry.blockSize()) : 0;
        if (atomic == 0 && o.atomicWrites()) {
            throw FileGeometry.error(
                    Errno.EOPNOTSUPP,
                    o.name(),
                    o.filename(),
                    "writes of " + geometry.blockSize() + " bytes are not done as a whole there "
                            + (direct
                                    ? "(the kernel says " + stat.atomicWriteMinBytes() + " to "
                                            + stat.atomicWriteMaxBytes() + " bytes)"
                                    : "without direct I/O")
                            + ": set atomic_writes to false");
        }
        return new UringFile(handle, geometry, direct ? smallest : BUFFERED_UNIT, memory, unmap, atomic);
    }

    /** The largest write of whole blocks that is done as a whole, if all that are smaller are so too; else 0. */
    static int atomicBytes(FileStat stat, int blockSize) {
        int least = stat.atomicWriteMinBytes();
        int most = stat.atomicWriteMaxBytes();
        return least > 0 && least <= blockSize && most >= blockSize ? Integer.highestOneBit(most) : 0;
    }

    /** Looks without touching what is stored: a file is tried behind its end, of a disk the kernel is asked. */
    private static boolean canUnmap(FileHandle handle, FileStat stat, FileGeometry geometry) {
        if (stat.isBlockDevice()) {
            return canZeroByCommand(handle.path());
        }
        long blockSize = geometry.blockSize();
        long behind = (stat.sizeBytes() / blockSize + 1) * blockSize;
        try {
            handle.fallocate(FileHandle.FALLOC_PUNCH_HOLE | FileHandle.FALLOC_KEEP_SIZE, behind, blockSize);
            return true;
        } catch (SysException refused) {
            LOG.log(Level.DEBUG, "no unmap: {0}", refused.getMessage());
            return false;
        }
    }

    /** Punching a hole into a disk is its write-zeroes command; a disk without says 0 here. */
    private static boolean canZeroByCommand(Path device) {
        try {
            Path block = Path.of("/sys/class/block").resolve(device.toRealPath().getFileName());
            Path queue = block.resolve("queue");
            Path limits = Files.isDirectory(queue) ? queue : block.toRealPath().resolveSibling("queue");
            return !Files.readString(limits.resolve("write_zeroes_max_bytes"))
                    .strip()
                    .equals("0");
        } catch (IOException unknown) {
            return true;
        }
    }

    int fd() {
        return handle.fd();
    }

    /** How many bytes there are now. */
    long size() throws SysException {
        return handle.deviceSize();
    }

    FileGeometry geometry() {
        return geometry;
    }

    boolean isDirect() {
        return handle.direct();
    }

    /** What offsets and lengths must be multiples of. */
    int unit() {
        return unit;
    }

    /** What addresses of buffers, and lengths of their pieces, must be multiples of. */
    int memoryAlignment() {
        return memoryAlignment;
    }

    /** The largest write that is done as a whole or not at all; 0 if there is none. */
    int atomicBytes() {
        return atomicBytes;
    }

    boolean canUnmap() {
        return canUnmap;
    }

    @Override
    public void close() {
        handle.close();
    }
}
