// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static dev.spdkio.testkit.FileBed.assertErrno;
import static dev.spdkio.testkit.FileBed.bytes;
import static dev.spdkio.testkit.FileBed.names;
import static dev.spdkio.testkit.FileBed.readAll;
import static dev.spdkio.testkit.FileBed.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.FileOption;
import dev.spdkio.sys.Errno;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Random scripts, against files that are arrays. */
interface FileScriptContract {
    /** Operations of a script. */
    int STEPS = 400;

    /** The device under test. */
    FileBed bed();

    @Test
    @Seeded
    default void doesWhatArraysDo(RandomGenerator random) throws Exception {
        BlobFs fs = bed().init();
        Map<String, byte[]> model = new TreeMap<>();
        Map<String, BlobFile> open = new HashMap<>();
        for (int i = 0; i < STEPS; i++) {
            String name = "f" + random.nextInt(4);
            byte[] is = model.get(name);
            switch (random.nextInt(14)) {
                case 0 -> {
                    if (is != null) {
                        fs.delete(name);
                        model.remove(name);
                        close(open.remove(name));
                    } else {
                        assertErrno(Errno.ENOENT, () -> fs.stat(name).orElseThrow(() -> gone(name)));
                    }
                }
                case 1 -> {
                    String to = "f" + random.nextInt(4);
                    if (is != null && !to.equals(name)) {
                        fs.rename(name, to);
                        model.remove(name);
                        model.put(to, is);
                        close(open.remove(to));
                        BlobFile moved = open.remove(name);
                        if (moved != null) {
                            open.put(to, moved);
                        }
                    }
                }
                case 2, 3 -> {
                    int length = random.nextInt(700_000);
                    if (is != null) {
                        file(fs, open, name).truncate(length);
                        model.put(name, Arrays.copyOf(is, length));
                    }
                }
                case 4 -> close(open.remove(name));
                case 5 -> {
                    if (is != null) {
                        file(fs, open, name).sync();
                    }
                }
                case 6, 7 -> {
                    byte[] data = bytes(i, random.nextInt(200_000));
                    byte[] was = is == null ? new byte[0] : is;
                    assertThat(file(fs, open, name).append(ByteBuffer.wrap(data)))
                            .isEqualTo(was.length);
                    byte[] now = Arrays.copyOf(was, was.length + data.length);
                    System.arraycopy(data, 0, now, was.length, data.length);
                    model.put(name, now.length > 1_500_000 ? cut(fs, open, name, now) : now);
                }
                case 8, 9 -> {
                    if (is != null && is.length > 0) {
                        int at = random.nextInt(is.length);
                        int count = Math.min(is.length - at, 1 + random.nextInt(300_000));
                        assertThat(FileBed.read(file(fs, open, name), at, count))
                                .as(name + " at " + at + ", step " + i)
                                .isEqualTo(Arrays.copyOfRange(is, at, at + count));
                    }
                }
                default -> {
                    byte[] data = bytes(i, 1 + random.nextInt(random.nextBoolean() ? 600 : 150_000));
                    byte[] was = is == null ? new byte[0] : is;
                    int at = random.nextInt(was.length + 100_000);
                    write(file(fs, open, name), at, data);
                    byte[] now = Arrays.copyOf(was, Math.max(was.length, at + data.length));
                    System.arraycopy(data, 0, now, at, data.length);
                    model.put(name, now.length > 1_500_000 ? cut(fs, open, name, now) : now);
                }
            }
            assertThat(names(fs)).isEqualTo(model.keySet().stream().toList());
        }
        for (BlobFile f : open.values()) {
            f.sync();
        }
        compare(bed().crash("Crashed"), model);
        for (BlobFile f : open.values()) {
            f.close();
        }
        compare(fs, model);
        compare(bed().reload(fs), model);
    }

    private static dev.spdkio.error.SpdkException gone(String name) {
        return new dev.spdkio.error.SpdkException(Errno.ENOENT, name);
    }

    private static BlobFile file(BlobFs fs, Map<String, BlobFile> open, String name) throws Exception {
        BlobFile f = open.get(name);
        if (f == null) {
            f = fs.open(name, FileOption.WRITE, FileOption.CREATE);
            open.put(name, f);
        }
        return f;
    }

    private static byte[] cut(BlobFs fs, Map<String, BlobFile> open, String name, byte[] now) throws Exception {
        file(fs, open, name).truncate(1000);
        return Arrays.copyOf(now, 1000);
    }

    private static void close(@Nullable BlobFile file) throws Exception {
        if (file != null) {
            file.close();
        }
    }

    private static void compare(BlobFs fs, Map<String, byte[]> model) throws Exception {
        assertThat(names(fs)).isEqualTo(model.keySet().stream().toList());
        for (Map.Entry<String, byte[]> e : model.entrySet()) {
            assertThat(readAll(fs, e.getKey())).as(e.getKey()).isEqualTo(e.getValue());
        }
        assertThat(fs.damagedFiles()).isEmpty();
    }
}
