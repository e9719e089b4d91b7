// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.error.SpdkException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The file of a listening Unix socket, for its owner alone (mode 0600), guarded by a lock file beside it.
 *
 * <p>Who holds the lock of {@code <path>.lock} owns {@code <path>}; a socket file without an owner is stale and is
 * replaced. SPDK does the same with {@code flock}, which Java's record locks do not see, so a socket that still
 * answers is taken as owned as well.
 */
final class UnixSocketFile implements AutoCloseable {
    private static final Logger LOG = System.getLogger(UnixSocketFile.class.getName());

    /** {@code sizeof(sockaddr_un.sun_path)} of Linux, with the terminating zero. */
    static final int SUN_PATH_BYTES = 108;

    private static final Set<PosixFilePermission> OWNER_FILE = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> OWNER_DIRECTORY = PosixFilePermissions.fromString("rwx------");
    private static final int EEXIST = 17;
    private static final int EACCES = 13;
    private static final int ENAMETOOLONG = 36;
    private static final int EADDRINUSE = 98;
    private static final int BACKLOG = 64;
    private static final int LOCK_ATTEMPTS = 16;

    /**
     * The lock files that this process holds. Asked first, because opening and closing one again would drop the lock:
     * POSIX releases all locks of a process on a file when any descriptor of it is closed.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final Path lockPath;
    private final FileChannel lock;
    private final @Nullable Path ownDirectory;
    private @Nullable ServerSocketChannel channel;

    private UnixSocketFile(Path path, Path lockPath, FileChannel lock, @Nullable Path ownDirectory) {
        this.path = path;
        this.lockPath = lockPath;
        this.lock = lock;
        this.ownDirectory = ownDirectory;
    }

    /** Listens at the given path, which is used as it is: its directory must exist. */
    static UnixSocketFile listen(Path path) throws IOException {
        return listen(path.toAbsolutePath(), null);
    }

    /** Listens at {@code <directory>/<name>.sock}, or {@code <name>-2.sock} and so on, in a directory of mode 0700. */
    static UnixSocketFile listenPrivately(Path directory, String name, int attempts) throws IOException {
        createPrivate(directory);
        for (int i = 1; ; i++) {
            try {
                return listen(directory.resolve(i == 1 ? name + ".sock" : name + "-" + i + ".sock"), directory);
            } catch (SpdkException e) {
                if (e.errno() != EADDRINUSE || i >= attempts) {
                    throw e;
                }
            }
        }
    }

    /**
     * {@code $XDG_RUNTIME_DIR/spdkio-<user>-<pid>}, or in {@code java.io.tmpdir} where there is no such variable.
     */
    static Path defaultDirectory(@Nullable String xdgRuntimeDir, String tmpDir, String user, long pid) {
        String base = xdgRuntimeDir != null
                        && Path.of(xdgRuntimeDir).isAbsolute()
                        && Files.isDirectory(Path.of(xdgRuntimeDir))
                ? xdgRuntimeDir
                : tmpDir;
        return Path.of(base, "spdkio-" + user.replaceAll("[^A-Za-z0-9._-]", "_") + "-" + pid)
                .toAbsolutePath();
    }

