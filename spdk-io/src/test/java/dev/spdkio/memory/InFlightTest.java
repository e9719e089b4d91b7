// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.PageKind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Pins, in a simulated world of two reactors. */
class InFlightTest {
    private final SimulatedRuntime world = SimulatedRuntime.create(2, 1);
    private final SpdkThread first = world.createThread("first");
    private final SpdkThread second = world.createThread("second");
    private final DmaPool pool = DmaPool.builder()
            .name("t")
            .pages(PageKind.NORMAL)
            .leakTracking(LeakTracking.ALL)
            .build();
    private final DmaBuf buf = pool.allocate(4096);

    private void on(SpdkThread thread, Runnable body) {
        world.call(thread, () -> {
            body.run();
            return null;
        });
    }

    @AfterEach
    void nothingIsLeft() {
        buf.close();
        assertThat(world.await(pool.closeAsync()).buffers()).isZero();
        world.close();
    }

    @Test
    void closingInFlightIsRefusedByNameAndTheBufferStaysUsable() {
        on(first, () -> {
            buf.pin(first);
            buf.pin(first);
            assertThatIllegalStateException()
                    .isThrownBy(buf::close)
                    .withMessageMatching(
                            "DmaBuf of 4096 bytes at 0x[0-9a-f]+ \\(pool t\\) is in flight in 2 operations and"
                                    + " cannot be closed: close it when they have completed; it was allocated at"
                                    + " .*InFlightTest.<init>\\(InFlightTest.java:\\d+\\)");
        });
        assertThatIllegalStateException().isThrownBy(buf::close).withMessageContaining("in 2 operations");
        on(second, () -> assertThatIllegalStateException().isThrownBy(buf::close));
        assertThat(buf.pins()).isEqualTo(2);
        buf.fill((byte) 1);
        on(first, () -> buf.unpin(first));
        assertThatIllegalStateException().isThrownBy(buf::close).withMessageContaining("in 1 operations");
        on(first, () -> buf.unpin(first));
        assertThat(buf.pins()).isZero();
        buf.close();
        assertThat(pool.stats().openBuffers()).isZero();
    }

    @Test
    void threadsCountSeparatelyAndTogether() {
        on(first, () -> buf.pin(first));
        on(second, () -> {
            buf.pin(second);
            buf.pin(second);
            assertThat(buf.pins()).isEqualTo(3);
        });
        on(first, () -> {
            buf.unpin(first);
            assertThatIllegalStateException()
                    .isThrownBy(() -> buf.unpin(first))
                    .withMessageContaining("was not pinned by SpdkThread first");
            assertThatIllegalStateException().isThrownBy(buf::close).withMessageContaining("in 2 operations");
        });
        on(second, () -> {
            buf.unpin(second);
            buf.unpin(second);
            assertThatIllegalStateException()
                    .isThrownBy(() -> buf.unpin(second))
                    .withMessageContaining("was not pinned by SpdkThread second");
            buf.close();
        });
        assertThat(pool.stats().openBuffers()).isZero();
    }

    @Test
    void onlyTheThreadItselfPins() {
        assertThatThrownBy(() -> buf.pin(first)).isInstanceOf(WrongThreadException.class);
        on(first, () -> {
            buf.pin(first);
            assertThatThrownBy(() -> buf.pin(second)).isInstanceOf(WrongThreadException.class);
            assertThatThrownBy(() -> buf.unpin(second)).isInstanceOf(WrongThreadException.class);
        });
        on(second, () -> {
            assertThatThrownBy(() -> buf.pin(first)).isInstanceOf(WrongThreadException.class);
            assertThatThrownBy(() -> buf.unpin(first))
                    .isInstanceOf(WrongThreadException.class)
                    .hasMessageContaining("first")
                    .hasMessageContaining("second");
        });
        on(first, () -> buf.unpin(first));
    }

    @Test
    void aClosedHandleCannotBePinned() {
        DmaBuf slice = buf.slice(0, 10);
        on(first, () -> {
            slice.pin(first);
            slice.unpin(first);
            slice.close();
            assertThatIllegalStateException()
                    .isThrownBy(() -> slice.pin(first))
                    .withMessageContaining("DmaBuf of 10 bytes")
                    .withMessageEndingWith("is closed");
        });
        on(second, () -> assertThatIllegalStateException().isThrownBy(() -> slice.pin(second)));
    }

    @Test
    void aSliceInFlightHoldsTheMemoryButNotItsSiblings() {
        DmaBuf left = buf.slice(0, 2048);
        DmaBuf right = buf.slice(2048, 2048);
        on(first, () -> {
            left.pin(first);
            right.pin(first);
        });
        on(second, () -> right.pin(second));
        assertThat(left.pins()).isEqualTo(1);
        assertThat(right.pins()).isEqualTo(2);
        assertThat(buf.pins()).isZero();

        buf.close();
        assertThat(buf.isClosed()).isTrue();
        assertThatIllegalStateException().isThrownBy(left::close);
        on(first, () -> left.unpin(first));
        left.close();
        on(first, () -> right.unpin(first));
        assertThatIllegalStateException().isThrownBy(right::close);
        assertThat(pool.stats().openBuffers()).isEqualTo(1);
        on(second, () -> right.unpin(second));
        right.close();
        assertThat(pool.stats().openBuffers()).isZero();
    }

    @Test
    void aPoolWithABufferInFlightCannotBeClosed() {
        DmaBuf slice = buf.slice(1, 1);
        on(first, () -> slice.pin(first));
        assertThatIllegalStateException()
                .isThrownBy(pool::close)
                .withMessageContaining("pool t cannot be closed while 1 of its buffers are in flight")
                .withMessageContaining("DmaBuf of 4096 bytes");
        assertThat(pool.isClosed()).isFalse();
        on(first, () -> slice.unpin(first));
        on(second, () -> slice.pin(second));
        on(first, () -> slice.pin(first));
        on(second, () -> slice.unpin(second));
        assertThatIllegalStateException().isThrownBy(pool::close);
        on(first, () -> slice.unpin(first));
        slice.close();
    }

    @Test
    void theOwnerOfTheCounterMayExit() {
        on(first, () -> {
            buf.pin(first);
            buf.unpin(first);
        });
        world.await(first.exit());
        on(second, () -> {
            buf.pin(second);
            assertThatIllegalStateException().isThrownBy(buf::close);
            buf.unpin(second);
        });
        buf.close();
        assertThat(pool.stats().openBuffers()).isZero();
        assertThat(pool.stats().settlingBytes()).isZero();
    }

    @Test
    void aBufferThatAnExitedThreadLeftInFlightIsNeverFreed() {
        DmaPool stuck =
                DmaPool.builder().pages(PageKind.NORMAL).slabBytes(2 << 20).build();
        DmaBuf lost = stuck.allocate(512);
        on(first, () -> lost.pin(first));
        world.await(first.exit());
        assertThatIllegalStateException().isThrownBy(lost::close);
        assertThatIllegalStateException().isThrownBy(stuck::close);
        assertThat(lost.pins()).isEqualTo(1);
    }
}
