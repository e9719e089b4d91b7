// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Paths, directories, attributes, copies and moves, on any file system. */
abstract class NioNameSuite {
    private Path dir;

    /** A directory that can be written to. */
    abstract Path base() throws Exception;

    @BeforeEach
    void createDirectory() throws Exception {
        dir = Files.createDirectory(base().resolve("here"));
    }

    @AfterEach
    void deleteAll() throws IOException {
        Files.walkFileTree(dir, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException failure) throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
        assertThat(dir).doesNotExist();
    }

    private Path put(String name, String content) throws IOException {
        return Files.writeString(dir.resolve(name), content);
    }

    private Path path(String text) {
        return dir.getFileSystem().getPath(text);
    }

    private static List<String> texts(Iterable<Path> paths) {
        List<String> all = new ArrayList<>();
        paths.forEach(p -> all.add(p.toString()));
        return all;
    }

    // ---- paths ------------------------------------------------------------------------------------------------------

    private static final List<String> SAMPLES = List.of(
            "",
            "/",
            "a",
            "/a",
            "a/b",
            "/a/b",
            "//a//b/",
            "a/b/c",
            "/a/b/c",
            ".",
            "..",
            "../a",
            "a/..",
            "a/../b",
            "/..",
            "./a",
            "a/./b",
            "/a/../../b",
            "b",
            "ab",
            "/ab",
            "../..",
            "ä/ß",
            "a b/c%d",
            "/x?y#z",
            "b/c",
            "c");

    /** All that can be asked of two paths, in words. */
    private List<String> describe(FileSystem fs) {
        List<String> all = new ArrayList<>();
        for (String sample : SAMPLES) {
            Path p = fs.getPath(sample);
            all.add(String.join(
                    " | ",
                    "'" + sample + "': " + p,
                    "root " + p.getRoot(),
                    "parent " + p.getParent(),
                    "name " + p.getFileName(),
                    "names " + texts(p),
                    "count " + p.getNameCount(),
                    "normal " + p.normalize(),
                    "absolute " + p.isAbsolute()));
            for (String second : SAMPLES) {
                Path q = fs.getPath(second);
                String relative;
                try {
                    relative = p.relativize(q).toString();
                } catch (IllegalArgumentException e) {
                    relative = "IllegalArgumentException";
                }
                all.add(String.join(
                        " | ",
                        "'" + sample + "', '" + second + "'",
                        "starts " + p.startsWith(q) + p.startsWith(second),
                        "ends " + p.endsWith(q) + p.endsWith(second),
                        "resolve " + p.resolve(q),
                        "sibling " + p.resolveSibling(q),
                        "relative " + relative,
                        "order " + Integer.signum(p.compareTo(q)),
                        "equal " + p.equals(q) + (p.hashCode() == q.hashCode())));
            }
        }
        return all;
    }

    @Test
    void pathsAreThoseOfTheJdk() {
        assertThat(describe(dir.getFileSystem())).isEqualTo(describe(Path.of("").getFileSystem()));
    }

