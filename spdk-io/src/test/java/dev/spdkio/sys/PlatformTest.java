// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlatformTest {
    @Test
    void namesTheOperatingSystemThatLacksNativeCalls() {
        assertThat(Platform.unavailabilityCause("Windows 11", "x86-64", true, "m"))
                .isEqualTo("native calls need Linux, this is Windows 11");
    }

    @Test
    void namesTheArchitectureThatLacksNativeCalls() {
        assertThat(Platform.unavailabilityCause("Linux", "riscv64", true, "m"))
                .isEqualTo("native calls need an x86-64 or aarch64 CPU, this is riscv64");
    }

    @Test
    void namesTheFlagThatEnablesNativeCalls() {
        assertThat(Platform.unavailabilityCause("Linux", "aarch64", false, "dev.spdkio"))
                .contains("--enable-native-access=dev.spdkio ")
                .contains("JDK_JAVA_OPTIONS");
    }

    @Test
    void isAvailableWithBothArchitecturesOnLinux() {
        assertThat(Platform.unavailabilityCause("Linux", "aarch64", true, "m")).isNull();
        assertThat(Platform.unavailabilityCause("Linux", Platform.canonicalArch("amd64"), true, "m"))
                .isNull();
    }

    @Test
    void causeIsNullExactlyWhenAvailable() {
        assertThat(Platform.isNativeAvailable()).isEqualTo(Platform.unavailabilityCause() == null);
    }
}
