// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A poller that ticks, is paused, resumed and retimed, and closes itself. */
public final class Pollers {
    private Pollers() {}

    /** What the poller does: five ticks, then it ends itself. */
    private static final class Ticker implements Poller.Body {
        private final CompletableFuture<Integer> done;
        private Poller poller;
        private int ticks;

        // docs: poller-register
        Ticker(SpdkThread thread, CompletableFuture<Integer> done) {
            this.done = done;
            this.poller = thread.poller("ticker")
                    .period(Duration.ofMillis(2))
                    .body(this)
                    .register();
        }

        @Override
        public Poller.Result poll() {
            if (++ticks == 5) {
                poller.close();
                done.complete(ticks);
            }
            return Poller.Result.BUSY;
        }
        // docs: end
    }

    /** Runs it. */
    public static void main(String[] args) {
        try (SpdkRuntime runtime = SpdkRuntime.builder().start()) {
            SpdkThread thread = runtime.createThread("timer");
            CompletableFuture<Integer> done = runtime.newFuture();
            Ticker ticker = thread.call(() -> new Ticker(thread, done)).join();
            // docs: poller-control
            ticker.poller.pause();
            ticker.poller.retime(Duration.ofMillis(1));
            ticker.poller.resume();
            // docs: end
            int ticks = done.join();
            System.out.println("ticked " + ticks + " times, then "
                    + thread.call(ticker.poller::state).join());
        }
    }
}
