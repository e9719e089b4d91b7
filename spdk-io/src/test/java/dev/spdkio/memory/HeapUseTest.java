// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.runtime.RuntimeLimits;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Allocation;
import dev.spdkio.sys.PageKind;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the paths that every I/O takes allocate on the heap. */
class HeapUseTest {
    /** A handle, by any layout of objects that the JVM may choose. */
    private static final long ONE_HANDLE = 96;

    private static final int OPERATIONS = 50_000;

    private final SpdkRuntime runtime = SpdkRuntime.builder()
            .limits(RuntimeLimits.DEFAULT.withStallLimit(Duration.ZERO))
            .start();
    private final SpdkThread owner = runtime.createThread("owner");
    private final SpdkThread other = runtime.createThread("other");
    private final DmaPool pool = DmaPool.builder().pages(PageKind.NORMAL).build();
    private final DmaBuf buf = pool.allocate(4096);

    @AfterEach
    void close() {
        buf.close();
        pool.close();
        runtime.close();
    }

    private static long on(SpdkThread thread, Runnable operation) throws Exception {
        Callable<Long> measure = () -> Allocation.bytesPerOperation(OPERATIONS, operation);
        return thread.call(measure).get();
    }

    @Test
    void pinningAllocatesNothing() throws Exception {
        DmaBuf slice = buf.slice(512, 512);
        IoVec vec = IoVec.of(buf, slice);
        assertThat(on(owner, () -> {
                    buf.pin(owner);
                    buf.unpin(owner);
                }))
                .isZero();
        assertThat(on(other, () -> {
                    buf.pin(other);
                    buf.unpin(other);
                }))
                .isZero();
        assertThat(on(owner, () -> {
                    vec.pin(owner);
                    vec.unpin(owner);
                }))
                .isZero();
        slice.close();
    }

    @Test
    void lookingAtABufferAllocatesNothing() throws Exception {
        assertThat(on(owner, () -> {
                    buf.address();
                    buf.segment();
                    buf.buffer();
                }))
                .isZero();
    }

    @Test
    void aBufferFromTheCacheCostsOneHandle() throws Exception {
        assertThat(on(owner, () -> pool.allocate(4096).close())).isBetween(1L, ONE_HANDLE);
        assertThat(on(owner, () -> {
                    DmaBuf b = pool.allocate(4096);
                    b.pin(owner);
                    b.segment();
                    b.buffer();
                    b.unpin(owner);
                    b.close();
                }))
                .isBetween(1L, ONE_HANDLE);
        assertThat(on(owner, () -> pool.allocate(3000).close()))
                .as("a size that is not that of the block")
                .isBetween(1L, ONE_HANDLE);
    }

    @Test
    void aBufferFromTheCentralStoreCostsOneHandle() {
        assertThat(Allocation.bytesPerOperation(
                        OPERATIONS, () -> pool.allocate(4096).close()))
                .isBetween(1L, ONE_HANDLE);
    }
}
