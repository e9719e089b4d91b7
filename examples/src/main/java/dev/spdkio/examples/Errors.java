// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Mistakes are found before anything is submitted; failures carry an errno; what is transient is tried again. */
public final class Errors {
    private Errors() {}

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        try (SpdkApp app = SpdkApp.builder().start()) {
            MallocBdev.create(app.bdevs(), new MallocBdevOptions("Malloc0", 512, 1024));
            app.bdevs().register(BdevSpec.builder("Flaky0", 512, 1024).build(), new FlakyBdev());
            app.appThread().spawn("mistakes", () -> mistakes(app)).join();
            int tries = app.appThread().spawn("retries", () -> retries(app)).join();
            System.out.println("written at try " + tries);
        }
    }

    private static boolean mistakes(SpdkApp app) throws Exception {
        try (BdevDesc desc = app.bdevs().open("Malloc0", OpenMode.READ_ONLY, BdevEventListener.NONE);
                BdevChannel channel = desc.openChannel();
                DmaBuf buf = app.dmaPool().allocate(4096);
                DmaBuf odd = app.dmaPool().allocate(1000)) {
            attempt(() -> app.bdevs().open("Malloc1", OpenMode.READ_ONLY, BdevEventListener.NONE));
            attempt(() -> channel.readAsync(buf, 100).join());
            attempt(() -> channel.readAsync(odd, 0).join());
            attempt(() -> channel.readAsync(buf, 1 << 20).join());
            attempt(() -> channel.writeAsync(buf, 0).join());
        }
        return true;
    }

    private static void attempt(Callable<?> mistake) {
        try {
            mistake.call();
        } catch (Exception e) {
            System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }

    private static int retries(SpdkApp app) throws SpdkException {
        try (BdevDesc desc = app.bdevs().open("Flaky0", OpenMode.READ_WRITE, BdevEventListener.NONE);
                BdevChannel channel = desc.openChannel();
                DmaBuf buf = app.dmaPool().allocate(512)) {
            // docs: errors-retry
            for (int tries = 1; ; tries++) {
                try {
                    channel.write(buf, 0);
                    return tries;
                } catch (SpdkException e) {
                    if (e.errno() != Errno.EAGAIN || tries == 5) {
                        throw e;
                    }
                    Task.sleep(Duration.ofMillis(1L << tries));
                }
            }
            // docs: end
        }
    }

    /** A device that refuses its first two writes. */
    private static final class FlakyBdev implements BdevOps<FlakyBdev> {
        private int writes;

        @Override
        public void submit(FlakyBdev channel, BdevIo io) {
            boolean refuse = io.type() == IoType.WRITE && writes++ < 2;
            io.complete(refuse ? IoStatus.aio(Errno.EAGAIN) : IoStatus.SUCCESS);
        }

        @Override
        public boolean supports(IoType type) {
            return type == IoType.READ || type == IoType.WRITE;
        }

        @Override
        public FlakyBdev openChannel(SpdkThread thread) {
            return this;
        }

        @Override
        public void closeChannel(FlakyBdev channel) {}

        @Override
        public CompletionStage<Void> destruct() {
            return CompletableFuture.completedFuture(null);
        }
    }
}
