// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import dev.spdkio.blobfs.FileInfo;
import dev.spdkio.blobfs.FileOption;
import dev.spdkio.sys.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Files on a device that fails for a while. */
@Timeout(60)
class BlobFsFailureTest {
    private static final BlobFsOptions OPTIONS =
            BlobFsOptions.DEFAULT.withStore(PowerCutWorld.OPTIONS).withCacheBytes(BlobFsOptions.MIN_CACHE_BYTES);

    private PowerCutWorld world;
    private BlobFs fs;

    @BeforeEach
    void start() throws Exception {
        world = new PowerCutWorld();
        fs = BlobFs.init(world.app, world.bdevName(), OPTIONS);
    }

    @AfterEach
    void stop() throws Exception {
        world.device.failWrites(false);
        fs.close();
        world.close();
    }

    private void reload() throws Exception {
        fs.close();
        fs = BlobFs.load(world.app, world.bdevName(), OPTIONS);
    }

    @Test
    void aSyncThatFailedIsTriedAgain() throws Exception {
        byte[] data = FileBed.bytes(1, 3_000);
        try (BlobFile f = FileBed.newFile(fs, "f")) {
            FileBed.write(f, 0, data);
            world.device.failWrites(true);
            FileBed.assertErrno(Errno.EIO, f::sync, "f");
            FileBed.assertErrno(Errno.EIO, f::sync, "f");
            assertThat(FileBed.readAll(f)).isEqualTo(data);
            world.device.failWrites(false);
            f.sync();
        }
        reload();
        assertThat(FileBed.readAll(fs, "f")).isEqualTo(data);
    }

    @Test
    void aCloseThatFailedSaysSo() throws Exception {
        BlobFile f = FileBed.newFile(fs, "f");
        FileBed.write(f, 0, new byte[3_000]);
        world.device.failWrites(true);
        FileBed.assertErrno(Errno.EIO, f::close, "f");
        world.device.failWrites(false);
        try (BlobFile again = fs.open("f", FileOption.WRITE)) {
            FileBed.write(again, 0, new byte[] {1});
        }
        reload();
        assertThat(FileBed.readAll(fs, "f")).hasSizeGreaterThan(0);
    }

    @Test
    void aRenameThatFailedWasNot() throws Exception {
        FileBed.put(fs, "a", FileBed.bytes(1, 10));
        FileBed.put(fs, "b", FileBed.bytes(2, 10));
        world.device.failWrites(true);
        FileBed.assertErrno(Errno.EIO, () -> fs.rename("a", "b"), "");
        world.device.failWrites(false);
        assertThat(fs.files()).extracting(FileInfo::name).containsExactly("a", "b");
        // To take it back failed too: from here on it is only read.
        FileBed.assertErrno(Errno.EROFS, () -> fs.create("c"), "load it again");
        assertThat(FileBed.readAll(fs, "a")).isEqualTo(FileBed.bytes(1, 10));
        reload();
        assertThat(fs.files()).extracting(FileInfo::name).containsExactly("a", "b");
        assertThat(FileBed.readAll(fs, "b")).isEqualTo(FileBed.bytes(2, 10));
        fs.rename("a", "b");
    }
}
