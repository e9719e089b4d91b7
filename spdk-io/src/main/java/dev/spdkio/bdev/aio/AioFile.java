// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.aio;

import dev.spdkio.bdev.file.FileGeometry;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import dev.spdkio.sys.FileHandle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The open file under an {@link AioBdev}: all blocking calls are here.
 *
 * <p>Thread rule: any thread.
 */
final class AioFile implements AutoCloseable {
    private static final int S_IFMT = 0xF000;
    private static final int S_IFBLK = 0x6000;
    private static final int BUFFERED_UNIT = FileGeometry.MIN_BLOCK_SIZE;

    private final FileChannel channel;
    private final @Nullable FileHandle raw;
    private final boolean direct;
    private final int directUnit;
    private final FileGeometry geometry;

    private AioFile(
            FileChannel channel, @Nullable FileHandle raw, boolean direct, int directUnit, FileGeometry geometry) {
        this.channel = channel;
        this.raw = raw;
        this.direct = direct;
        this.directUnit = directUnit;
        this.geometry = geometry;
    }

    static AioFile open(AioBdevOptions o) throws SpdkException {
        Path path = path(o);
        boolean blockDevice = checkKind(o, path);
        int directUnit = directUnit(path);
        // Buffers must be aligned to the unit that the JDK finds, not only to a sector.
        boolean direct = o.requiresDirect()
                || (o.direct() == null && directUnit > 0 && o.blockSize() != 0 && o.blockSize() % directUnit == 0);
        FileChannel channel;
        try {
            channel = openChannel(o, path, direct);
        } catch (SpdkException e) {
            if (!direct || o.requiresDirect() || e.errno() != Errno.EOPNOTSUPP) {
                throw e;
            }
            direct = false;
            channel = openChannel(o, path, false);
        }
        FileHandle raw = null;
        try {
            int unit = direct ? directUnit : blockDevice ? sectorSize(path) : BUFFERED_UNIT;
            String why =
                    direct ? "the unit of direct I/O there (set direct to false to go without)" : "its sector size";
            FileGeometry geometry = FileGeometry.of(o.name(), o.filename(), channel.size(), o.blockSize(), unit, why);
            raw = o.fallocate() ? openRaw(o, path) : null;
            return new AioFile(channel, raw, direct, directUnit, geometry);
        } catch (IOException | RuntimeException e) {
            closeQuietly(channel, e);
            throw e instanceof SpdkException s
                    ? s
                    : FileGeometry.error(AioErrors.errno(e), o.name(), o.filename(), e + "", e);
        }
    }

    private static Path path(AioBdevOptions o) throws SpdkException {
        try {
            return Path.of(o.filename());
        } catch (InvalidPathException e) {
            throw FileGeometry.error(Errno.EINVAL, o.name(), o.filename(), "that is no path: " + e.getReason(), e);
        }
    }

