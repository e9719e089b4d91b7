// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

/** {@link Cores} and {@link CoreSelector}. */
class CoresTest {
    @Test
    void thisProcessHasCores() {
        assertThat(Cores.count()).isPositive().isEqualTo(Cores.available().count());
        assertThat(Cores.current()).as("not on a reactor").isEqualTo(-1);
    }

    @Test
    void theSelectorTakesCoresInTurn() {
        CoreSelector s = new CoreSelector(CpuSet.of(5, 1, 3));
        assertThat(List.of(s.next(), s.next(), s.next(), s.next())).containsExactly(1, 3, 5, 1);
    }

    @Test
    void theSelectorFilters() {
        CoreSelector s = new CoreSelector(CpuSet.of(1, 2, 3, 4));
        assertThat(List.of(s.next(c -> c % 2 == 0), s.next(c -> c % 2 == 0), s.next(c -> c % 2 == 0)))
                .containsExactly(2, 4, 2);
        assertThatThrownBy(() -> s.next(c -> c > 9)).isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(() -> new CoreSelector(CpuSet.empty())).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theSelectorIsFairUnderContention() throws Exception {
        CoreSelector s = new CoreSelector(CpuSet.of(0, 1));
        List<Integer> taken = Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int n = 0; n < 1000; n++) {
                    taken.add(s.next());
                }
            }));
        }
        for (Thread t : threads) {
            Await.ended(t);
        }
        assertThat(taken.stream().filter(c -> c == 0)).hasSize(2000);
    }
}