    private static void createPrivate(Path directory) throws IOException {
        try {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_DIRECTORY));
        } catch (FileAlreadyExistsException e) {
            BasicFileAttributes a =
                    Files.readAttributes(directory, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            boolean ours = a.isDirectory()
                    && Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS)
                            .equals(OWNER_DIRECTORY)
                    && Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS)
                            .equals(Files.getOwner(Path.of("/proc/self")));
            if (!ours) {
                throw new SpdkException(
                        EACCES,
                        "RPC socket directory " + directory
                                + " exists, but is not a directory of this user with mode 0700:"
                                + " remove it, or choose a socket path");
            }
        }
    }

    private static UnixSocketFile listen(Path path, @Nullable Path ownDirectory) throws IOException {
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes >= SUN_PATH_BYTES) {
            throw new SpdkException(
                    ENAMETOOLONG,
                    "RPC socket path " + path + " has " + bytes + " bytes, Linux allows " + (SUN_PATH_BYTES - 1)
                            + ": choose a shorter one");
        }
        Path lockPath = path.resolveSibling(path.getFileName() + ".lock");
        FileChannel lock = lock(path, lockPath);
        UnixSocketFile file = new UnixSocketFile(path, lockPath, lock, ownDirectory);
        try {
            file.removeStale();
            file.bind();
            return file;
        } catch (IOException | RuntimeException e) {
            file.releaseLock();
            throw e;
        }
    }

    private static FileChannel lock(Path path, Path lockPath) throws IOException {
        if (!HELD.add(lockPath)) {
            throw inUse(path, "by another server of this process");
        }
        boolean locked = false;
        try {
            for (int i = 0; i < LOCK_ATTEMPTS; i++) {
                FileChannel lock = tryLock(path, lockPath);
                if (lock != null) {
                    locked = true;
                    return lock;
                }
            }
            throw inUse(path, "by servers that come and go");
        } finally {
            if (!locked) {
                HELD.remove(lockPath);
            }
        }
    }

    /** Null if the file was exchanged under our hands: its former owner removed it. */
    private static @Nullable FileChannel tryLock(Path path, Path lockPath) throws IOException {
        try {
            Files.createFile(lockPath, PosixFilePermissions.asFileAttribute(OWNER_FILE));
        } catch (FileAlreadyExistsException e) {
            LOG.log(Level.TRACE, "lock file {0} exists", lockPath);
        } catch (NoSuchFileException e) {
            throw new SpdkException(
                    2,
                    "RPC socket " + path + " cannot be created: directory " + path.getParent() + " does not exist",
                    e);
        }
        Object before = fileKey(lockPath);
        FileChannel lock = FileChannel.open(lockPath, StandardOpenOption.READ, StandardOpenOption.WRITE);
        boolean keep = false;
        try {
            FileLock held;
            try {
                held = lock.tryLock();
            } catch (OverlappingFileLockException e) {
                held = null; // a link to a file that this process holds
            }
            if (held == null) {
                throw inUse(path, "by process " + owner(lock));
            }
            keep = before != null && before.equals(fileKey(lockPath));
            if (keep) {
                lock.truncate(0);
                lock.write(
                        ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)), 0);
            }
            return keep ? lock : null;
        } finally {
            if (!keep) {
                lock.close();
            }
        }
    }

    private static @Nullable Object fileKey(Path p) throws IOException {
        try {
            return Files.readAttributes(p, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private static String owner(FileChannel lock) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(32);
        lock.read(text, 0);
        String pid = new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII).strip();
        return pid.isEmpty() ? "unknown" : pid;
    }

    private static SpdkException inUse(Path path, String by) {
        return new SpdkException(
                EADDRINUSE,
                "RPC socket " + path + " is in use " + by + ": choose another path, or end that application first");
    }

    private void removeStale() throws IOException {
        BasicFileAttributes a;
        try {
            a = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return;
        }
        if (!a.isOther()) {
            throw new SpdkException(
                    EEXIST,
                    "RPC socket path " + path + " is an existing file that is not a socket: choose another path");
        }
        if (answers()) {
            throw inUse(path, "by an application that holds no lock on it");
        }
        Files.deleteIfExists(path);
    }

    private boolean answers() {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return probe.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "RPC socket {0} is stale: {1}", path, e.getMessage());
            return false;
        }
    }

    private void bind() throws IOException {
        ServerSocketChannel c = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            // Bound under another name of the same length: whoever sees the path can connect, and nobody but the owner.
            Path early = path.resolveSibling(path.getFileName().toString().replaceFirst(".$", "~"));
            Files.deleteIfExists(early);
            c.bind(UnixDomainSocketAddress.of(early), BACKLOG);
            Files.setPosixFilePermissions(early, OWNER_FILE);
            c.configureBlocking(false);
            // Whoever came before the mode was set has not shown that he may.
            for (SocketChannel stranger = c.accept(); stranger != null; stranger = c.accept()) {
                stranger.close();
            }
            Files.move(early, path, StandardCopyOption.ATOMIC_MOVE);
            channel = c;
        } catch (IOException | RuntimeException e) {
            c.close();
            throw e;
        }
    }

    /** Where clients connect. */
    Path path() {
        return path;
    }

    /** The listening socket, non-blocking. */
    ServerSocketChannel channel() {
        if (channel == null) {
            throw new IllegalStateException("RPC socket " + path + " is closed");
        }
        return channel;
    }

    /** Stops listening and removes what was created. Idempotent. */
    @Override
    public void close() {
        ServerSocketChannel c = channel;
        if (c == null) {
            return;
        }
        channel = null;
        try {
            Files.deleteIfExists(path);
            c.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "RPC socket {0} was not removed: {1}", path, e.getMessage());
        }
        releaseLock();
        if (ownDirectory != null) {
            try {
                Files.deleteIfExists(ownDirectory);
            } catch (DirectoryNotEmptyException e) {
                LOG.log(Level.TRACE, "{0} is still used by another server", ownDirectory);
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "{0} was not removed: {1}", ownDirectory, e.getMessage());
            }
        }
    }

    /** The file goes while the lock is held, so that nobody's new lock file is removed. */
    private void releaseLock() {
        try {
            Files.deleteIfExists(lockPath);
            lock.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "RPC lock file {0} was not removed: {1}", lockPath, e.getMessage());
        } finally {
            HELD.remove(lockPath);
        }
    }
}
