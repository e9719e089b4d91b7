// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransportIdTest {
    private static final String NQN = "nqn.2016-06.io.spdk:cnode1";

    @Test
    void readsAndPrintsSpdksForm() {
        String text = "trtype:TCP adrfam:IPv4 traddr:127.0.0.1 trsvcid:4420 subnqn:" + NQN;
        TransportId id = TransportId.parse(text);
        assertThat(id).isEqualTo(TransportId.tcp("127.0.0.1", 4420, NQN)).hasToString(text);
        assertThat(id.trtype()).isEqualTo(TransportType.TCP);
        assertThat(id.isFabrics()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "trtype:PCIe traddr:0000:04:00.0",
                "trtype:PCIe",
                "trtype:RDMA adrfam:IPv6 traddr:fe80::1 trsvcid:4420",
                "trtype:TCP adrfam:IPv4 traddr:10.0.0.1 trsvcid:4420 priority:6",
                "trtype:VFIOUSER traddr:/var/run/vfio",
                "trtype:MINE traddr:here",
                "trtype:FC adrfam:FC traddr:nn-0x200140111111dbcc:pn-0x100140111111dbcc",
            })
    void printsWhatItHasRead(String text) {
        assertThat(TransportId.parse(text)).hasToString(text);
        assertThat(TransportId.parse(TransportId.parse(text).toString())).isEqualTo(TransportId.parse(text));
    }

    @Test
    void takesEqualsSignsAnyCaseAndWhatSpdksProgramsAdd() {
        assertThat(TransportId.parse(" TRTYPE=tcp\tadrfam=ipv4 traddr:1.2.3.4 trsvcid:1 hostnqn:nqn.a ns:1 "))
                .isEqualTo(TransportId.tcp("1.2.3.4", 1, ""));
    }

    @Test
    void samePciAddressesAreEqual() {
        assertThat(TransportId.parse("trtype:pcie traddr:04:00.0"))
                .isEqualTo(TransportId.parse("trtype:PCIe traddr:0000.04.00.0"))
                .isEqualTo(TransportId.pcie(new PciAddress(0, 4, 0, 0)));
    }

    @ParameterizedTest
    @CsvSource({
        "0000:04:00.0, 0000:04:00.0",
        "10000:04:1f.7, 10000:04:1f.7",
        "1.2.3.4, 0001:02:03.4",
        "1:2:3, 0001:02:03.0",
        "2:3.4, 0000:02:03.4",
        "2.3.4, 0000:02:03.4",
        "2:3, 0000:02:03.0",
    })
    void readsPciAddresses(String text, String full) {
        assertThat(PciAddress.parse(text)).hasToString(full);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nvme0", "0000:100:00.0", "0000:00:20.0", "0000:00:00.8", "0000:04:00.0.1", "-1:2"})
    void refusesOtherPciAddresses(String text) {
        assertThatThrownBy(() -> PciAddress.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "'', key:value",
        "TCP, key:value",
        "trtype:, key:value",
        "traddr:1.2.3.4, needs a transport",
        "trtype:TCP adrfam:IPv5, IPv5",
        "trtype:TCP trsvc:1, trsvc",
        "trtype:TCP priority:12345, 12345",
        "trtype:TCP priority:a, priority",
        "trtype:PCIe traddr:here, here",
    })
    void refusesWhatIsNone(String text, String part) {
        assertThatThrownBy(() -> TransportId.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(part);
    }

    @Test
    void refusesWhatIsTooLong() {
        String long33 = "a".repeat(TransportId.MAX_TRSVCID + 1);
        assertThatThrownBy(() -> TransportId.parse("trtype:TCP trsvcid:" + long33))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("trsvcid", "33", "32");
        assertThatThrownBy(() -> TransportId.tcp("::1", 65536, NQN)).hasMessageContaining("65536");
    }
}
