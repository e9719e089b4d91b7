// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.PageKind;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IoVecTest {
    private final DmaPool pool =
            DmaPool.builder().name("t").pages(PageKind.NORMAL).build();
    private final DmaBuf a = pool.allocate(100);
    private final DmaBuf b = pool.allocate(200);
    private final DmaBuf c = pool.allocate(50);

    @AfterEach
    void nothingIsLeft() throws Exception {
        a.close();
        b.close();
        c.close();
        assertThat(pool.closeAsync().get().isEmpty()).isTrue();
    }

    @Test
    void partsAreWhatWasGiven() {
        IoVec vec = IoVec.builder().add(a).add(b, 30, 70).add(a, 99, 1).build();
        assertThat(vec.count()).isEqualTo(3);
        assertThat(vec.totalBytes()).isEqualTo(171);
        assertThat(vec.buf(1)).isSameAs(b);
        assertThat(vec.offset(1)).isEqualTo(30);
        assertThat(vec.length(1)).isEqualTo(70);
        assertThat(vec.address(1)).isEqualTo(b.address() + 30);
        assertThat(vec.segment(0)).isSameAs(a.segment());
        assertThat(vec.segment(1).address()).isEqualTo(b.address() + 30);
        assertThat(vec.segment(1).byteSize()).isEqualTo(70);
        assertThat(vec).hasToString("IoVec of 171 bytes in 3 parts");
        assertThat(IoVec.of(a, b).totalBytes()).isEqualTo(300);
        assertThat(IoVec.of(List.of(c)).totalBytes()).isEqualTo(50);
    }

    @Test
    void aBuilderMayBeUsedAgain() {
        IoVec.Builder builder = IoVec.builder();
        IoVec first = builder.add(a).build();
        IoVec both = builder.add(b).build();
        IoVec last = builder.clear().add(c, 1, 2).build();
        assertThat(first.totalBytes()).isEqualTo(100);
        assertThat(both.totalBytes()).isEqualTo(300);
        assertThat(last.totalBytes()).isEqualTo(2);
        assertThat(last.address(0)).isEqualTo(c.address() + 1);
    }

    @Test
    void badPartsAreRefused() {
        IoVec.Builder builder = IoVec.builder();
        assertThatIllegalArgumentException().isThrownBy(builder::build);
        assertThatIllegalArgumentException().isThrownBy(IoVec::of);
        assertThatIllegalArgumentException().isThrownBy(() -> builder.add(a, 5, 0));
        assertThatThrownBy(() -> builder.add(a, 1, 100))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("an IoVec part of 100 bytes at offset 1 is not inside DmaBuf of 100 bytes");
        assertThatThrownBy(() -> builder.add(a, -1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        for (int i = 0; i < IoVec.MAX_PARTS; i++) {
            builder.add(c, i % 50, 1);
        }
        assertThatThrownBy(() -> builder.add(c))
                .isInstanceOf(LimitExceededException.class)
                .hasMessageContaining("MAX_PARTS = 1024");
        assertThat(builder.build().count()).isEqualTo(IoVec.MAX_PARTS);
    }

    @Test
    void rangesOutsideAreRefused() {
        IoVec vec = IoVec.of(a, b);
        assertThatThrownBy(() -> vec.slice(200, 101))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("slice of 101 bytes at offset 200 is not inside IoVec of 300 bytes in 2 parts");
        assertThatThrownBy(() -> vec.slice(-1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> vec.slice(0, Long.MAX_VALUE)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> vec.copyFrom(291, new byte[10])).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> vec.copyTo(291, new byte[10])).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatIllegalArgumentException().isThrownBy(() -> vec.slice(7, 0));
        vec.copyFrom(300, new byte[0]);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void behavesAsOneArray(long seed) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        for (int round = 0; round < 200; round++) {
            List<DmaBuf> bufs = new ArrayList<>();
            IoVec.Builder builder = IoVec.builder();
            int parts = 1 + random.nextInt(8);
            for (int i = 0; i < parts; i++) {
                DmaBuf buf = pool.allocate(1 + random.nextInt(300), 1);
                bufs.add(buf);
                long offset = random.nextLong(buf.size());
                builder.add(buf, offset, 1 + random.nextLong(buf.size() - offset));
            }
            IoVec vec = builder.build();
            byte[] model = new byte[(int) vec.totalBytes()];
            random.nextBytes(model);
            vec.copyFrom(0, ByteBuffer.wrap(model));
            for (int step = 0; step < 20; step++) {
                int offset = random.nextInt(model.length);
                int length = 1 + random.nextInt(model.length - offset);
                byte[] piece = new byte[length];
                switch (random.nextInt(4)) {
                    case 0 -> {
                        random.nextBytes(piece);
                        System.arraycopy(piece, 0, model, offset, length);
                        vec.copyFrom(offset, piece);
                    }
                    case 1 -> {
                        Arrays.fill(model, offset, offset + length, (byte) step);
                        vec.slice(offset, length).fill((byte) step);
                    }
                    case 2 -> {
                        vec.slice(offset, length).copyTo(0, ByteBuffer.wrap(piece));
                        assertThat(piece).isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
                    }
                    default -> {
                        vec.copyTo(offset, MemorySegment.ofArray(piece));
                        assertThat(piece).isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
                        IoVec inner = vec.slice(offset, length);
                        long sum = 0;
                        for (int i = 0; i < inner.count(); i++) {
                            sum += inner.length(i);
                            assertThat(inner.length(i)).isPositive();
                        }
                        assertThat(sum).isEqualTo(length).isEqualTo(inner.totalBytes());
                    }
                }
            }
            byte[] all = new byte[model.length];
            vec.copyTo(0, all);
            assertThat(all).isEqualTo(model);
            bufs.forEach(DmaBuf::close);
        }
    }

    @Test
    void pinsAllOrNone() {
        SimulatedRuntime world = SimulatedRuntime.create(1, 1);
        SpdkThread thread = world.createThread("t");
        IoVec vec = IoVec.of(a, b, a, c);
        world.call(thread, () -> {
            vec.pin(thread);
            assertThat(a.pins()).isEqualTo(2);
            assertThatIllegalStateException().isThrownBy(c::close);
            vec.unpin(thread);
            assertThat(a.pins()).isZero();
            c.close();
            assertThatIllegalStateException().isThrownBy(() -> vec.pin(thread));
            assertThat(a.pins() + b.pins() + c.pins()).isZero();
            return null;
        });
        world.close();
    }
}
