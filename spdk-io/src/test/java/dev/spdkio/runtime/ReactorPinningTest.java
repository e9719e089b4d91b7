// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.sys.Affinity;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which cores the OS threads of a runtime, and those they start, may use. */
class ReactorPinningTest {
    @BeforeEach
    void needsAffinity() {
        assumeTrue(Affinity.isAvailable(), "this system offers no affinity");
        assumeTrue(Cores.count() > 1, "with one core there is nothing to see");
    }

    private static BitSet all() {
        return Affinity.processMask();
    }

    @Test
    void aReactorStaysOnItsCore() throws Exception {
        try (SpdkRuntime rt = Await.runtime("pinned")) {
            for (Reactor r : rt.reactors()) {
                CompletableFuture<BitSet> mask = new CompletableFuture<>();
                r.send(() -> mask.complete(Affinity.current()));
                assertThat(CpuSet.allOf(Await.value(mask))).isEqualTo(CpuSet.of(r.core()));
                SpdkThread t = rt.createThread("t" + r.core(), CpuSet.of(r.core()));
                assertThat(Await.value(t.call(Cores::current))).isEqualTo(r.core());
            }
        }
        assertThat(Affinity.current()).as("the starter is as free as before").isEqualTo(all());
    }

    @Test
    void helperThreadsThatAReactorStartsAreFree() throws Exception {
        try (SpdkRuntime rt = Await.runtime("helpers");
                BlockingPool pool = rt.blockingPool("files", 1)) {
            CompletableFuture<BitSet> offload = new CompletableFuture<>();
            CompletableFuture<BitSet> blocking = new CompletableFuture<>();
            rt.mainReactor().send(() -> {
                rt.offload().execute(() -> offload.complete(Affinity.current()));
                pool.execute(() -> blocking.complete(Affinity.current()));
            });
            assertThat(Await.value(offload)).isEqualTo(all());
            assertThat(Await.value(blocking)).isEqualTo(all());
        }
    }

    @Test
    void threadsThatInheritedAPinAreFreed() throws Exception {
        try (SpdkRuntime rt = Await.runtime("freed")) {
            CountDownLatch looked = new CountDownLatch(1);
            CompletableFuture<Integer> tid = new CompletableFuture<>();
            CompletableFuture<BitSet> mask = new CompletableFuture<>();
            rt.mainReactor()
                    .send(() -> Thread.ofPlatform().daemon().start(() -> {
                        tid.complete(Affinity.gettid());
                        try {
                            Await.latch(looked, "the look");
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                        mask.complete(Affinity.current());
                    }));
            Await.value(tid);
            ((PlatformRuntime) rt).freePinnedThreads();
            looked.countDown();
            assertThat(Await.value(mask)).isEqualTo(all());
            for (Reactor r : rt.reactors()) {
                CompletableFuture<BitSet> reactorMask = new CompletableFuture<>();
                r.send(() -> reactorMask.complete(Affinity.current()));
                assertThat(Await.value(reactorMask).cardinality())
                        .as("reactors keep theirs")
                        .isOne();
            }
        }
    }

    @Test
    void virtualThreadsThatAReactorStartsAreFree() throws Exception {
        try (SpdkRuntime rt = Await.runtime("virtual")) {
            int count = Cores.count() * 4;
            CountDownLatch started = new CountDownLatch(count);
            rt.mainReactor().send(() -> {
                for (int i = 0; i < count; i++) {
                    Thread.ofVirtual().start(started::countDown);
                }
            });
            Await.latch(started, "all started, whatever carriers that took");
            ((PlatformRuntime) rt).freePinnedThreads();
            for (int i = 0; i < count; i++) {
                CompletableFuture<BitSet> mask = new CompletableFuture<>();
                Thread.ofVirtual().start(() -> mask.complete(Affinity.current()));
                assertThat(Await.value(mask)).isEqualTo(all());
            }
        }
    }

    @Test
    void anotherRuntimesReactorsKeepTheirPin() throws Exception {
        try (SpdkRuntime one = Await.runtime("one");
                SpdkRuntime two = Await.runtime("two")) {
            ((PlatformRuntime) one).freePinnedThreads();
            ((PlatformRuntime) two).freePinnedThreads();
            for (SpdkRuntime rt : new SpdkRuntime[] {one, two}) {
                CompletableFuture<BitSet> mask = new CompletableFuture<>();
                rt.mainReactor().send(() -> mask.complete(Affinity.current()));
                assertThat(Await.value(mask).cardinality()).isOne();
            }
        }
    }
}
