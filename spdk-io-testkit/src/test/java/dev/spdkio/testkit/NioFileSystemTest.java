// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.nio.BlobFileSystem;
import dev.spdkio.blobfs.nio.BlobFsProvider;
import dev.spdkio.runtime.SpdkThread;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.FileLock;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is ours alone: URIs, flat names, what is left after a crash, reactors. */
class NioFileSystemTest {
    private static final URI DEVICE = URI.create("blobfs:FileDevice");

    private NioBed bed;
    private BlobFs fs;

    @BeforeEach
    void start() throws Exception {
        bed = new NioBed(null);
        fs = bed.system.blobFs();
    }

    @AfterEach
    void stop() throws Exception {
        bed.close();
    }

    private Path path(String text) {
        return bed.system.getPath(text);
    }

    private static List<String> list(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.map(Path::toString).toList();
        }
    }

    // ---- file systems -----------------------------------------------------------------------------------------------

    @Test
    void aFileSystemIsMadeForAUri() throws Exception {
        bed.system.close();
        fs.unload();
        Map<String, ?> app = Map.of(BlobFsProvider.APP, bed.app);
        try (FileSystem made = FileSystems.newFileSystem(
                DEVICE,
                Map.of(
                        BlobFsProvider.APP,
                        bed.app,
                        BlobFsProvider.INIT,
                        true,
                        BlobFsProvider.OPTIONS,
                        FileBed.OPTIONS))) {
            Files.writeString(made.getPath("/file"), "content");
            assertThatThrownBy(() -> FileSystems.newFileSystem(DEVICE, app))
                    .isInstanceOf(FileSystemAlreadyExistsException.class);
            assertThat(FileSystems.getFileSystem(DEVICE)).isSameAs(made);
            assertThat(made.provider().getScheme()).isEqualTo("blobfs");
        }
        assertThatThrownBy(() -> FileSystems.getFileSystem(DEVICE)).isInstanceOf(FileSystemNotFoundException.class);
        try (FileSystem loaded = FileSystems.newFileSystem(DEVICE, app)) {
            assertThat(Path.of(URI.create("blobfs:FileDevice!/file"))).hasContent("content");
            assertThat(Path.of(DEVICE)).isEqualTo(loaded.getPath("/"));
        }
        assertThatThrownBy(() -> FileSystems.newFileSystem(DEVICE, Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'app'");
        assertThatThrownBy(() -> FileSystems.newFileSystem(DEVICE, Map.of("application", bed.app)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'application'");
        assertThatThrownBy(() -> FileSystems.newFileSystem(URI.create("blobfs:///x"), app))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> FileSystems.newFileSystem(URI.create("blobfs:None"), app))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("None");
    }

    @Test
    void oneOfAFileSystemThatIsLoadedLeavesItSo() throws Exception {
        assertThat(BlobFileSystem.of(fs)).isSameAs(bed.system);
        assertThat(FileSystems.getFileSystem(DEVICE)).isSameAs(bed.system);
        Path file = Files.writeString(path("/file"), "content");
        FileChannel channel = FileChannel.open(file);
        FileLock lock = FileChannel.open(file, StandardOpenOption.WRITE).lock();
        bed.system.close();
        bed.system.close();
        assertThat(channel.isOpen()).isFalse();
        assertThat(lock.isValid()).isFalse();
        assertThat(fs.isLoaded()).isTrue();
        assertThatThrownBy(() -> Files.size(file)).isInstanceOf(ClosedFileSystemException.class);
        assertThatThrownBy(() -> FileChannel.open(file)).isInstanceOf(ClosedFileSystemException.class);
        try (FileSystem again = FileSystems.newFileSystem(DEVICE, Map.of(BlobFsProvider.BLOBFS, fs))) {
            assertThat(again).isNotSameAs(bed.system);
            assertThat(again.getPath("/file")).hasContent("content");
            assertThat(again.getPath("/file")).isNotEqualTo(file);
        }
        assertThatThrownBy(
                        () -> FileSystems.newFileSystem(URI.create("blobfs:Other"), Map.of(BlobFsProvider.BLOBFS, fs)))
                .isInstanceOf(IllegalArgumentException.class);
        FileSystem last = BlobFileSystem.of(fs);
        fs.unload();
        assertThat(last.isOpen()).isFalse();
        assertThatThrownBy(() -> Files.size(last.getPath("/file"))).isInstanceOf(ClosedFileSystemException.class);
    }

    @Test
    void pathsOfOthersAreRefused() {
        assertThatThrownBy(() -> path("a").resolve(Path.of("b"))).isInstanceOf(ProviderMismatchException.class);
        assertThat(path("a")).isNotEqualTo(Path.of("a"));
        assertThat(path("a").startsWith(Path.of("a"))).isFalse();
        assertThat(path("/a b/ä").toUri()).hasToString("blobfs:FileDevice!/a%20b/ä");
    }

    // ---- flat names -------------------------------------------------------------------------------------------------

    @Test
    void directoriesAreInTheNames() throws Exception {
        fs.create("old/deep/file");
        assertThat(path("/old")).isDirectory();
        assertThat(list(path("/old"))).containsExactly("/old/deep");
        assertThatThrownBy(() -> Files.delete(path("old/deep"))).isInstanceOf(DirectoryNotEmptyException.class);
        Files.createDirectory(path("new"));
        Files.writeString(path("new/file"), "1");
        assertThat(FileBed.names(fs)).containsExactly("new/", "new/file", "old/deep/file");
        Files.delete(path("/old/deep/file"));
        assertThat(path("old")).doesNotExist();
        Files.delete(path("new/file"));
        assertThat(path("new")).isEmptyDirectory();
        assertThatThrownBy(() -> Files.delete(path("/"))).isInstanceOf(DirectoryNotEmptyException.class);
    }

    @Test
    void oddNamesAreNotSeen() throws Exception {
        for (String name : List.of("/a", "b//c", "./d", "../e", "f/../g", "h/.")) {
            fs.create(name);
        }
        fs.create("file");
        fs.create("file/below");
        assertThat(list(path("/"))).containsExactlyInAnyOrder("/b", "/f", "/file", "/h");
        assertThat(list(path("/b"))).isEmpty();
        assertThatThrownBy(() -> Files.delete(path("/b"))).isInstanceOf(DirectoryNotEmptyException.class);
        assertThat(path("/file")).isRegularFile();
        assertThatThrownBy(() -> list(path("/file"))).isInstanceOf(NotDirectoryException.class);
        assertThat(path("/file/below")).isRegularFile();
    }

    @Test
    void longPathsAreRefusedWithAReason() {
        assertThatThrownBy(() -> Files.createFile(path("x".repeat(256))))
                .isExactlyInstanceOf(FileSystemException.class)
                .hasMessageContaining("256 bytes")
                .hasMessageContaining("255");
    }

    @Test
    void aFullDeviceIsAnException() throws Exception {
        Path file = path("/large");
        try (FileChannel c = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
            assertThatThrownBy(() -> c.write(ByteBuffer.allocate(1), BlobBed.DEVICE_BYTES + 1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("ENOSPC");
            assertThat(c.write(ByteBuffer.allocate(10))).isEqualTo(10);
        }
        long free = Files.getFileStore(file).getUsableSpace();
        Files.delete(file);
        assertThat(Files.getFileStore(path("/")).getUsableSpace()).isGreaterThan(free);
    }

    @Test
    void filesGoFromDeviceToDevice() throws Exception {
        var _ = bed.files.device("Other");
        BlobFs other = bed.files.keep(BlobFs.init(bed.app, "Other", FileBed.OPTIONS));
        Path target = BlobFileSystem.of(other).getPath("/moved");
        Files.writeString(path("/file"), "content");
        Files.move(path("/file"), target);
        assertThat(target).hasContent("content");
        assertThat(path("/file")).doesNotExist();
        assertThatThrownBy(() -> Files.move(target, path("/back"), StandardCopyOption.ATOMIC_MOVE))
                .isInstanceOf(java.nio.file.AtomicMoveNotSupportedException.class);
    }

    @Test
    void whatACopyCannotBeIsRefused() throws Exception {
        Path file = Files.writeString(path("/file"), "content");
        try (FileChannel c = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
                Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> c.map(MapMode.READ_WRITE, 0, 1))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("copy");
            assertThatThrownBy(() -> c.map(MapMode.READ_ONLY, 0, 1, arena))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("copy");
        }
    }

    // ---- after a crash ----------------------------------------------------------------------------------------------

    @Test
    void whatWasForcedSurvives() throws Exception {
        Files.createDirectory(path("/dir"));
        Files.writeString(path("/dir/old"), "old");
        Files.writeString(path("/dir/new"), "new");
        Files.move(path("/dir/new"), path("/dir/old"), StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel forced =
                        FileChannel.open(path("/dir/forced"), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
                FileChannel synced = FileChannel.open(
                        path("/dir/synced"),
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.DSYNC);
                FileChannel gone = FileChannel.open(
                        path("/dir/gone"),
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.DELETE_ON_CLOSE)) {
            forced.write(ByteBuffer.wrap("forced".getBytes()));
            forced.force(false);
            forced.write(ByteBuffer.wrap(" and not".getBytes()));
            synced.write(ByteBuffer.wrap("synced".getBytes()));
            gone.write(ByteBuffer.wrap("gone".getBytes()));
            gone.force(true);
            try (BlobFileSystem after = BlobFileSystem.of(bed.files.crash("Copy"))) {
                assertThat(list(after.getPath("/dir"))).containsExactly("/dir/forced", "/dir/old", "/dir/synced");
                assertThat(after.getPath("/dir/old")).hasContent("new");
                assertThat(after.getPath("/dir/forced")).hasContent("forced");
                assertThat(after.getPath("/dir/synced")).hasContent("synced");
                assertThat(after.blobFs().damagedFiles()).isEmpty();
            }
        }
    }

    // ---- threads ----------------------------------------------------------------------------------------------------

    @Test
    void aReactorIsNeverHeld() throws Exception {
        Path file = Files.writeString(path("/file"), "content");
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        SpdkThread thread = bed.app.runtime().createThread("nio");
        CompletableFuture<Void> looked = thread.call(() -> {
            assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1), 0))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("reactor");
            assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1))).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> FileChannel.open(file)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> Files.delete(file)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(bed.system::close).isInstanceOf(IllegalStateException.class);
            channel.close();
            return null;
        });
        looked.get(30, TimeUnit.SECONDS);
        assertThatThrownBy(channel::size).isInstanceOf(ClosedChannelException.class);
        AsynchronousFileChannel async = AsynchronousFileChannel.open(file);
        ByteBuffer target = ByteBuffer.allocate(7);
        Future<Integer> read = thread.call(() -> async.read(target, 0)).get(30, TimeUnit.SECONDS);
        assertThat(read.get(30, TimeUnit.SECONDS)).isEqualTo(7);
        String inTask = thread.spawn("read", () -> Files.readString(file)).join();
        assertThat(inTask).isEqualTo("content");
        async.close();
        thread.exit().get(30, TimeUnit.SECONDS);
    }

    /** No file may be left in a directory that is gone: its own entry is there as long as something else is. */
    @Test
    void directoriesAreNotDeletedUnderAFile() throws Exception {
        Path dir = path("/dir");
        Path file = dir.resolve("file");
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 60; round++) {
                Files.createDirectory(dir);
                Future<Boolean> created = executor.submit(() -> succeeds(() -> Files.createFile(file)));
                Future<Boolean> deleted = executor.submit(() -> succeeds(() -> {
                    Files.delete(dir);
                    return dir;
                }));
                boolean isThere = created.get(30, TimeUnit.SECONDS);
                assertThat(deleted.get(30, TimeUnit.SECONDS)).isNotEqualTo(isThere);
                assertThat(FileBed.names(fs))
                        .containsExactlyElementsOf(isThere ? List.of("dir/", "dir/file") : List.of());
                Files.deleteIfExists(file);
                Files.deleteIfExists(dir);
            }
        }
    }

    private interface Change {
        Path make() throws IOException;
    }

    private static boolean succeeds(Change change) throws IOException {
        try {
            return change.make() != null;
        } catch (NoSuchFileException | DirectoryNotEmptyException e) {
            return false;
        }
    }
}
