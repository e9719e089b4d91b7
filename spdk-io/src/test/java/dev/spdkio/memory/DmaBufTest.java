// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.sys.PageKind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a handle can do, without threads. */
class DmaBufTest {
    private final DmaPool pool =
            DmaPool.builder().name("t").pages(PageKind.NORMAL).build();

    @AfterEach
    void nothingIsLeft() throws Exception {
        assertThat(pool.closeAsync().get().buffers()).isZero();
    }

    @Test
    void hasExactlyTheSizeAndTheAlignmentAskedFor() {
        for (long bytes : new long[] {1, 511, 512, 513, 4000, 4096, 4097, 1 << 20, (4 << 20) - 1, 5 << 20}) {
            for (int alignment = 1; alignment <= DmaPool.MAX_ALIGNMENT; alignment *= 2) {
                try (DmaBuf buf = pool.allocate(bytes, alignment)) {
                    assertThat(buf.size()).isEqualTo(bytes);
                    assertThat(buf.segment().byteSize()).isEqualTo(bytes);
                    assertThat(buf.segment().address()).isEqualTo(buf.address());
                    assertThat(buf.address() % alignment).isZero();
                    assertThat(buf.pool()).isSameAs(pool);
                }
            }
        }
        try (DmaBuf buf = pool.allocate(1)) {
            assertThat(buf.address() % 4096).isZero();
        }
    }

    @Test
    void freshMemoryIsZero() {
        try (DmaBuf buf = pool.allocate(1 << 20);
                DmaBuf large = pool.allocate(5 << 20)) {
            assertThat(buf.mismatch(MemorySegment.ofArray(new byte[1 << 20]))).isEqualTo(-1);
            assertThat(large.mismatch(MemorySegment.ofArray(new byte[5 << 20]))).isEqualTo(-1);
        }
    }

    @Test
    void viewsAreMadeOnceAndSeeTheSameBytes() {
        try (DmaBuf buf = pool.allocate(1000);
                DmaBuf slice = buf.slice(10, 20)) {
            assertThat(buf.segment()).isSameAs(buf.segment());
            ByteBuffer view = buf.buffer();
            view.order(ByteOrder.BIG_ENDIAN).position(11).limit(12).put((byte) 7);
            assertThat(buf.buffer()).isSameAs(view);
            assertThat(view.position()).isZero();
            assertThat(view.limit()).isEqualTo(1000);
            assertThat(view.order()).isEqualTo(ByteOrder.nativeOrder());
            assertThat(view.isDirect()).isTrue();
            assertThat(buf.segment().get(JAVA_BYTE, 11)).isEqualTo((byte) 7);
            assertThat(slice.buffer().get(1)).isEqualTo((byte) 7);
            assertThat(slice.buffer().capacity()).isEqualTo(20);
        }
    }

    @Test
    void handlesDoNotShareTheirByteBuffers() {
        try (DmaBuf buf = pool.allocate(4096);
                DmaBuf copy = buf.retain()) {
            ByteBuffer view = buf.buffer().position(17);
            assertThat(copy.buffer()).isNotSameAs(view);
            assertThat(view.position()).isEqualTo(17);
        }
    }

    @Test
    void aBlockOfAnotherSizeGetsNewViews() {
        for (int size : new int[] {4096, 4000, 4000, 4096}) {
            try (DmaBuf buf = pool.allocate(size)) {
                assertThat(buf.segment().byteSize()).isEqualTo(size);
                assertThat(buf.buffer().capacity()).isEqualTo(size);
            }
        }
    }

