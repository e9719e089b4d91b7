// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.sys.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NvmeStatusTest {
    @Test
    void readsAllBits() {
        NvmeStatus s = NvmeStatus.ofRaw(0b1_1_10_010_10000001_1);
        assertThat(s.doNotRetry()).isTrue();
        assertThat(s.hasMore()).isTrue();
        assertThat(s.retryDelay()).isEqualTo(2);
        assertThat(s.statusCodeType()).isEqualTo(NvmeStatus.SCT_MEDIA);
        assertThat(s.statusCode()).isEqualTo(0x81);
        assertThat(s.phase()).isTrue();
        assertThat(s).hasToString("Unrecovered read error (sct 0x2 sc 0x81 crd 2 more dnr)");
    }

    @Test
    void successIsOneObjectWhateverThePhase() {
        assertThat(NvmeStatus.ofRaw(0)).isSameAs(NvmeStatus.SUCCESS);
        assertThat(NvmeStatus.ofRaw(1)).isSameAs(NvmeStatus.SUCCESS);
        assertThat(NvmeStatus.SUCCESS.errno()).isZero();
        assertThat(NvmeStatus.of(0, 2)).isEqualTo(NvmeStatus.ofRaw(5)).isNotEqualTo(NvmeStatus.SUCCESS);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0x01, Invalid command opcode",
        "0, 0x08, Command aborted due to submission queue deletion",
        "0, 0x80, LBA out of range",
        "1, 0x02, Invalid queue size",
        "1, 0x80, Conflicting attributes",
        "2, 0x85, Compare failure",
        "3, 0x70, Host path error",
        "3, 0x71, Command aborted by host",
        "7, 0x12, Vendor specific",
        "0, 0x7f, Reserved",
        "5, 0x00, Reserved",
    })
    void namesCodes(int type, String code, String name) {
        assertThat(NvmeStatus.of(type, Integer.decode(code)).name()).isEqualTo(name);
    }

    @Test
    void namesTheCodesOfFabrics() {
        assertThat(NvmeStatus.of(1, 0x82).fabricsName()).isEqualTo("Connect invalid parameters");
        assertThat(NvmeStatus.of(0, 0x01).fabricsName()).isEqualTo("Invalid command opcode");
    }

    @Test
    void knowsWhatPasses() {
        assertThat(NvmeStatus.of(0, NvmeStatus.SC_ABORTED_SQ_DELETION).isPassing())
                .isTrue();
        assertThat(NvmeStatus.of(3, 0x70).isPassing()).isTrue();
        assertThat(NvmeStatus.ofRaw(NvmeStatus.raw(3, 0x70) | 1 << 15).isPassing())
                .isFalse();
        assertThat(NvmeStatus.of(0, NvmeStatus.SC_ABORTED_BY_REQUEST).isPassing())
                .isFalse();
    }

    @Test
    void hasTheErrorNumberThatFits() {
        assertThat(NvmeStatus.of(2, NvmeStatus.SC_COMPARE_FAILURE).errno()).isEqualTo(Errno.EILSEQ);
        assertThat(NvmeStatus.of(0, NvmeStatus.SC_ABORTED_BY_REQUEST).errno()).isEqualTo(Errno.ECANCELED);
        assertThat(NvmeStatus.of(0, 1).errno()).isEqualTo(Errno.EIO);
    }

    @Test
    void refusesWhatHasNoRoom() {
        assertThatThrownBy(() -> NvmeStatus.of(8, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NvmeStatus.of(0, 256)).isInstanceOf(IllegalArgumentException.class);
    }
}
