// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.FileInfo;
import dev.spdkio.blobfs.FileOption;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A {@link BlobFs} for programs that take a {@link Path}. Its paths are written as those of Unix; directories are in
 * the names of the files. The package says what is promised.
 *
 * <p>Thread rule: any thread but reactors: platform threads, virtual threads and tasks.
 */
public final class BlobFileSystem extends FileSystem {
    /** Those that are open, in the order in which they were made. Under its own lock. */
    private static final Map<BlobFs, BlobFileSystem> OPEN = new LinkedHashMap<>();

    private final BlobFs fs;

    /** Whether the file system below ends with this. */
    private final boolean owner;

    private final Tree tree;
    private final FileLocks locks = new FileLocks();
    private final ReentrantLock changes = new ReentrantLock();
    private final Set<Channel> channels = ConcurrentHashMap.newKeySet();
    private final BlobPath root;
    private volatile boolean closed;

    private BlobFileSystem(BlobFs fs, boolean owner) {
        this.fs = fs;
        this.owner = owner;
        this.tree = new Tree(fs);
        this.root = BlobPath.parse(this, "/");
    }

    // ---- which there are --------------------------------------------------------------------------------------------

    /** The one of a file system that is loaded, which stays loaded when this is closed. */
    public static BlobFileSystem of(BlobFs fs) {
        return of(fs, false);
    }

    static BlobFileSystem of(BlobFs fs, boolean owner) {
        synchronized (OPEN) {
            OPEN.values().removeIf(s -> !s.isOpen());
            return OPEN.computeIfAbsent(fs, f -> new BlobFileSystem(f, owner));
        }
    }

    /** The first one on a bdev of that name. */
    static Optional<BlobFileSystem> find(String bdev) {
        synchronized (OPEN) {
            return OPEN.values().stream()
                    .filter(s -> s.isOpen() && s.bdevName().equals(bdev))
                    .findFirst();
        }
    }

    static BlobFileSystem get(String bdev) {
        return find(bdev)
                .orElseThrow(() -> new FileSystemNotFoundException("no file system on bdev " + bdev
                        + " is open: make one by FileSystems.newFileSystem or BlobFileSystem.of"));
    }

    /** The file system below. */
    public BlobFs blobFs() {
        return fs;
    }

    String bdevName() {
        return fs.store().bdevName();
    }

    BlobPath root() {
        return root;
    }

    FileLocks locks() {
        return locks;
    }

    Tree tree() {
        checkOpen();
        return tree;
    }

    // ---- files ------------------------------------------------------------------------------------------------------

    /** Something that changes names, or needs that they do not change. */
    interface Change<T> {
        /** Does it. */
        T make() throws IOException;
    }

    <T> T changing(Change<T> change) throws IOException {
        checkMayWait();
        changes.lock();
        try {
            return change.make();
        } finally {
            changes.unlock();
        }
    }

    /** Does it, and says what failed of a path. */
    <T> T changing(BlobPath path, @Nullable BlobPath other, Change<T> change) throws IOException {
        return translating(path, other, () -> changing(change));
    }

    private static <T> T translating(BlobPath path, @Nullable BlobPath other, Change<T> change) throws IOException {
        try {
            return change.make();
        } catch (SpdkException e) {
            throw Tree.of(e, path, other);
        }
    }

    /** Refuses reactors, before they come to a lock. */
    void checkMayWait() {
        checkOpen();
        if (SpdkThread.current() != null) {
            throw new IllegalStateException("files of " + this
                    + " would hold a reactor: use a task, another thread, or an AsynchronousFileChannel");
        }
    }

    BlobAttributes attributes(BlobPath path) throws IOException {
        checkOpen();
        String name = path.flat();
        Optional<FileInfo> file = tree.file(name);
        if (file.isEmpty() && !tree.isDirectory(name)) {
            throw new NoSuchFileException(path.toString());
        }
        return new BlobAttributes(file.orElse(null));
    }

    /** Opens a file, or a directory to be read, in which nothing can be read then. */
    Handle open(BlobPath path, Access access) throws IOException {
        checkOpen();
        String name = path.flat();
        if (tree.isDirectory(name)) {
            if (access.createsNew()) {
                throw new FileAlreadyExistsException(path.toString());
            }
            if (access.write()) {
                throw new FileSystemException(path.toString(), null, "Is a directory");
            }
            return new Handle(this, path, null, access);
        }
        if (tree.file(name).isEmpty() && !access.creates()) {
            throw tree.missing(path);
        }
        FileOption[] how = access.how().toArray(FileOption[]::new);
        Change<BlobFile> opening = () -> {
            if (access.creates() && tree.file(name).isEmpty()) {
                tree.checkParent(path);
            }
            BlobFile f = fs.open(name, how);
            if (access.deleteOnClose()) {
                fs.delete(name); // the file goes with the last who has it open, or with the power
            }
            return f;
        };
        boolean changes = access.creates() || access.deleteOnClose();
        BlobFile file = translating(path, null, () -> changes ? changing(opening) : opening.make());
        return new Handle(this, path, file, access);
    }

    /** Counts a channel that was opened, which is closed with this. */
    <C extends Channel> C opened(C channel) throws IOException {
        channels.add(channel);
        if (!isOpen()) {
            channel.close();
            throw new ClosedFileSystemException();
        }
        return channel;
    }

    void closed(Channel channel) {
        channels.remove(channel);
        locks.release(channel);
    }

    private void checkOpen() {
        if (!isOpen()) {
            throw new ClosedFileSystemException();
        }
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    @Override
    public BlobFsProvider provider() {
        return BlobFsProvider.installed();
    }

    @Override
    public boolean isOpen() {
        return !closed && fs.isLoaded();
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public String getSeparator() {
        return "/";
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return List.of(root);
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return List.of(store());
    }

    FileStore store() {
        return new BlobFileStore(fs);
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return Set.of(BlobAttributes.VIEW);
    }

    @Override
    public Path getPath(String first, String... more) {
        StringBuilder path = new StringBuilder(first);
        for (String part : more) {
            if (!part.isEmpty()) {
                path.append(path.isEmpty() ? "" : "/").append(part);
            }
        }
        return BlobPath.parse(this, path.toString());
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        return Globs.matcher(syntaxAndPattern);
    }

    /** Nobody has an account here. */
    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        throw new UnsupportedOperationException("files here belong to nobody");
    }

    /** Refused. */
    @Override
    public WatchService newWatchService() {
        throw noWatching();
    }

    static UnsupportedOperationException noWatching() {
        return new UnsupportedOperationException(
                "files here are not watched, since only this JVM changes them: look at them from time to time");
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    /** Closes what is open, and unloads the file system if it was loaded for this. */
    @Override
    public void close() throws IOException {
        if (isOpen()) {
            checkMayWait();
        }
        synchronized (OPEN) {
            if (closed) {
                return;
            }
            closed = true;
            OPEN.remove(fs, this);
        }
        IOException failure = null;
        for (Channel c : channels) {
            try {
                c.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (owner) {
            fs.close();
        }
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public String toString() {
        return fs.toString();
    }
}
