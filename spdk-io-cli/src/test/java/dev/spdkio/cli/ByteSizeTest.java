// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "4096, 4096",
        "4k, 4096",
        "4K, 4096",
        "4KiB, 4096",
        "4kb, 4096",
        "512B, 512",
        "64M, 67108864",
        "1G, 1073741824",
        "2T, 2199023255552",
        "9223372036854775807, 9223372036854775807",
    })
    void readsSizes(String text, long bytes) {
        assertThat(ByteSize.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "4x", "-1", "1.5G", "4 k", "0x10", "4kk", "iB"})
    void refusesWhatIsNoSize(String text) {
        assertThatThrownBy(() -> ByteSize.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'" + text + "' is not a size: write it as 4096, 4k, 64M or 1G");
    }

    @ParameterizedTest
    @ValueSource(strings = {"8388608T", "9223372036854775808", "9999999999999999999"})
    void refusesWhatIsTooLarge(String text) {
        assertThatThrownBy(() -> ByteSize.parse(text)).hasMessageContaining("more than the largest size");
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1023, 1023", "1024, 1K", "4096, 4K", "1536, 1.5K", "67108864, 64M", "1610612736, 1.5G"})
    void writesSizes(long bytes, String text) {
        assertThat(ByteSize.format(bytes)).isEqualTo(text);
    }

    @Test
    void readsSeconds() {
        assertThat(new Seconds().convert("10")).isEqualTo(Duration.ofSeconds(10));
        assertThat(new Seconds().convert("0.25")).isEqualTo(Duration.ofMillis(250));
        for (String bad : new String[] {"", "-1", "1s", "1e99", "NaN"}) {
            assertThatThrownBy(() -> new Seconds().convert(bad))
                    .isInstanceOf(TypeConversionException.class)
                    .hasMessage("'" + bad + "' is not a time: write seconds as 10 or 0.5");
        }
    }
}
