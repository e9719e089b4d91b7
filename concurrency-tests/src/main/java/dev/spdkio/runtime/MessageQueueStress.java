// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.III_Result;

/** The way into a thread: what is accepted is found, in the order of its sender, and nothing after the end. */
public final class MessageQueueStress {
    private static final Runnable A = () -> {};
    private static final Runnable B = () -> {};
    private static final Runnable C = () -> {};

    private MessageQueueStress() {}

    private static int number(Runnable message) {
        return message == A ? 1 : message == B ? 2 : message == C ? 3 : 0;
    }

    /** A sender and the end. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "accepted, and there for the last look")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "refused, and not there")
    @Outcome(expect = FORBIDDEN, desc = "accepted and lost, or refused and delivered")
    @State
    public static class OfferAndClose {
        private final MessageQueue queue = new MessageQueue(4);

        @Actor
        public void sender(II_Result r) {
            r.r1 = queue.offer(A) == MessageQueue.Offer.ACCEPTED ? 1 : 0;
        }

        @Actor
        public void consumer() {
            while (!queue.tryClose()) {
                Thread.onSpinWait();
            }
        }

        @Arbiter
        public void lastLook(II_Result r) {
            r.r2 = number(queue.poll());
        }
    }

    /** A sender, and a consumer who changes his mind. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "a gate that is opened again refuses nobody")
    @Outcome(expect = FORBIDDEN, desc = "refused although nothing was closed")
    @State
    public static class OfferAndHold {
        private final MessageQueue queue = new MessageQueue(4);

        @Actor
        public void sender(II_Result r) {
            r.r1 = queue.offer(A) == MessageQueue.Offer.ACCEPTED ? 1 : 0;
        }

        @Actor
        public void consumer() {
            if (queue.tryHold()) {
                queue.release();
            }
        }

        @Arbiter
        public void lastLook(II_Result r) {
            r.r2 = number(queue.poll());
        }
    }

    /** Two senders: nothing is lost or doubled, and what one sends keeps its order. */
    @JCStressTest
    @Outcome(id = {"1, 2, 3", "1, 3, 2", "3, 1, 2"}, expect = ACCEPTABLE, desc = "each in its order")
    @Outcome(expect = FORBIDDEN, desc = "lost, doubled or out of order")
    @State
    public static class TwoSenders {
        private final MessageQueue queue = new MessageQueue(4);

        @Actor
        public void two() {
            queue.offer(A);
            queue.offer(B);
        }

        @Actor
        public void one() {
            queue.offer(C);
        }

        @Arbiter
        public void all(III_Result r) {
            r.r1 = number(queue.poll());
            r.r2 = number(queue.poll());
            r.r3 = number(queue.poll());
        }
    }

    /** A consumer beside a sender: it finds a message whole or not yet. */
    @JCStressTest
    @Outcome(id = {"0, 1, 2", "1, 2, 0"}, expect = ACCEPTABLE, desc = "sooner or later, in order")
    @Outcome(expect = FORBIDDEN, desc = "lost, doubled or out of order")
    @State
    public static class OfferAndPoll {
        private final MessageQueue queue = new MessageQueue(4);

        @Actor
        public void sender() {
            queue.offer(A);
            queue.offer(B);
        }

        @Actor
        public void consumer(III_Result r) {
            r.r1 = number(queue.poll());
        }

        @Arbiter
        public void rest(III_Result r) {
            r.r2 = number(queue.poll());
            r.r3 = number(queue.poll());
        }
    }

    /** The last free place: one of two senders gets it. */
    @JCStressTest
    @Outcome(id = {"1, 0, 4", "0, 1, 4"}, expect = ACCEPTABLE, desc = "one is told that it is full")
    @Outcome(expect = FORBIDDEN, desc = "more than the limit, or a place that nobody got")
    @State
    public static class LastPlace {
        private final MessageQueue queue = new MessageQueue(4);

        public LastPlace() {
            queue.offer(A);
            queue.offer(A);
            queue.offer(A);
        }

        @Actor
        public void one(III_Result r) {
            r.r1 = queue.offer(B) == MessageQueue.Offer.ACCEPTED ? 1 : 0;
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = queue.offer(C) == MessageQueue.Offer.ACCEPTED ? 1 : 0;
        }

        @Arbiter
        public void count(III_Result r) {
            int n = 0;
            while (queue.poll() != null) {
                n++;
            }
            r.r3 = n;
        }
    }
}
