// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Watches I/Os of one channel: each must end once, on the channel's thread, outside every submit call.
 *
 * <p>Thread rule: {@link #submit}, {@link #load} and {@link #noMore} on the channel's thread; {@link #check} after
 * {@link #done} anywhere.
 */
final class IoEnds implements IoCompletion {
    /** One submit call, which passes both arguments on. */
    @FunctionalInterface
    interface Submit {
        void submit(IoCompletion completion, Object userData);
    }

    /** One submit call of a load, with its number and the number of its place in the queue. */
    @FunctionalInterface
    interface LoadSubmit {
        void submit(int number, int place, IoCompletion completion, Object userData);
    }

    /** Told of an end. */
    @FunctionalInterface
    interface AtEnd {
        void ended(IoStatus status);
    }

    private static final AtEnd NOTHING = _ -> {};

    private static final class Token {
        final AtEnd atEnd;
        boolean ended;

        Token(AtEnd atEnd) {
            this.atEnd = atEnd;
        }
    }

    private final BdevChannel channel;
    private final CompletableFuture<IoEnds> done;
    private final List<IoStatus> statuses = new ArrayList<>();
    private final List<String> broken = new ArrayList<>();
    private int begun;
    private boolean complete;
    private boolean submitting;

    IoEnds(BdevChannel channel) {
        this.channel = channel;
        this.done = channel.thread().runtime().newFuture();
    }

    BdevChannel channel() {
        return channel;
    }

    /** Submits one. */
    void submit(Submit call) {
        submit(call, NOTHING);
    }

    /** Submits one; {@code atEnd} hears of its end. What the submit call throws passes through, and is no I/O. */
    void submit(Submit call, AtEnd atEnd) {
        Token token = new Token(atEnd);
        boolean outer = submitting;
        submitting = true;
        begun++;
        try {
            call.submit(this, token);
        } catch (RuntimeException refused) {
            begun--;
            token.ended = true;
            throw refused;
        } finally {
            submitting = outer;
        }
    }

    /** Keeps {@code depth} in flight until {@code total} were submitted or the channel is closed. */
    void load(int depth, int total, LoadSubmit call) {
        int[] next = {0};
        for (int place = 0; place < depth; place++) {
            loadNext(next, total, place, call);
        }
    }

    private void loadNext(int[] next, int total, int place, LoadSubmit call) {
        if (next[0] < total && !channel.isClosed()) {
            int number = next[0]++;
            submit((c, u) -> call.submit(number, place, c, u), _ -> loadNext(next, total, place, call));
        }
    }

    /** Everything was submitted, but for what ends submit themselves. */
    void noMore() {
        complete = true;
        endIfOver();
    }

    @Override
    public void completed(IoStatus status, @Nullable Object userData) {
        Token token = (Token) Objects.requireNonNull(userData);
        if (submitting) {
            broken.add("an I/O ended inside a submit call: " + status);
        }
        if (!channel.thread().isCurrent()) {
            broken.add("an I/O ended on " + Thread.currentThread() + ", not on " + channel.thread());
        }
        if (token.ended) {
            broken.add("an I/O ended twice, or after its submit call threw: " + status);
            return;
        }
        token.ended = true;
        statuses.add(status);
        try {
            token.atEnd.ended(status);
        } catch (RuntimeException e) {
            broken.add("after an end: " + e);
        }
        endIfOver();
    }

    private void endIfOver() {
        if (complete && statuses.size() == begun) {
            done.complete(this);
        }
    }

    /** Completes when all have ended. */
    CompletableFuture<IoEnds> done() {
        return done;
    }

    /** How they ended, after having made sure that no promise was broken. */
    List<IoStatus> check() {
        assertThat(broken).as("promises broken by %s", channel).isEmpty();
        assertThat(statuses).as("every I/O of %s ends", channel).hasSize(begun);
        return List.copyOf(statuses);
    }
}
