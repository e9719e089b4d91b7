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
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests that wait for memory, in a simulated world. */
class WaiterTest {
    private static final int MIB = 1 << 20;

    private final SimulatedRuntime world = SimulatedRuntime.create(2, 7);
    private final SpdkThread one = world.createThread("one");
    private final SpdkThread two = world.createThread("two");
    private final DmaPool pool = DmaPool.builder()
            .name("tight")
            .pages(PageKind.NORMAL)
            .limitBytes(2 * MIB)
            .maxWaiters(4)
            .build();
    private final DmaBuf left = pool.allocate(MIB);
    private final DmaBuf right = pool.allocate(MIB);
    private final List<String> served = new ArrayList<>();
    private final List<DmaBuf> got = new ArrayList<>();

    private DmaPool.Waiter await(String name, long bytes, SpdkThread thread) {
        return pool.onAvailable(bytes, thread, buf -> {
            assertThat(thread.isCurrent()).isTrue();
            assertThat(buf.size()).isEqualTo(bytes);
            served.add(name);
            got.add(buf);
        });
    }

    @AfterEach
    void nothingIsLeft() {
        got.forEach(DmaBuf::close);
        left.close();
        right.close();
        assertThat(pool.stats().waiters()).isZero();
        assertThat(world.await(pool.closeAsync()).buffers()).isZero();
        world.close();
    }

    @Test
    void memoryThatIsThereComesByMessage() {
        left.close();
        await("a", 4096, one);
        assertThat(served).isEmpty();
        assertThat(pool.stats().waiters()).isZero();
        world.poll(one);
        assertThat(served).containsExactly("a");
    }

    @Test
    void firstComeFirstServed() {
        await("a", MIB, one);
        await("b", 4096, two);
        await("c", 4096, one);
        world.runUntilIdle();
        assertThat(served).isEmpty();
        assertThat(pool.stats().waiters()).isEqualTo(3);

        left.close();
        world.runUntilIdle();
        assertThat(served).containsExactly("a");
        right.close();
        world.poll(two);
        world.poll(one);
        assertThat(served).containsExactly("a", "b", "c");
    }

    @Test
    void aLargeRequestGathersWhatComesBackInPieces() {
        left.close();
        List<DmaBuf> pieces = new ArrayList<>();
        for (int i = 0; i < 256; i++) {
            pieces.add(pool.allocate(4096));
        }
        await("a", MIB, one);
        await("b", 4096, one);
        for (DmaBuf piece : pieces) {
            world.runUntilIdle();
            assertThat(served).as("the large one is first").isEmpty();
            piece.close();
        }
        world.runUntilIdle();
        assertThat(served).containsExactly("a");
        right.close();
        world.runUntilIdle();
        assertThat(served).containsExactly("a", "b");
    }

    @Test
    void cachesComeInWhileSomebodyWaits() {
        // Both threads have free blocks of their own, in other sizes than wanted.
        left.close();
        for (SpdkThread thread : List.of(one, two)) {
            world.call(thread, () -> {
                pool.allocate(8192).close();
                return null;
            });
        }
        assertThat(pool.stats().cachedBytes()).isPositive();
        await("a", MIB, two);
        world.runUntilIdle();
        assertThat(served).containsExactly("a");

        // And what is closed while somebody waits goes to him, not into the cache.
        await("b", MIB, one);
        world.call(two, () -> {
            got.removeFirst().close();
            assertThat(pool.stats().cachedBytes()).isZero();
            return null;
        });
        world.runUntilIdle();
        assertThat(served).containsExactly("a", "b");
    }

    @Test
    void cancelling() {
        DmaPool.Waiter a = await("a", 2 * MIB, one);
        DmaPool.Waiter b = await("b", MIB, one);
        assertThat(b.cancel()).isTrue();
        assertThat(b.cancel()).isFalse();
        DmaPool.Waiter c = await("c", MIB, one);
        left.close();
        world.runUntilIdle();
        assertThat(served).isEmpty();
        assertThat(a.cancel()).as("makes way for who wants less").isTrue();
        assertThat(c.cancel()).as("its buffer is on its way").isFalse();
        world.runUntilIdle();
        assertThat(served).containsExactly("c");
    }

    @Test
    void theNumberOfWaitersIsLimited() {
        List<DmaPool.Waiter> waiters = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            waiters.add(await("w" + i, 4096, one));
        }
        assertThatThrownBy(() -> await("x", 4096, one))
                .isInstanceOf(LimitExceededException.class)
                .hasMessageContaining("pool tight: too many requests wait for memory already")
                .hasMessageContaining("maxWaiters = 4");
        assertThat(pool.stats().waiters()).isEqualTo(4);
        waiters.forEach(DmaPool.Waiter::cancel);
    }

    @Test
    void whatCanNeverBeThereIsRefused() {
        assertThatThrownBy(() -> await("x", 4 * MIB, one)).isInstanceOf(LimitExceededException.class);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> await("x", 5 * MIB, one))
                .withMessageContaining("does not come from a slab");
        assertThatIllegalArgumentException().isThrownBy(() -> await("x", 0, one));
    }

    @Test
    void aPoolThatSomebodyWaitsForCannotBeClosed() {
        DmaPool.Waiter waiter = await("a", MIB, one);
        assertThatIllegalStateException()
                .isThrownBy(pool::close)
                .withMessageContaining("pool tight cannot be closed while 1 requests wait for its memory");
        waiter.cancel();
    }

    @Test
    void anExitedThreadIsPassedOver() {
        await("a", MIB, one);
        await("b", MIB, two);
        world.await(one.exit());
        left.close();
        world.runUntilIdle();
        assertThat(served).containsExactly("b");
        right.close();
        assertThat(pool.stats().openBuffers()).isEqualTo(1);
    }

    @Test
    void aTakerMayAskAgain() {
        class Again implements Runnable {
            int left = 100;

            @Override
            public void run() {
                pool.onAvailable(MIB, one, buf -> {
                    buf.close();
                    if (--left > 0) {
                        run();
                    }
                });
            }
        }
        left.close();
        Again again = new Again();
        world.call(one, () -> {
            again.run();
            return null;
        });
        world.runUntilIdle();
        assertThat(again.left).isZero();
    }
}
