// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import org.junit.jupiter.api.Test;

class FileGeometryTest {
    private static FileGeometry of(long size, int wanted, int unit) throws SpdkException {
        return FileGeometry.of("d", "/f", size, wanted, unit, "its sector size");
    }

    @Test
    void dividesIntoWholeBlocks() throws SpdkException {
        assertThat(of(1 << 20, 4096, 512)).isEqualTo(new FileGeometry(4096, 256));
        assertThat(of((1 << 20) + 4095, 4096, 512)).isEqualTo(new FileGeometry(4096, 256));
        assertThat(of(1 << 20, 0, 512)).as("the unit is the default").isEqualTo(new FileGeometry(512, 2048));
        assertThat(of(1L << 60, 512, 512).blockCount()).isEqualTo(1L << 51);
    }

    @Test
    void saysWhatIsWrong() {
        assertThatThrownBy(() -> of(1 << 20, 511, 512))
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                .hasMessage("bdev d on /f: a block size of 511 is too small: use at least 512");
        assertThatThrownBy(() -> of(1 << 20, 520, 512))
                .hasMessage("bdev d on /f: a block size of 520 is not a power of two: use 512 or 1024");
        assertThatThrownBy(() -> of(1 << 20, 512, 4096))
                .hasMessage(
                        "bdev d on /f: a block size of 512 is smaller than 4096, its sector size: use at least 4096");
        assertThatThrownBy(() -> of(511, 0, 512))
                .hasMessage(
                        "bdev d on /f: it holds 511 bytes, less than one block of 512: enlarge it first, for example"
                                + " with truncate -s 1G");
    }

    @Test
    void saysWhyAFileCannotBeOpened() {
        assertThat(FileGeometry.explainOpen(Errno.EACCES, true)).contains("change its permissions, or set readonly");
        assertThat(FileGeometry.explainOpen(Errno.EACCES, false)).endsWith("for reading: change its permissions");
        assertThat(FileGeometry.explainOpen(Errno.EROFS, true)).contains("mounted read-only");
        assertThat(FileGeometry.explainOpen(Errno.EMFILE, true)).contains("EMFILE");
    }
}
