// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static dev.spdkio.testkit.FileBed.assertErrno;
import static dev.spdkio.testkit.FileBed.bytes;
import static dev.spdkio.testkit.FileBed.names;
import static dev.spdkio.testkit.FileBed.newFile;
import static dev.spdkio.testkit.FileBed.put;
import static dev.spdkio.testkit.FileBed.read;
import static dev.spdkio.testkit.FileBed.readAll;
import static dev.spdkio.testkit.FileBed.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import dev.spdkio.blobfs.FileInfo;
import dev.spdkio.blobfs.FileOption;
import dev.spdkio.sys.Errno;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** Files: created, opened, listed, renamed, deleted. */
interface FileNameContract {
    /** The device under test. */
    FileBed bed();

    @Test
    default void createsFindsAndDeletes() throws Exception {
        BlobFs fs = bed().init();
        long free = fs.space().freeBytes();
        assertThat(fs.files()).isEmpty();
        FileInfo made = fs.create("b");
        assertThat(made.length()).isZero();
        fs.create("a");
        assertErrno(Errno.EEXIST, () -> fs.create("a"), "'a'", bed().device.name());
        assertThat(names(fs)).containsExactly("a", "b");
        assertThat(fs.stat("b")).contains(made);
        assertThat(fs.stat("c")).isEmpty();
        fs.delete("b");
        assertErrno(Errno.ENOENT, () -> fs.delete("b"), "'b'");
        fs.delete("a");
        assertThat(fs.files()).isEmpty();
        assertThat(fs.space().freeBytes()).isEqualTo(free);
    }