    @Test
    void pathsAreJoinedFromParts() {
        FileSystem fs = dir.getFileSystem();
        assertThat(fs.getPath("a", "", "b/", "/c")).hasToString("a/b/c");
        assertThat(fs.getPath("", "a")).hasToString("a");
        assertThat(fs.getPath("/", "a")).hasToString("/a");
        assertThat(fs.getSeparator()).isEqualTo("/");
        assertThat(texts(fs.getRootDirectories())).containsExactly("/");
        assertThatThrownBy(() -> path("a\0b")).isInstanceOf(InvalidPathException.class);
        assertThatThrownBy(() -> path("a").getName(1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> path("/").getName(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> path("a/b").subpath(1, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void urisNamePaths() {
        for (String text : List.of("/a/b", "/ä b", "/x?y#z%41!/c")) {
            URI uri = dir.getFileSystem().getPath(text).toUri();
            assertThat(Path.of(URI.create(uri.toString())))
                    .isEqualTo(dir.getFileSystem().getPath(text));
        }
    }

    @Test
    void patternsMatchAsInTheJdk() {
        List<String> globs = List.of(
                "*",
                "**",
                "a*",
                "*.java",
                "**.java",
                "a?",
                "[ab]",
                "[!a]*",
                "[a-c]x",
                "{a,b}",
                "{a*,*/b}",
                "a/*",
                "a/**/c",
                "\\*",
                "[*]",
                "[!-x]",
                "a.b",
                "(a)",
                "x{y,z/w}",
                "a,b",
                "[a^]",
                "}");
        List<String> names = List.of(
                "a",
                "b",
                "ab",
                "a.java",
                "x/y.java",
                "a/b",
                "a/b/c",
                "*",
                "-",
                "x",
                "ax",
                "cx",
                "a.b",
                "(a)",
                "]",
                "xy",
                "xz/w",
                "a,b",
                "^",
                "",
                "}",
                "a/c");
        for (String glob : globs) {
            PathMatcher ours = dir.getFileSystem().getPathMatcher("glob:" + glob);
            PathMatcher jdk = Path.of("").getFileSystem().getPathMatcher("glob:" + glob);
            for (String name : names) {
                assertThat(ours.matches(path(name))).as(glob + " of " + name).isEqualTo(jdk.matches(Path.of(name)));
            }
        }
        assertThat(dir.getFileSystem().getPathMatcher("regex:a+").matches(path("aa")))
                .isTrue();
        for (String wrong : List.of("glob:[a", "glob:{a", "glob:{a{b}}", "glob:a\\", "regex:(", "a", "glob:[a/b]")) {
            assertThatThrownBy(() -> dir.getFileSystem().getPathMatcher(wrong))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> dir.getFileSystem().getPathMatcher("grep:a"))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    // ---- directories ------------------------------------------------------------------------------------------------

    @Test
    void directoriesHoldFilesAndDirectories() throws IOException {
        Path sub = Files.createDirectories(dir.resolve("sub/deeper"));
        put("file", "1");
        put("sub/file", "2");
        put("sub/deeper/file", "3");
        assertThat(dir.resolve("sub")).isDirectory();
        assertThat(sub).isDirectory();
        try (Stream<Path> all = Files.walk(dir)) {
            assertThat(all.map(p -> dir.relativize(p).toString()))
                    .containsExactlyInAnyOrder("", "file", "sub", "sub/file", "sub/deeper", "sub/deeper/file");
        }
        try (DirectoryStream<Path> some = Files.newDirectoryStream(dir, "f*")) {
            assertThat(texts(some)).containsExactly(dir.resolve("file").toString());
            assertThatThrownBy(some::iterator).isInstanceOf(IllegalStateException.class);
        }
        assertThatThrownBy(() -> Files.delete(dir.resolve("sub"))).isInstanceOf(DirectoryNotEmptyException.class);
        Files.delete(sub.resolve("file"));
        assertThat(sub).isEmptyDirectory();
        Files.delete(sub);
        assertThat(sub).doesNotExist();
    }

    @Test
    void directoriesAreCreatedOnceAndInDirectories() throws IOException {
        assertThatThrownBy(() -> Files.createDirectory(dir)).isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> Files.createDirectory(dir.resolve("no/where")))
                .isInstanceOf(NoSuchFileException.class);
        Path file = put("file", "");
        assertThatThrownBy(() -> Files.createDirectory(file)).isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> Files.createDirectory(file.resolve("below")))
                .isExactlyInstanceOf(FileSystemException.class)
                .hasMessageContaining("Not a directory");
        assertThatThrownBy(() -> Files.createDirectories(file)).isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> put("no/file", "")).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> put("file/below", ""))
                .isExactlyInstanceOf(FileSystemException.class)
                .hasMessageContaining("Not a directory");
        assertThatThrownBy(() -> Files.list(file)).isInstanceOf(NotDirectoryException.class);
        assertThatThrownBy(() -> Files.list(dir.resolve("none"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.delete(dir.resolve("none"))).isInstanceOf(NoSuchFileException.class);
        assertThat(Files.deleteIfExists(dir.resolve("none"))).isFalse();
        assertThatThrownBy(() -> Files.writeString(dir, "")).isExactlyInstanceOf(FileSystemException.class);
        assertThatThrownBy(() -> Files.readAllBytes(dir)).isInstanceOf(IOException.class);
    }

    @Test
    void temporaryFilesAndDirectories() throws IOException {
        Path file = Files.createTempFile(dir, "a", ".b");
        Path folder = Files.createTempDirectory(dir, "c");
        assertThat(file).isRegularFile().isEmptyFile();
        assertThat(folder).isEmptyDirectory();
    }

    // ---- attributes -------------------------------------------------------------------------------------------------

    @Test
    void attributesSayWhatThereIs() throws IOException {
        Path file = put("file", "12345");
        BasicFileAttributes a = Files.readAttributes(file, BasicFileAttributes.class);
        assertThat(a.size()).isEqualTo(5);
        assertThat(List.of(a.isRegularFile(), a.isDirectory(), a.isSymbolicLink(), a.isOther()))
                .containsExactly(true, false, false, false);
        assertThat(a.fileKey()).isEqualTo(Files.getAttribute(file, "fileKey"));
        assertThat(Files.readAttributes(file, "size,isDirectory"))
                .containsOnly(java.util.Map.entry("size", 5L), java.util.Map.entry("isDirectory", false));
        assertThat(Files.readAttributes(file, "basic:*")).containsKeys("size", "lastModifiedTime", "fileKey");
        assertThat(Files.readAttributes(dir, BasicFileAttributes.class).isDirectory())
                .isTrue();
        assertThat(Files.getFileAttributeView(file, BasicFileAttributeView.class)
                        .name())
                .isEqualTo("basic");
        assertThatThrownBy(() -> Files.readAttributes(file, "nothing")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Files.readAttributes(file, "no:size"))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Files.readAttributes(dir.resolve("none"), BasicFileAttributes.class))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.size(file.resolve("below"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.delete(file.resolve("below"))).isInstanceOf(FileSystemException.class);
        Files.setLastModifiedTime(file, a.lastModifiedTime());
        assertThat(Files.isWritable(file)).isTrue();
        assertThat(Files.isReadable(dir)).isTrue();
        assertThat(Files.isExecutable(file)).isFalse();
        assertThatThrownBy(() -> provider().checkAccess(file, AccessMode.EXECUTE))
                .isInstanceOf(AccessDeniedException.class);
        assertThat(Files.isHidden(file)).isFalse();
        assertThat(Files.isHidden(put(".file", ""))).isTrue();
        assertThat(Files.isSymbolicLink(file)).isFalse();
    }

    private FileSystemProvider provider() {
        return dir.getFileSystem().provider();
    }

    @Test
    void storesHaveRoom() throws IOException {
        assertThat(Files.getFileStore(dir).getTotalSpace()).isPositive();
        assertThat(Files.getFileStore(dir).getUsableSpace())
                .isPositive()
                .isLessThanOrEqualTo(Files.getFileStore(dir).getTotalSpace());
        assertThat(Files.getFileStore(dir).supportsFileAttributeView("basic")).isTrue();
        assertThat(dir.getFileSystem().supportedFileAttributeViews()).contains("basic");
    }

    @Test
    void realPathsAndSameFiles() throws IOException {
        Path file = put("file", "");
        Files.createDirectory(dir.resolve("sub"));
        Path roundabout = dir.resolve("sub/../file");
        assertThat(roundabout.toRealPath()).isEqualTo(file.toRealPath(LinkOption.NOFOLLOW_LINKS));
        assertThat(Files.isSameFile(file, roundabout)).isTrue();
        assertThat(Files.isSameFile(file, dir)).isFalse();
        assertThatThrownBy(() -> dir.resolve("none").toRealPath()).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.isSameFile(file, dir.resolve("none"))).isInstanceOf(NoSuchFileException.class);
    }

    // ---- copies and moves -------------------------------------------------------------------------------------------

    @Test
    void filesAreCopied() throws IOException {
        Path from = put("from", "content");
        Path to = dir.resolve("to");
        assertThat(Files.copy(from, to)).hasContent("content");
        assertThatThrownBy(() -> Files.copy(from, to)).isInstanceOf(FileAlreadyExistsException.class);
        put("from", "other");
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
        assertThat(to).hasContent("other");
        assertThat(from).hasContent("other");
        Files.copy(from, from);
        assertThatThrownBy(() -> Files.copy(dir.resolve("none"), to)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.copy(from, dir.resolve("no/where"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.copy(from, to, StandardCopyOption.ATOMIC_MOVE))
                .isInstanceOf(UnsupportedOperationException.class);
        Path sub = Files.createDirectory(dir.resolve("sub"));
        put("sub/file", "");
        assertThat(Files.copy(sub, dir.resolve("copy"))).isEmptyDirectory();
        assertThatThrownBy(() -> Files.copy(from, sub, StandardCopyOption.REPLACE_EXISTING))
                .isInstanceOf(DirectoryNotEmptyException.class);
    }

    @Test
    void filesAreMoved() throws IOException {
        Path from = put("from", "1");
        Path to = Files.move(from, dir.resolve("to"));
        assertThat(from).doesNotExist();
        assertThat(to).hasContent("1");
        put("from", "2");
        assertThatThrownBy(() -> Files.move(from, to)).isInstanceOf(FileAlreadyExistsException.class);
        Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        assertThat(to).hasContent("2");
        put("from", "3");
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        assertThat(to).hasContent("3");
        assertThat(from).doesNotExist();
        Files.move(to, to);
        assertThatThrownBy(() -> Files.move(from, to)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.move(to, dir.resolve("no/where"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.move(to, from, StandardCopyOption.COPY_ATTRIBUTES))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void emptyDirectoriesAreMoved() throws IOException {
        Path from = Files.createDirectory(dir.resolve("from"));
        Path to = Files.move(from, dir.resolve("to"));
        assertThat(to).isEmptyDirectory();
        assertThat(from).doesNotExist();
        Path file = put("file", "1");
        Files.move(file, to, StandardCopyOption.REPLACE_EXISTING);
        assertThat(to).hasContent("1");
        Files.createDirectory(from);
        assertThatThrownBy(() -> Files.move(to, from, StandardCopyOption.ATOMIC_MOVE))
                .isExactlyInstanceOf(FileSystemException.class);
        assertThatThrownBy(() -> Files.move(from, to, StandardCopyOption.ATOMIC_MOVE))
                .isExactlyInstanceOf(FileSystemException.class);
        assertThatThrownBy(() -> Files.move(from, from.resolve("below")))
                .isExactlyInstanceOf(FileSystemException.class);
        Files.createDirectory(dir.resolve("full"));
        put("full/file", "");
        assertThatThrownBy(() -> Files.move(to, dir.resolve("full"), StandardCopyOption.REPLACE_EXISTING))
                .isInstanceOf(DirectoryNotEmptyException.class);
    }

    @Test
    void filesGoFromOneFileSystemToAnother() throws IOException {
        Path elsewhere = Files.createTempFile("nio", ".txt");
        try {
            Files.writeString(elsewhere, "from elsewhere");
            Path copy = Files.copy(
                    elsewhere,
                    dir.resolve("copy"),
                    StandardCopyOption.COPY_ATTRIBUTES,
                    StandardCopyOption.REPLACE_EXISTING);
            assertThat(copy).hasContent("from elsewhere");
            put("copy", "and back");
            Files.move(copy, elsewhere, StandardCopyOption.REPLACE_EXISTING);
            assertThat(elsewhere).hasContent("and back");
            assertThat(copy).doesNotExist();
            put("copy", "1");
            if (elsewhere.getFileSystem() != dir.getFileSystem()) {
                assertThatThrownBy(() -> Files.move(copy, elsewhere, StandardCopyOption.ATOMIC_MOVE))
                        .isInstanceOf(AtomicMoveNotSupportedException.class);
            }
        } finally {
            Files.deleteIfExists(elsewhere);
        }
    }

    @Test
    void viewsThatAreNotThere() throws IOException {
        Path file = put("file", "");
        if (!dir.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            assertThatThrownBy(() -> Files.readAttributes(file, PosixFileAttributes.class))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> dir.getFileSystem().newWatchService())
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("not watched");
            assertThatThrownBy(() -> Files.createSymbolicLink(dir.resolve("link"), file))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(file::toFile).isInstanceOf(UnsupportedOperationException.class);
        }
    }
}