    @Test
    void copiesInAllDirections() {
        byte[] data = new byte[100];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i * 7);
        }
        try (DmaBuf buf = pool.allocate(300);
                Arena arena = Arena.ofConfined()) {
            MemorySegment outside = arena.allocate(100);

            buf.copyFrom(data);
            assertThat(buf.mismatch(MemorySegment.ofArray(data))).isEqualTo(100);
            buf.copyFrom(100, data, 10, 50);
            assertThat(buf.segment().get(JAVA_BYTE, 100)).isEqualTo(data[10]);
            buf.copyTo(outside);
            assertThat(outside.mismatch(MemorySegment.ofArray(data))).isEqualTo(-1);

            buf.fill((byte) 1);
            buf.copyFrom(outside);
            buf.copyFrom(200, outside, 99, 1);
            assertThat(buf.segment().get(JAVA_BYTE, 200)).isEqualTo(data[99]);
            assertThat(buf.segment().get(JAVA_BYTE, 201)).isEqualTo((byte) 1);
            byte[] back = new byte[100];
            buf.copyTo(back);
            assertThat(back).isEqualTo(data);
            buf.copyTo(200, back, 3, 2);
            assertThat(back[3]).isEqualTo(data[99]);
            assertThat(back[4]).isEqualTo((byte) 1);
            buf.copyTo(200, outside, 0, 1);
            assertThat(outside.get(JAVA_BYTE, 0)).isEqualTo(data[99]);

            ByteBuffer source = ByteBuffer.wrap(data).position(5).limit(15);
            buf.copyFrom(290, source);
            assertThat(source.hasRemaining()).isFalse();
            ByteBuffer target = ByteBuffer.allocateDirect(10);
            buf.copyTo(290, target);
            assertThat(target.hasRemaining()).isFalse();
            assertThat(target.get(0)).isEqualTo(data[5]);

            buf.fill(298, 2, (byte) 9);
            assertThat(buf.segment().get(JAVA_BYTE, 297)).isEqualTo(data[12]);
            assertThat(buf.segment().get(JAVA_BYTE, 298)).isEqualTo((byte) 9);
            try (DmaBuf other = pool.allocate(300)) {
                other.copyFrom(buf.segment());
                assertThat(buf.mismatch(other)).isEqualTo(-1);
                other.fill(150, 1, (byte) 77);
                assertThat(buf.mismatch(other)).isEqualTo(150);
            }
        }
    }

    @Test
    void rangesOutsideAreRefusedByName() {
        try (DmaBuf buf = pool.allocate(100)) {
            byte[] ten = new byte[10];
            List<ThrowingCallable> attempts = List.of(
                    () -> buf.slice(91, 10),
                    () -> buf.slice(-1, 10),
                    () -> buf.slice(0, Long.MAX_VALUE),
                    () -> buf.slice(Long.MAX_VALUE, 1),
                    () -> buf.fill(100, 1, (byte) 0),
                    () -> buf.copyFrom(91, ten, 0, 10),
                    () -> buf.copyTo(91, ten, 0, 10),
                    () -> buf.copyFrom(91, MemorySegment.ofArray(ten), 0, 10),
                    () -> buf.copyTo(91, MemorySegment.ofArray(ten), 0, 10),
                    () -> buf.copyFrom(91, ByteBuffer.wrap(ten)),
                    () -> buf.copyTo(91, ByteBuffer.wrap(ten)),
                    () -> buf.copyFrom(new byte[101]),
                    () -> buf.copyTo(new byte[101]));
            for (ThrowingCallable attempt : attempts) {
                assertThatThrownBy(attempt)
                        .isInstanceOf(IndexOutOfBoundsException.class)
                        .hasMessageContaining("is not inside DmaBuf of 100 bytes at 0x")
                        .hasMessageContaining("(pool t)");
            }
            assertThatThrownBy(() -> buf.copyFrom(0, ten, 5, 6)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buf.copyTo(0, ten, 5, 6)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buf.slice(0, 0)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    // ---- handles ---------------------------------------------------------------------------------------------

    @Test
    void memoryStaysUntilTheLastHandleIsClosed() {
        DmaBuf buf = pool.allocate(4096);
        DmaBuf slice = buf.slice(1024, 2048);
        DmaBuf inner = slice.slice(1000, 24);
        DmaBuf copy = inner.retain();
        assertThat(inner.address()).isEqualTo(buf.address() + 2024);
        inner.fill((byte) 3);

        buf.close();
        slice.close();
        inner.close();
        assertThat(pool.stats().usedBytes()).isEqualTo(4096);
        assertThat(pool.stats().openBuffers()).isEqualTo(1);
        assertThat(buf.isClosed()).isTrue();
        assertThat(copy.isClosed()).isFalse();
        assertThat(copy.segment().get(JAVA_BYTE, 23)).isEqualTo((byte) 3);
        copy.close();
        assertThat(pool.stats().usedBytes()).isZero();
        assertThat(pool.stats().openBuffers()).isZero();
    }

    @Test
    void slicesCloseInAnyOrder() {
        for (int order = 0; order < 6; order++) {
            List<DmaBuf> handles = new ArrayList<>();
            handles.add(pool.allocate(4096));
            handles.add(handles.getFirst().slice(0, 100));
            handles.add(handles.getLast().slice(10, 10));
            handles.remove(order % 3).close();
            handles.remove(order / 3).close();
            assertThat(pool.stats().openBuffers()).isEqualTo(1);
            handles.removeFirst().close();
            assertThat(pool.stats().openBuffers()).isZero();
        }
    }

    @Test
    void closingTwiceDoesNothing() {
        DmaBuf buf = pool.allocate(4096);
        DmaBuf slice = buf.slice(0, 1);
        slice.close();
        slice.close();
        slice.close();
        assertThat(buf.isClosed()).isFalse();
        buf.close();
        // The block is the next one's now; a late second close must not take it away.
        try (DmaBuf next = pool.allocate(4096)) {
            assertThat(next.address()).isEqualTo(next.segment().address());
            buf.close();
            slice.close();
            assertThat(next.isClosed()).isFalse();
            assertThat(pool.stats().usedBytes()).isEqualTo(4096);
        }
    }

    static List<Named<Consumer<DmaBuf>>> uses() {
        return List.of(
                Named.of("address", DmaBuf::address),
                Named.of("segment", DmaBuf::segment),
                Named.of("buffer", DmaBuf::buffer),
                Named.of("slice", b -> b.slice(0, 1).close()),
                Named.of("retain", b -> b.retain().close()),
                Named.of("fill", b -> b.fill((byte) 1)),
                Named.of("fill a range", b -> b.fill(0, 1, (byte) 1)),
                Named.of("copy from array", b -> b.copyFrom(new byte[1])),
                Named.of("copy to array", b -> b.copyTo(new byte[1])),
                Named.of("copy from segment", b -> b.copyFrom(MemorySegment.ofArray(new byte[1]))),
                Named.of("copy to segment", b -> b.copyTo(MemorySegment.ofArray(new byte[1]))),
                Named.of("copy from buffer", b -> b.copyFrom(0, ByteBuffer.allocate(1))),
                Named.of("copy to buffer", b -> b.copyTo(0, ByteBuffer.allocate(1))),
                Named.of("mismatch", b -> b.mismatch(MemorySegment.NULL)));
    }

    @ParameterizedTest
    @MethodSource("uses")
    void aClosedHandleRefusesEverythingByName(Consumer<DmaBuf> use) {
        DmaBuf buf = pool.allocate(4000);
        DmaBuf slice = buf.slice(0, 2000);
        buf.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> use.accept(buf))
                .withMessageMatching("DmaBuf of 4000 bytes at 0x[0-9a-f]+ \\(pool t\\) is closed");
        use.accept(slice);
        slice.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> use.accept(slice))
                .withMessageContaining("DmaBuf of 2000 bytes");
    }

    @ParameterizedTest
    @MethodSource("uses")
    void aClosedPoolMakesHandlesRefuse(Consumer<DmaBuf> use) {
        DmaPool doomed = DmaPool.builder().name("doomed").pages(PageKind.NORMAL).build();
        DmaBuf buf = doomed.allocate(4000);
        DmaBuf slice = buf.slice(0, 2000);
        doomed.close();
        for (DmaBuf handle : List.of(buf, slice)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> use.accept(handle))
                    .withMessageEndingWith("(pool doomed) cannot be used: its pool is closed");
            assertThat(handle.isClosed()).isTrue();
            handle.close();
        }
    }

    @Test
    void tooManyHandlesAreALimitNotAnOverflow() {
        DmaBuf buf = pool.allocate(512);
        List<DmaBuf> handles = new ArrayList<>();
        for (int i = 1; i < DmaBuf.MAX_REFERENCES; i++) {
            handles.add(buf.retain());
        }
        assertThatThrownBy(buf::retain)
                .isInstanceOf(LimitExceededException.class)
                .hasMessageContaining("MAX_REFERENCES = 1048575");
        handles.forEach(DmaBuf::close);
        assertThat(buf.isClosed()).isFalse();
        buf.close();
    }
}
