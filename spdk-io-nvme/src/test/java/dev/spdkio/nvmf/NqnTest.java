// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.nvme.TransportId;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NqnTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                TransportId.DISCOVERY_NQN,
                "nqn.2016-06.io.spdk:cnode1",
                "nqn.2025-01.com.ex-ample.a1:any: text, as é likes",
                "nqn.2014-08.org.nvmexpress:uuid:2B6E2A1C-95FB-4C1A-9B61-0A1D5A3F6B11"
            })
    void acceptsNames(String nqn) {
        assertThat(Nqn.require(nqn)).isSameAs(nqn);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "iqn.2016-06.io.spdk:cnode1",
                "nqn.16-06.io.spdk:cnode1",
                "nqn.2016-06.io.spdk",
                "nqn.2016-06.io.spdk:",
                "nqn.2016-06.io..spdk:a",
                "nqn.2016-06.io.1spdk:a",
                "nqn.2016-06.io.spdk-:a",
                "nqn.2014-08.org.nvmexpress:uuid:2b6e2a1c-95fb-4c1a-9b61",
                "nqn.2014-08.org.nvmexpress:uuid:2b6e2a1c-95fb-4c1a-9b61-0a1d5a3f6b1z"
            })
    void refusesWhatIsNone(String nqn) {
        assertThatThrownBy(() -> Nqn.require(nqn))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + nqn + "' is no NQN");
    }

    @Test
    void countsBytes() {
        String longest = "nqn.2016-06.io.spdk:" + "a".repeat(TransportId.MAX_NQN - 20);
        assertThat(Nqn.require(longest)).hasSize(TransportId.MAX_NQN);
        assertThatThrownBy(() -> Nqn.require(longest + "a")).hasMessageContaining("224 bytes");
        UUID uuid = UUID.randomUUID();
        assertThat(Nqn.require(Nqn.ofUuid(uuid))).endsWith(uuid.toString());
    }
}
