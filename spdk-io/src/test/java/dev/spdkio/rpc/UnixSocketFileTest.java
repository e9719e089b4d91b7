// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.SpdkException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may listen where. */
class UnixSocketFileTest {
    @TempDir
    Path directory;

    private static String mode(Path p) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(p));
    }

    @Test
    void theSocketIsForItsOwnerAlone() throws IOException {
        Path path = directory.resolve("s");
        try (UnixSocketFile file = UnixSocketFile.listen(path)) {
            assertThat(mode(path)).isEqualTo("rw-------");
            assertThat(mode(directory.resolve("s.lock"))).isEqualTo("rw-------");
            assertThat(file.path()).isEqualTo(path);
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void theDefaultDirectoryIsPrivateAndGoesWithItsLastServer() throws IOException {
        Path own = UnixSocketFile.defaultDirectory(directory.toString(), "/nowhere", "jo e/..", 42);
        assertThat(own).isEqualTo(directory.resolve("spdkio-jo_e_..-42"));

        UnixSocketFile first = UnixSocketFile.listenPrivately(own, "app", 4);
        UnixSocketFile second = UnixSocketFile.listenPrivately(own, "app", 4);
        assertThat(mode(own)).isEqualTo("rwx------");
        assertThat(first.path()).isEqualTo(own.resolve("app.sock"));
        assertThat(second.path()).isEqualTo(own.resolve("app-2.sock"));
        first.close();
        assertThat(own).exists();
        second.close();
        second.close();
        assertThat(own).doesNotExist();
    }

    @Test
    void withoutARuntimeDirectoryTheTemporaryOneIsTaken() {
        assertThat(UnixSocketFile.defaultDirectory(null, "/tmp", "me", 1)).isEqualTo(Path.of("/tmp/spdkio-me-1"));
        assertThat(UnixSocketFile.defaultDirectory("relative", "/tmp", "me", 1)).isEqualTo(Path.of("/tmp/spdkio-me-1"));
        assertThat(UnixSocketFile.defaultDirectory("/does/not/exist", "/tmp", "me", 1))
                .isEqualTo(Path.of("/tmp/spdkio-me-1"));
    }

    @Test
    void aDirectoryThatOthersMayEnterIsRefused() throws IOException {
        Path own = Files.createDirectory(directory.resolve("open"));
        Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwxr-xr-x"));

        assertThatThrownBy(() -> UnixSocketFile.listenPrivately(own, "app", 4))
                .isInstanceOf(SpdkException.class)
                .hasMessageContaining(own.toString())
                .hasMessageContaining("mode 0700");

        Path link = Files.createSymbolicLink(directory.resolve("link"), own);
        assertThatThrownBy(() -> UnixSocketFile.listenPrivately(link, "app", 4)).isInstanceOf(SpdkException.class);
    }

    @Test
    void aSecondServerIsRefusedAndHarmsNothing() throws IOException {
        Path path = directory.resolve("s");
        try (UnixSocketFile first = UnixSocketFile.listen(path)) {
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> UnixSocketFile.listen(path))
                        .isInstanceOfSatisfying(
                                SpdkException.class, e -> assertThat(e.errno()).isEqualTo(98))
                        .hasMessage("RPC socket " + path
                                + " is in use by another server of this process: choose another path, or end that"
                                + " application first");
            }
            assertThat(first.channel().isOpen()).isTrue();
            assertThat(path).exists();
        }
        UnixSocketFile.listen(path).close();
    }

    @Test
    void aLockOfAnotherProcessIsRespected() throws Exception {
        Path path = directory.resolve("s");
        Path lock = directory.resolve("s.lock");
        Files.writeString(lock, "");
        // A process that holds the lock as we do, says so, and goes when its input ends.
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        writeHolder().toString(),
                        lock.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(other.inputReader().readLine()).isEqualTo("locked");
            assertThatThrownBy(() -> UnixSocketFile.listen(path))
                    .isInstanceOf(SpdkException.class)
                    .hasMessageContaining("in use by process 12345");
        } finally {
            other.destroyForcibly();
            assertThat(other.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        UnixSocketFile.listen(path).close();
    }

    private Path writeHolder() throws IOException {
        return Files.writeString(directory.resolve("Holder.java"), """
                import java.nio.*;
                import java.nio.channels.*;
                import java.nio.file.*;

                class Holder {
                    public static void main(String[] a) throws Exception {
                        FileChannel c = FileChannel.open(Path.of(a[0]), StandardOpenOption.WRITE);
                        c.lock();
                        c.write(ByteBuffer.wrap("12345\\n".getBytes()));
                        System.out.println("locked");
                        System.in.read();
                    }
                }
                """);
    }

    @Test
    void aStaleSocketIsReplaced() throws IOException {
        Path path = directory.resolve("s");
        ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        dead.bind(UnixDomainSocketAddress.of(path));
        dead.close();
        Files.writeString(directory.resolve("s.lock"), "99999\n");
        assertThat(path).exists();

        try (UnixSocketFile file = UnixSocketFile.listen(path)) {
            assertThat(file.channel().isOpen()).isTrue();
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aLiveSocketWithoutOurLockIsNotStolen() throws IOException {
        Path path = directory.resolve("s");
        try (ServerSocketChannel alive = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            alive.bind(UnixDomainSocketAddress.of(path));

            assertThatThrownBy(() -> UnixSocketFile.listen(path))
                    .isInstanceOf(SpdkException.class)
                    .hasMessageContaining("in use by an application that holds no lock on it");
            assertThat(path).exists();
            assertThat(directory.resolve("s.lock")).doesNotExist();
        }
    }

    @Test
    void aFileThatIsNoSocketIsLeftAlone() throws IOException {
        Path path = Files.writeString(directory.resolve("s"), "precious");

        assertThatThrownBy(() -> UnixSocketFile.listen(path))
                .isInstanceOf(SpdkException.class)
                .hasMessageContaining("is an existing file that is not a socket");
        assertThat(path).hasContent("precious");
    }

    @Test
    void aPathThatIsTooLongIsExplained() {
        Path path = directory.resolve("x".repeat(120));
        int bytes = path.toString().length();

        assertThatThrownBy(() -> UnixSocketFile.listen(path))
                .isInstanceOf(SpdkException.class)
                .hasMessage(
                        "RPC socket path " + path + " has " + bytes + " bytes, Linux allows 107: choose a shorter one");
    }

    @Test
    void aMissingDirectoryIsExplained() {
        assertThatThrownBy(() -> UnixSocketFile.listen(directory.resolve("no/s")))
                .isInstanceOf(SpdkException.class)
                .hasMessageContaining("directory " + directory.resolve("no") + " does not exist");
    }
}
