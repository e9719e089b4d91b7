// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.spi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MetadataQueueTest {
    private final SimulatedRuntime runtime = SimulatedRuntime.create(1, 1);
    private final SpdkThread thread = runtime.createThread("test");
    private final MetadataQueue queue = new MetadataQueue(thread, "store", 2);
    private final List<CompletableFuture<String>> running = new ArrayList<>();

    private CompletableFuture<String> begin() {
        CompletableFuture<String> f = new CompletableFuture<>();
        running.add(f);
        return f;
    }

    private void end(int i) {
        Object _ = runtime.call(thread, () -> running.get(i).complete("end " + i));
        runtime.runUntilIdle();
    }

    @AfterEach
    void close() {
        runtime.close();
    }

    @Test
    void runsSomeAtATimeInOrder() {
        List<CompletableFuture<String>> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.add(queue.submit(this::begin));
        }
        runtime.runUntilIdle();
        assertThat(running).hasSize(2);
        end(1);
        assertThat(all.get(1)).isCompletedWithValue("end 1");
        assertThat(running).hasSize(3);
        end(0);
        end(2);
        end(3);
        assertThat(all).allMatch(CompletableFuture::isDone);
    }

    @Test
    void oneAloneHasNoneBesideIt() {
        CompletableFuture<String> first = queue.submit(this::begin);
        CompletableFuture<String> alone = queue.submitAlone(this::begin);
        CompletableFuture<String> last = queue.submit(this::begin);
        runtime.runUntilIdle();
        assertThat(running).hasSize(1);
        end(0);
        assertThat(first).isDone();
        assertThat(running).hasSize(2);
        end(1);
        assertThat(alone).isDone();
        end(2);
        assertThat(last).isDone();
    }

    @Test
    void oneThatThrowsHoldsNobodyUp() {
        CompletableFuture<String> thrown = queue.submit(() -> {
            throw new IllegalStateException("no");
        });
        CompletableFuture<String> failed =
                queue.submitAlone(() -> CompletableFuture.failedFuture(new IllegalStateException("not either")));
        CompletableFuture<String> good = queue.submit(this::begin);
        runtime.runUntilIdle();
        end(0);
        assertThat(thrown).isCompletedExceptionally();
        assertThat(failed).isCompletedExceptionally();
        assertThat(good).isCompletedWithValue("end 0");
    }

    @Test
    void thoseThatWaitAreLimited() {
        Object _ = runtime.call(thread, () -> {
            for (int i = 0; i < MetadataQueue.MAX_WAITING + 2; i++) {
                var _ = queue.submit(this::begin);
            }
            return null;
        });
        CompletableFuture<String> refused = queue.submit(this::begin);
        runtime.runUntilIdle();
        assertThat(refused.exceptionNow()).isInstanceOf(LimitExceededException.class);
    }
}
