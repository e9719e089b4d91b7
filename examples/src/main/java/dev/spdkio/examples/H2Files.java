// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.channels.FileChannel;
import java.nio.file.CopyOption;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.h2.message.DbException;
import org.h2.store.fs.FilePath;
import org.jspecify.annotations.Nullable;

/** Tells H2 that what begins with {@code blobfs:} is the URI of a path. */
final class H2Files extends FilePath {
    private static final String SCHEME = "blobfs";

    /** What H2 asks of a file. */
    private interface Question<T> {
        T answer(Path path) throws IOException;
    }

    private static H2Files of(String name) {
        H2Files files = new H2Files();
        files.name = name;
        return files;
    }

    private Path path() {
        try {
            return Path.of(new URI(SCHEME, name.substring(SCHEME.length() + 1), null));
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(name, e);
        }
    }

    private <T> T ask(Question<T> question) {
        try {
            return question.answer(path());
        } catch (IOException e) {
            throw DbException.convertIOException(e, name);
        }
    }

    private H2Files beside(Path other) {
        String uri = other.toUri().getSchemeSpecificPart();
        return of(SCHEME + ":" + uri);
    }

    @Override
    public String getScheme() {
        return SCHEME;
    }

    @Override
    public FilePath getPath(String path) {
        return of(path);
    }

    @Override
    public FileChannel open(String mode) throws IOException {
        Set<? extends OpenOption> options = switch (mode) {
            case "r" -> Set.of(StandardOpenOption.READ);
            case "rw" -> Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
            default ->
                Set.of(
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.SYNC);
        };
        return FileChannel.open(path(), options);
    }

    @Override
    public boolean createFile() {
        return ask(p -> {
            try {
                return Files.exists(Files.createFile(p));
            } catch (FileAlreadyExistsException e) {
                return false;
            }
        });
    }

    @Override
    public void createDirectory() {
        Path _ = ask(p -> Files.isDirectory(p) ? p : Files.createDirectory(p));
    }

    @Override
    public void delete() {
        boolean _ = ask(Files::deleteIfExists);
    }

    @Override
    public void moveTo(FilePath newName, boolean atomicReplace) {
        CopyOption[] how = atomicReplace ? new CopyOption[] {StandardCopyOption.ATOMIC_MOVE} : new CopyOption[0];
        Path _ = ask(p -> Files.move(p, ((H2Files) newName).path(), how));
    }

    @Override
    public List<FilePath> newDirectoryStream() {
        return ask(p -> {
            try (Stream<Path> all = Files.list(p)) {
                return all.<FilePath>map(this::beside).toList();
            }
        });
    }

    @Override
    public @Nullable FilePath getParent() {
        Path parent = path().getParent();
        return parent == null ? null : beside(parent);
    }

    @Override
    public FilePath toRealPath() {
        return beside(path().toAbsolutePath().normalize());
    }

    @Override
    public long size() {
        return ask(Files::size);
    }

    @Override
    public long lastModified() {
        return ask(p -> Files.getLastModifiedTime(p).toMillis());
    }

    @Override
    public boolean exists() {
        return Files.exists(path());
    }

    @Override
    public boolean isDirectory() {
        return Files.isDirectory(path());
    }

    @Override
    public boolean isRegularFile() {
        return Files.isRegularFile(path());
    }

    @Override
    public boolean isAbsolute() {
        return true;
    }

    @Override
    public boolean canWrite() {
        return true;
    }

    @Override
    public boolean setReadOnly() {
        return false;
    }
}