    @Test
    default void opensInItsModes() throws Exception {
        BlobFs fs = bed().init();
        assertErrno(Errno.ENOENT, () -> fs.open("f"), "'f'");
        assertErrno(Errno.ENOENT, () -> fs.open("f", FileOption.WRITE));
        try (BlobFile f = fs.open("f", FileOption.WRITE, FileOption.CREATE)) {
            assertThat(f.isWritable()).isTrue();
            assertThat(f.fileSystem()).isSameAs(fs);
            write(f, 0, bytes(1, 100));
        }
        assertErrno(Errno.EEXIST, () -> fs.open("f", FileOption.CREATE_NEW), "'f'");
        try (BlobFile f = fs.open("f", FileOption.CREATE)) {
            assertThat(f.isWritable()).isFalse();
            assertThat(readAll(f)).isEqualTo(bytes(1, 100));
            assertThatThrownBy(() -> write(f, 0, new byte[1])).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> f.truncate(0)).isInstanceOf(IllegalStateException.class);
        }
        assertThatThrownBy(() -> fs.open("f", FileOption.TRUNCATE)).isInstanceOf(IllegalArgumentException.class);
        try (BlobFile f = fs.open("f", FileOption.WRITE, FileOption.TRUNCATE)) {
            assertThat(f.length()).isZero();
        }
        BlobFile closed = fs.open("f");
        closed.close();
        closed.close();
        assertThat(closed.isOpen()).isFalse();
        assertThatThrownBy(() -> read(closed, 0, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'f'");
    }

    @Test
    default void checksNames() throws Exception {
        BlobFs fs = bed().init();
        String longest = "n".repeat(BlobFs.MAX_NAME_BYTES);
        String text = "Zürich \uD83D\uDE00/x y";
        fs.create(longest);
        fs.create(text);
        assertErrno(Errno.ENAMETOOLONG, () -> fs.create(longest + "n"), "256");
        assertErrno(Errno.ENAMETOOLONG, () -> fs.rename(longest, longest + "n"));
        assertThatThrownBy(() -> fs.create("")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> fs.create("a\0b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> fs.create("\uD83D")).isInstanceOf(IllegalArgumentException.class);
        assertThat(names(bed().reload(fs))).containsExactlyInAnyOrder(longest, text);
    }

    @Test
    default void renames() throws Exception {
        BlobFs fs = bed().init();
        put(fs, "a", bytes(1, 5000));
        fs.rename("a", "b");
        assertErrno(Errno.ENOENT, () -> fs.rename("a", "c"), "'a'");
        fs.rename("b", "b");
        assertThat(names(fs)).containsExactly("b");
        try (BlobFile open = fs.open("b", FileOption.WRITE)) {
            fs.rename("b", "c");
            assertThat(open.name()).isEqualTo("c");
            write(open, 5000, bytes(2, 10));
        }
        BlobFs again = bed().reload(fs);
        assertThat(names(again)).containsExactly("c");
        assertThat(again.stat("c").map(FileInfo::length)).isEqualTo(Optional.of(5010L));
    }

    @Test
    default void renamingReplaces() throws Exception {
        BlobFs fs = bed().init();
        long free = fs.space().freeBytes();
        put(fs, "new", bytes(1, 3000));
        put(fs, "old", bytes(2, 3000));
        CompletableFuture<Void> refused = fs.renameAsync("new", "old", false);
        assertThatThrownBy(() -> refused.get())
                .isInstanceOf(ExecutionException.class)
                .hasMessageContaining("EEXIST");
        fs.rename("new", "old");
        assertThat(names(fs)).containsExactly("old");
        assertThat(readAll(fs, "old")).isEqualTo(bytes(1, 3000));
        BlobFs again = bed().reload(fs);
        assertThat(names(again)).containsExactly("old");
        assertThat(readAll(again, "old")).isEqualTo(bytes(1, 3000));
        assertThat(again.damagedFiles()).isEmpty();
        again.delete("old");
        assertThat(again.space().freeBytes()).isEqualTo(free);
    }

    @Test
    default void renamingReplacesWhatIsOpen() throws Exception {
        BlobFs fs = bed().init();
        put(fs, "new", bytes(1, 3000));
        put(fs, "old", bytes(2, 3000));
        BlobFile open = fs.open("old", FileOption.WRITE);
        fs.rename("new", "old");
        assertThat(readAll(open)).isEqualTo(bytes(2, 3000));
        write(open, 3000, bytes(3, 10));
        assertThat(readAll(fs, "old")).isEqualTo(bytes(1, 3000));
        BlobFs crashed = bed().crash("Crashed");
        assertThat(names(crashed)).containsExactly("old");
        assertThat(readAll(crashed, "old")).isEqualTo(bytes(1, 3000));
        open.close();
        assertThat(readAll(bed().reload(fs), "old")).isEqualTo(bytes(1, 3000));
    }

    @Test
    default void deletesWhatIsOpenWhenItIsClosed() throws Exception {
        BlobFs fs = bed().init();
        long free = fs.space().freeBytes();
        BlobFile first = newFile(fs, "f");
        BlobFile second = fs.open("f");
        write(first, 0, bytes(1, 100_000));
        first.sync();
        fs.delete("f");
        assertThat(fs.files()).isEmpty();
        assertErrno(Errno.ENOENT, () -> fs.open("f"));
        try (BlobFile other = newFile(fs, "f")) {
            write(other, 0, bytes(2, 10));
        }
        write(first, 100_000, bytes(3, 10));
        first.close();
        assertThat(read(second, 0, 100_000)).isEqualTo(bytes(1, 100_000));
        BlobFs crashed = bed().crash("Crashed");
        assertThat(names(crashed)).containsExactly("f");
        assertThat(readAll(crashed, "f")).isEqualTo(bytes(2, 10));
        second.close();
        assertThat(readAll(fs, "f")).isEqualTo(bytes(2, 10));
        fs.delete("f");
        assertThat(fs.space().freeBytes()).isEqualTo(free);
    }

    @Test
    default void unloadsWhenNothingIsOpen() throws Exception {
        BlobFs fs = bed().init();
        BlobFile f = newFile(fs, "f");
        assertErrno(Errno.EBUSY, fs::unload, "f");
        f.close();
        fs.unload();
        assertThat(fs.isLoaded()).isFalse();
        assertThatThrownBy(() -> fs.create("g")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(fs::files).isInstanceOf(IllegalStateException.class);
        fs.close();
    }

    @Test
    default void closingClosesFiles() throws Exception {
        BlobFs fs = bed().init();
        BlobFile f = newFile(fs, "f");
        write(f, 0, bytes(1, 12345));
        fs.close();
        assertThat(f.isOpen()).isFalse();
        assertThat(readAll(bed().load(), "f")).isEqualTo(bytes(1, 12345));
    }

    @Test
    default void loadsNothingElse() throws Exception {
        assertErrno(Errno.EILSEQ, () -> BlobFs.load(bed().app, bed().device.name(), FileBed.OPTIONS));
        assertErrno(Errno.ENODEV, () -> BlobFs.init(bed().app, "Nowhere", FileBed.OPTIONS), "Nowhere");
        assertThatThrownBy(() -> BlobFsOptions.DEFAULT.withCacheBytes(1)).isInstanceOf(IllegalArgumentException.class);
    }
}