    /** Whether it is a block device. Before it is opened: opening a pipe would wait for the other end. */
    private static boolean checkKind(AioBdevOptions o, Path path) throws SpdkException {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(path, BasicFileAttributes.class);
        } catch (IOException e) {
            throw openFailed(o, e);
        }
        if (attributes.isDirectory()) {
            throw FileGeometry.error(
                    Errno.EISDIR, o.name(), o.filename(), FileGeometry.explainOpen(Errno.EISDIR, !o.readonly()));
        }
        if (attributes.isRegularFile()) {
            return false;
        }
        if (isBlockDevice(path)) {
            return true;
        }
        throw FileGeometry.invalid(o.name(), o.filename(), FileGeometry.neitherFileNorDisk());
    }

    private static boolean isBlockDevice(Path path) {
        try {
            return ((int) Files.getAttribute(path, "unix:mode") & S_IFMT) == S_IFBLK;
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException unknown) {
            return false;
        }
    }

    private static int directUnit(Path path) {
        try {
            return Math.toIntExact(Files.getFileStore(path).getBlockSize());
        } catch (IOException | UnsupportedOperationException | ArithmeticException unknown) {
            return 0;
        }
    }

    private static int sectorSize(Path path) {
        if (FileHandle.isAvailable()) {
            try (FileHandle device = FileHandle.open(path, FileHandle.Flag.READ_ONLY)) {
                return device.logicalBlockSize();
            } catch (IOException unknown) {
                return BUFFERED_UNIT;
            }
        }
        return BUFFERED_UNIT;
    }

    private static FileChannel openChannel(AioBdevOptions o, Path path, boolean direct) throws SpdkException {
        Set<OpenOption> how = new HashSet<>(Set.of(StandardOpenOption.READ));
        if (!o.readonly()) {
            how.add(StandardOpenOption.WRITE);
        }
        try {
            if (direct) {
                how.add(directOption());
            }
            return FileChannel.open(path, how);
        } catch (IOException | UnsupportedOperationException e) {
            if (direct && (e instanceof UnsupportedOperationException || AioErrors.errno(e) == Errno.EINVAL)) {
                throw FileGeometry.error(
                        Errno.EOPNOTSUPP,
                        o.name(),
                        o.filename(),
                        "its file system or this platform has no direct I/O: leave direct unset, or set it to false",
                        e);
            }
            throw openFailed(o, e);
        }
    }

    /** By its name, because a compiler warns of {@code com.sun.nio.file}, and no annotation quiets it. */
    private static OpenOption directOption() {
        try {
            Object[] options =
                    Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants();
            for (Object option : options) {
                if (option instanceof OpenOption o && option.toString().equals("DIRECT")) {
                    return o;
                }
            }
        } catch (ClassNotFoundException e) {
            throw new UnsupportedOperationException("this JDK has no direct I/O", e);
        }
        throw new UnsupportedOperationException("this JDK has no direct I/O");
    }

    private static SpdkException openFailed(AioBdevOptions o, Exception e) {
        int errno = e instanceof NoSuchFileException
                ? Errno.ENOENT
                : e instanceof AccessDeniedException ? Errno.EACCES : AioErrors.errno(e);
        return FileGeometry.error(errno, o.name(), o.filename(), FileGeometry.explainOpen(errno, !o.readonly()), e);
    }

    private static @Nullable FileHandle openRaw(AioBdevOptions o, Path path) throws SpdkException {
        if (o.readonly()) {
            return null;
        }
        if (!FileHandle.isAvailable()) {
            throw FileGeometry.error(
                    Errno.EOPNOTSUPP,
                    o.name(),
                    o.filename(),
                    "fallocate needs Linux and native access (--enable-native-access=dev.spdkio): turn it off");
        }
        try {
            return FileHandle.open(path, FileHandle.Flag.READ_WRITE);
        } catch (IOException e) {
            throw openFailed(o, e);
        }
    }

    private static void closeQuietly(FileChannel channel, Exception failure) {
        try {
            channel.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    FileGeometry geometry() {
        return geometry;
    }

    boolean isDirect() {
        return direct;
    }

    /** What addresses of buffers must be multiples of. Direct I/O of the JDK wants them aligned as the file offsets. */
    int memoryAlignment() {
        return direct ? directUnit : 1;
    }

    boolean canFallocate() {
        return raw != null;
    }

    /** How many bytes there are now. */
    long size() throws IOException {
        return channel.size();
    }

    int read(ByteBuffer target, long position) throws IOException {
        return channel.read(target, position);
    }

    int write(ByteBuffer source, long position) throws IOException {
        return channel.write(source, position);
    }

    /** Data, and the metadata needed to reach it, are durable on return: fdatasync where the system has it. */
    void flush() throws IOException {
        channel.force(false);
    }

    void fallocate(int mode, long offset, long length) throws IOException {
        FileHandle file = raw;
        if (file == null) {
            throw new IllegalStateException("this device was made without fallocate");
        }
        file.fallocate(mode, offset, length);
    }

    /**
     * Whether a transfer that stopped there can go on: direct I/O stops in the middle of a unit only where a file ends.
     */
    boolean canGoOnFrom(long position) {
        return !direct || position % directUnit == 0;
    }

    @Override
    public void close() throws IOException {
        try (FileHandle _ = raw) {
            channel.close();
        }
    }
}
