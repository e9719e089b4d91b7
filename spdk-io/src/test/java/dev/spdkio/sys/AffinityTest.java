// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.BitSet;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AffinityTest {
    @BeforeEach
    void needsNative() {
        assumeTrue(Affinity.isAvailable(), () -> String.valueOf(Platform.unavailabilityCause()));
    }

    @Test
    void pinsTheCallingThreadOnly() throws Exception {
        BitSet before = Affinity.current();
        int cpu = before.length() - 1;
        boolean obeyed = onNewThread(() -> {
            boolean set = Affinity.set(cpu(cpu));
            return set && Affinity.current().equals(cpu(cpu)) && Affinity.currentCpu() == cpu;
        });
        assertThat(obeyed).isTrue();
        assertThat(Affinity.current()).isEqualTo(before);
    }

    @Test
    void readsAndSetsTheMaskOfAnotherThread() throws Exception {
        int own = Affinity.gettid();
        int cpu = Affinity.processMask().nextSetBit(0);
        BitSet before = Affinity.current();
        try {
            assertThat(onNewThread(() -> Affinity.set(own, cpu(cpu)))).isTrue();
            assertThat(onNewThread(() -> Affinity.of(own))).isEqualTo(cpu(cpu));
        } finally {
            assertThat(Affinity.set(before)).isTrue();
        }
    }

    @Test
    void refusesCpusThatDoNotExistAndNamesThem() {
        int absent = Affinity.MAX_CPUS - 1;
        assertThat(Affinity.set(cpu(absent))).isFalse();
        assertThatThrownBy(() -> Affinity.pin(0, cpu(absent)))
                .isInstanceOf(SysException.class)
                .hasMessageContaining("CPUs {1023}): EINVAL")
                .hasMessageContaining("this process may use the CPUs " + Affinity.processMask());
        assertThatThrownBy(() -> Affinity.set(cpu(Affinity.MAX_CPUS)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1024");
    }

    @Test
    void anUnknownThreadHasNoMask() {
        assertThat(Affinity.of(Integer.MAX_VALUE)).isEqualTo(new BitSet());
        assertThat(Affinity.set(Integer.MAX_VALUE, Affinity.processMask())).isFalse();
    }

    @Test
    void aVirtualThreadCannotBePinned() throws Exception {
        FutureTask<Boolean> task = new FutureTask<>(() -> Affinity.set(Affinity.processMask()));
        Thread.ofVirtual().start(task);
        assertThatThrownBy(task::get).hasCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void processMaskIsACopyThatIncludesTheCallersCpus() {
        BitSet copy = Affinity.processMask();
        assertThat(copy.cardinality()).isPositive();
        copy.clear();
        assertThat(Affinity.processMask().cardinality()).isPositive();
    }

    @Test
    void listsTheThreadsOfThisProcess() {
        assertThat(Affinity.processThreads())
                .contains(Affinity.gettid())
                .contains((int) ProcessHandle.current().pid())
                .isSorted();
    }

    private static BitSet cpu(int cpu) {
        BitSet set = new BitSet();
        set.set(cpu);
        return set;
    }

    private static <T> T onNewThread(Callable<T> body) throws Exception {
        FutureTask<T> task = new FutureTask<>(body);
        Thread.ofPlatform().start(task);
        return task.get();
    }
}
