// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class MessageQueueTest {
    private static final Runnable NOTHING = () -> {};

    @Test
    void isBoundedAndFirstInFirstOut() {
        MessageQueue q = new MessageQueue(8);
        List<Runnable> in = new ArrayList<>();
        for (int i = 0; i < q.capacity(); i++) {
            int n = i;
            in.add(() -> assertThat(n).isNegative());
            assertThat(q.offer(in.get(i))).isEqualTo(MessageQueue.Offer.ACCEPTED);
        }
        assertThat(q.offer(NOTHING)).isEqualTo(MessageQueue.Offer.FULL);
        assertThat(q.size()).isEqualTo(8);
        for (Runnable r : in) {
            assertThat(q.poll()).isSameAs(r);
        }
        assertThat(q.isEmpty()).isTrue();
        assertThat(q.poll()).isNull();
    }

    @Test
    void aClosedGateRefusesAndKeepsWhatItAccepted() {
        MessageQueue q = new MessageQueue(8);
        q.offer(NOTHING);
        assertThat(q.tryClose()).isTrue();
        assertThat(q.offer(NOTHING)).isEqualTo(MessageQueue.Offer.CLOSED);
        assertThat(q.enter()).isFalse();
        assertThat(q.offerWaiting(NOTHING)).isEqualTo(MessageQueue.Offer.CLOSED);
        assertThat(q.poll()).isSameAs(NOTHING);
        assertThat(q.tryClose()).as("it is closed already").isFalse();
    }

    @Test
    void theGateIsNotHeldWhileASenderIsInside() {
        MessageQueue q = new MessageQueue(8);
        assertThat(q.enter()).isTrue();
        assertThat(q.tryHold()).isFalse();
        assertThat(q.tryClose()).isFalse();
        q.leave();
        assertThat(q.tryHold()).isTrue();
        q.release();
        assertThat(q.offer(NOTHING)).isEqualTo(MessageQueue.Offer.ACCEPTED);
    }

    @Test
    void aSenderAtAHeldGateGetsTheAnswerOfTheDecision() throws Exception {
        for (boolean close : new boolean[] {false, true}) {
            MessageQueue q = new MessageQueue(8);
            assertThat(q.tryHold()).isTrue();
            MessageQueue.Offer[] answer = new MessageQueue.Offer[1];
            CountDownLatch started = new CountDownLatch(1);
            Thread sender = Thread.ofPlatform().start(() -> {
                started.countDown();
                answer[0] = q.offer(NOTHING);
            });
            Await.latch(started, "the sender runs");
            assertThat(answer[0]).isNull();
            if (close) {
                q.close();
            } else {
                q.release();
            }
            Await.ended(sender);
            assertThat(answer[0]).isEqualTo(close ? MessageQueue.Offer.CLOSED : MessageQueue.Offer.ACCEPTED);
        }
    }

    @Test
    void whoWaitsForRoomIsWokenByRoomAndByTheEnd() throws Exception {
        MessageQueue q = new MessageQueue(4);
        while (q.offer(NOTHING) == MessageQueue.Offer.ACCEPTED) {}
        List<MessageQueue.Offer> answers = new ArrayList<>();
        for (boolean room : new boolean[] {true, false}) {
            Thread sender = Thread.ofPlatform().start(() -> answers.add(q.offerWaiting(NOTHING)));
            Await.until("it waits", () -> LockSupport.getBlocker(sender) == q);
            if (room) {
                assertThat(q.poll()).isNotNull();
                q.madeRoom();
            } else {
                Await.until("the gate is free", q::tryClose);
            }
            Await.ended(sender);
        }
        assertThat(answers).containsExactly(MessageQueue.Offer.ACCEPTED, MessageQueue.Offer.CLOSED);
    }

    @Test
    void anInterruptedSenderStillDeliversAndStaysInterrupted() throws Exception {
        MessageQueue q = new MessageQueue(4);
        while (q.offer(NOTHING) == MessageQueue.Offer.ACCEPTED) {}
        boolean[] interrupted = new boolean[1];
        Thread sender = Thread.ofPlatform().start(() -> {
            q.offerWaiting(NOTHING);
            interrupted[0] = Thread.currentThread().isInterrupted();
        });
        Await.until("it waits", () -> LockSupport.getBlocker(sender) == q);
        sender.interrupt();
        q.poll();
        q.madeRoom();
        Await.ended(sender);
        assertThat(interrupted[0]).isTrue();
    }

    /** Several senders, one consumer, and a gate that closes under them: what was accepted is polled, in order. */
    @Test
    void stressOfProducersAndAClose() throws Exception {
        for (int round = 0; round < 50; round++) {
            MessageQueue q = new MessageQueue(64);
            int producers = 4;
            AtomicLong accepted = new AtomicLong();
            long[] lastOf = new long[producers];
            long[] polled = new long[1];
            boolean[] disorder = new boolean[1];
            List<Thread> threads = new ArrayList<>();
            for (int p = 0; p < producers; p++) {
                int me = p;
                threads.add(Thread.ofPlatform().start(() -> {
                    for (long n = 1; ; n++) {
                        long number = n;
                        Runnable message = () -> {
                            disorder[0] |= lastOf[me] != number - 1;
                            lastOf[me] = number;
                            polled[0]++;
                        };
                        MessageQueue.Offer answer = me % 2 == 0 ? q.offerWaiting(message) : q.offer(message);
                        if (answer == MessageQueue.Offer.CLOSED) {
                            return;
                        }
                        if (answer == MessageQueue.Offer.FULL) {
                            n--;
                            Thread.yield();
                            continue;
                        }
                        accepted.incrementAndGet();
                    }
                }));
            }
            long closeAfter = 200 + round * 7L;
            boolean closed = false;
            while (!closed) {
                for (Runnable r = q.poll(); r != null; r = q.poll()) {
                    r.run();
                }
                q.madeRoom();
                if (polled[0] >= closeAfter) {
                    closed = q.tryClose();
                }
            }
            for (Runnable r = q.poll(); r != null; r = q.poll()) {
                r.run();
            }
            for (Thread t : threads) {
                Await.ended(t);
            }
            assertThat(polled[0]).as("round " + round).isEqualTo(accepted.get());
            assertThat(disorder[0]).as("round " + round).isFalse();
        }
    }
}
