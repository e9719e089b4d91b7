// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FdGuardTest {
    private final AtomicInteger releases = new AtomicInteger();
    private final FdGuard guard = new FdGuard(releases::incrementAndGet);

    @Test
    void releasesAtOnceWhenNobodyIsInside() {
        assertThat(guard.close()).isTrue();
        assertThat(releases).hasValue(1);
        assertThat(guard.tryEnter()).isFalse();
    }

    @Test
    void theLastUserReleases() {
        assertThat(guard.tryEnter()).isTrue();
        assertThat(guard.tryEnter()).isTrue();
        assertThat(guard.close()).isTrue();
        assertThat(guard.isClosed()).isTrue();
        guard.exit();
        assertThat(releases).hasValue(0);
        guard.exit();
        assertThat(releases).hasValue(1);
    }

    @Test
    void closingTwiceReleasesOnce() {
        guard.close();
        assertThat(guard.close()).isFalse();
        assertThat(releases).hasValue(1);
    }

    @Test
    void anOpenGuardIsNeverReleased() {
        assertThat(guard.tryEnter()).isTrue();
        guard.exit();
        assertThat(guard.tryEnter()).isTrue();
        guard.exit();
        assertThat(releases).hasValue(0);
        assertThat(guard.isClosed()).isFalse();
    }
}
