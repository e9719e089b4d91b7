// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.spdkio.sys.PageKind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HeldMemoryTest {
    private final DmaPool pool =
            DmaPool.builder().name("t").pages(PageKind.NORMAL).build();
    private final DmaBuf a = pool.allocate(100);
    private final DmaBuf b = pool.allocate(200);
    private final HeldMemory held = new HeldMemory();

    @AfterEach
    void nothingIsLeft() throws Exception {
        a.close();
        b.close();
        assertThat(pool.closeAsync().get().isEmpty()).isTrue();
    }

    @Test
    void theSameMemoryOutlivesTheCallers() {
        IoVec vec = held.hold(IoVec.builder().add(a, 10, 20).add(b).build());
        DmaBuf one = held.hold(b);
        a.fill((byte) 7);
        a.close();
        b.close();
        assertThat(vec.segment(0).get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0))
                .isEqualTo((byte) 7);
        assertThat(vec.offset(0)).isEqualTo(10);
        assertThat(vec.totalBytes()).isEqualTo(220);
        assertThat(one.size()).isEqualTo(200);
        held.close();
        held.close();
        assertThatIllegalStateException().isThrownBy(one::retain);
    }

    @Test
    void nothingIsHeldOfWhatIsClosedInPart() {
        IoVec vec = IoVec.of(a, b);
        b.close();
        assertThatIllegalStateException().isThrownBy(() -> held.hold(vec));
    }

    @Test
    void noMemoryIsNoMemory() {
        assertThat(held.hold((DmaBuf) null)).isNull();
        assertThat(held.hold((IoVec) null)).isNull();
    }
}
