// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.Arena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.III_Result;

/** Handles on one memory: it lives until the last is closed, and a handle is made only while it lives. */
public final class DmaBufStress {
    private static final DmaPool POOL = DmaPool.builder().name("stress").build();
    private static final java.lang.foreign.MemorySegment MEMORY = Arena.global().allocate(4096);

    private DmaBufStress() {}

    /** A new handle, and the end of the only one. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "in time: the memory lives")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "too late: refused, the memory is gone")
    @Outcome(expect = FORBIDDEN, desc = "a handle on what is gone, or memory that nobody holds")
    @State
    public static class RetainAndClose {
        private final DmaBuf buf = POOL.wrap(MEMORY);
        private DmaBuf copy;

        @Actor
        public void retain(II_Result r) {
            try {
                copy = buf.retain();
                r.r1 = 1;
            } catch (IllegalStateException closed) {
                r.r1 = 0;
            }
        }

        @Actor
        public void close() {
            buf.close();
        }

        @Arbiter
        public void after(II_Result r) {
            r.r2 = buf.isReferenced() ? 0 : 1;
            if (copy != null) {
                copy.segment();
                copy.close();
                r.r2 = buf.isReferenced() ? 2 : r.r2;
            }
        }
    }

    /** Two handles end at once. */
    @JCStressTest
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "both are closed, nothing holds the memory")
    @Outcome(expect = FORBIDDEN, desc = "somebody still counts")
    @State
    public static class TwoClose {
        private final DmaBuf buf = POOL.wrap(MEMORY);
        private final DmaBuf slice = buf.slice(512, 512);

        @Actor
        public void whole() {
            buf.close();
        }

        @Actor
        public void part() {
            slice.close();
        }

        @Arbiter
        public void after(III_Result r) {
            r.r1 = buf.isClosed() ? 1 : 0;
            r.r2 = slice.isClosed() ? 1 : 0;
            r.r3 = buf.isReferenced() ? 1 : 0;
        }
    }

    /** One handle is closed twice at once: that counts once. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "the other handle keeps the memory")
    @Outcome(expect = FORBIDDEN, desc = "counted twice")
    @State
    public static class CloseTwice {
        private final DmaBuf buf = POOL.wrap(MEMORY);
        private final DmaBuf copy = buf.retain();

        @Actor
        public void one() {
            copy.close();
        }

        @Actor
        public void other() {
            copy.close();
        }

        @Arbiter
        public void after(II_Result r) {
            r.r1 = copy.isClosed() ? 1 : 0;
            r.r2 = buf.isReferenced() ? 1 : 0;
        }
    }
}
