// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import dev.spdkio.blobfs.FileInfo;
import dev.spdkio.blobfs.FileOption;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** A device for file systems, and short words for what tests do with files. */
public final class FileBed implements AutoCloseable {
    /** Small clusters and the smallest cache, so that little data reaches all there is. */
    static final BlobFsOptions OPTIONS =
            BlobFsOptions.DEFAULT.withClusterSize(BlobBed.CLUSTER).withCacheBytes(BlobFsOptions.MIN_CACHE_BYTES);

    final SpdkApp app;
    final Bdev device;
    private final BlobBed.Devices devices;
    private final List<Bdev> bdevs = new ArrayList<>();
    private final List<BlobFs> systems = new ArrayList<>();
    private final long openBefore;

    FileBed(SpdkApp app, BlobBed.Devices devices) throws Exception {
        this.app = app;
        this.devices = devices;
        this.openBefore = app.dmaPool().stats().openBuffers();
        this.device = device("FileDevice");
    }

    Bdev device(String name) throws Exception {
        Bdev bdev = devices.create(name, BlobBed.DEVICE_BYTES);
        bdevs.add(bdev);
        return bdev;
    }

    BlobFs init() throws Exception {
        return keep(BlobFs.init(app, device.name(), OPTIONS));
    }

    BlobFs load() throws Exception {
        return keep(BlobFs.load(app, device.name(), OPTIONS));
    }

    BlobFs keep(BlobFs fs) {
        systems.add(fs);
        return fs;
    }

    BlobFs reload(BlobFs fs) throws Exception {
        fs.unload();
        return load();
    }

    /** Loads what is on the device now as after a crash, from a copy. */
    BlobFs crash(String copy) throws Exception {
        Bdev _ = device(copy);
        byte[] content = new byte[1 << 20];
        try (BlockDevice from = BlockDevice.open(app.bdevs(), device.name(), OpenMode.READ_ONLY);
                BlockDevice to = BlockDevice.open(app.bdevs(), copy, OpenMode.READ_WRITE)) {
            for (long at = 0; at < BlobBed.DEVICE_BYTES; at += content.length) {
                from.read(MemorySegment.ofArray(content), at);
                to.write(MemorySegment.ofArray(content), at);
            }
        }
        return keep(BlobFs.load(app, copy, OPTIONS));
    }

    static BlobFile newFile(BlobFs fs, String name) throws Exception {
        return fs.open(name, FileOption.WRITE, FileOption.CREATE_NEW);
    }

    static byte[] bytes(long seed, int count) {
        byte[] b = new byte[count];
        new Random(seed).nextBytes(b);
        return b;
    }

    static void write(BlobFile file, long at, byte[] data) throws Exception {
        file.write(MemorySegment.ofArray(data), at);
    }

    static byte[] read(BlobFile file, long at, int count) throws Exception {
        byte[] b = new byte[count];
        long n = file.read(MemorySegment.ofArray(b), at);
        return Arrays.copyOf(b, (int) Math.max(0, n));
    }

    static byte[] readAll(BlobFile file) throws Exception {
        return read(file, 0, (int) file.length());
    }

    static byte[] readAll(BlobFs fs, String name) throws Exception {
        try (BlobFile f = fs.open(name)) {
            return readAll(f);
        }
    }

    /** A new file with that content, closed. */
    static void put(BlobFs fs, String name, byte[] content) throws Exception {
        try (BlobFile f = newFile(fs, name)) {
            write(f, 0, content);
        }
    }

    static List<String> names(BlobFs fs) {
        return fs.files().stream().map(FileInfo::name).toList();
    }

    static void assertErrno(int errno, ThrowingCallable body, String... words) {
        assertThatThrownBy(body)
                .isInstanceOfSatisfying(
                        SpdkException.class,
                        e -> assertThat(Errno.name(e.errno()))
                                .as(e.getMessage())
                                .isEqualTo(Errno.name(errno)))
                .satisfies(e ->
                        assertThat(List.of(words)).allSatisfy(w -> assertThat(e).hasMessageContaining(w)));
    }

    /** Closes and removes everything, and looks whether all memory came back. */
    @Override
    public void close() throws Exception {
        for (BlobFs fs : systems.reversed()) {
            fs.close();
        }
        for (Bdev b : bdevs) {
            devices.remove(b);
        }
        assertThat(app.dmaPool().stats().openBuffers()).as("open buffers").isEqualTo(openBefore);
    }
}
