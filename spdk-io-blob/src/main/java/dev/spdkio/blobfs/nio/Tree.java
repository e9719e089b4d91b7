// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.FileInfo;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Directories in flat names. A file {@code a/b} makes {@code a} a directory, and so does an empty file {@code a/}; that
 * is what {@link #createDirectory} creates. Where a file has the name of a directory, the file counts.
 *
 * <p>Names are as {@link BlobPath#flat} gives them; the root is the empty one. Other names in the file system, as those
 * with two slashes in a row, are not seen.
 *
 * <p>Thread rule: any thread; what changes names runs in {@link BlobFileSystem#changing}.
 */
final class Tree {
    private final BlobFs fs;

    Tree(BlobFs fs) {
        this.fs = fs;
    }

    Optional<FileInfo> file(String name) {
        return name.isEmpty() ? Optional.empty() : fs.stat(name);
    }

    boolean isDirectory(String name) {
        return name.isEmpty()
                || (file(name).isEmpty() && fs.files(name + "/").findAny().isPresent());
    }

    private boolean exists(String name) {
        return file(name).isPresent() || isDirectory(name);
    }

    /** The names in a directory, each once. */
    List<String> children(String directory) {
        String prefix = directory.isEmpty() ? "" : directory + "/";
        return fs.files(prefix)
                .map(f -> firstName(f.name(), prefix.length()))
                .filter(n -> !n.isEmpty() && !n.equals(".") && !n.equals(".."))
                .distinct()
                .toList();
    }

    private static String firstName(String path, int from) {
        int slash = path.indexOf('/', from);
        return slash < 0 ? path.substring(from) : path.substring(from, slash);
    }

    /** Refuses what would lie in no directory. */
    void checkParent(BlobPath path) throws IOException {
        String name = path.flat();
        String parent = name.substring(0, Math.max(0, name.lastIndexOf('/')));
        if (!isDirectory(parent)) {
            throw missing(path);
        }
    }

    /** What is to be said of a path where nothing is. */
    FileSystemException missing(BlobPath path) {
        String name = path.flat();
        for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
            if (file(name.substring(0, slash)).isPresent()) {
                return new FileSystemException(path.toString(), null, "Not a directory");
            }
        }
        return new NoSuchFileException(path.toString());
    }

    void createDirectory(BlobPath path) throws IOException {
        String name = path.flat();
        if (exists(name)) {
            throw new FileAlreadyExistsException(path.toString());
        }
        checkParent(path);
        var _ = fs.create(name + "/");
    }

    void delete(BlobPath path) throws IOException {
        String name = path.flat();
        if (file(name).isPresent()) {
            fs.delete(name);
            return;
        }
        checkEmpty(path);
        fs.delete(name + "/");
    }

    /** Refuses directories with something in them, and what is none. */
    private void checkEmpty(BlobPath path) throws IOException {
        String name = path.flat();
        if (!isDirectory(name)) {
            throw missing(path);
        }
        Predicate<FileInfo> inside = f -> !f.name().equals(name + "/");
        if (name.isEmpty() || fs.files(name + "/").anyMatch(inside)) {
            throw new DirectoryNotEmptyException(path.toString());
        }
    }

    /**
     * Gives a file, or a directory with nothing in it, another name.
     *
     * @param replace whether what is there is replaced; a file by a file in one step
     * @param atomic whether it must be one step
     */
    void move(BlobPath from, BlobPath to, boolean replace, boolean atomic) throws IOException {
        String source = from.flat();
        String target = to.flat();
        boolean file = file(source).isPresent();
        if (!file && !isDirectory(source)) {
            throw missing(from);
        }
        if (source.equals(target)) {
            return;
        }
        if (exists(target) && !replace) {
            throw new FileAlreadyExistsException(to.toString());
        }
        checkParent(to);
        if (!file) {
            checkEmpty(from);
            if (target.startsWith(source + "/")) {
                throw new FileSystemException(from.toString(), to.toString(), "Invalid argument");
            }
        }
        boolean ontoDirectory = isDirectory(target);
        if (exists(target) && file == ontoDirectory) {
            if (atomic) {
                throw new FileSystemException(
                        from.toString(), to.toString(), ontoDirectory ? "Is a directory" : "Not a directory");
            }
            delete(to);
        } else if (ontoDirectory) {
            checkEmpty(to);
        }
        if (file) {
            fs.rename(source, target);
        } else {
            fs.rename(source + "/", target + "/");
        }
    }

    /** A failure as users of paths expect it. */
    static IOException of(SpdkException e, BlobPath path, @Nullable BlobPath other) {
        String file = path.toString();
        String second = other == null ? null : other.toString();
        FileSystemException translated = switch (e.errno()) {
            case Errno.ENOENT -> new NoSuchFileException(file, second, e.getMessage());
            case Errno.EEXIST -> new FileAlreadyExistsException(file, second, e.getMessage());
            default -> new FileSystemException(file, second, e.getMessage());
        };
        var _ = translated.initCause(e);
        return translated;
    }
}
