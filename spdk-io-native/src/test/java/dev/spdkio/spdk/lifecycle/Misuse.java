// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.lifecycle;

import static dev.spdkio.spdk.lifecycle.Child.await;
import static dev.spdkio.spdk.lifecycle.Child.builder;
import static dev.spdkio.spdk.lifecycle.Child.malloc;
import static dev.spdkio.spdk.lifecycle.Child.open;
import static dev.spdkio.spdk.lifecycle.Child.read;
import static dev.spdkio.spdk.lifecycle.Child.refused;
import static dev.spdkio.spdk.lifecycle.Child.rpc;
import static dev.spdkio.spdk.lifecycle.Child.say;
import static dev.spdkio.spdk.lifecycle.Child.slow;

import dev.spdkio.EnvOptions;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.rpc.RpcState;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.Reactor;
import dev.spdkio.runtime.RuntimeLimits;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.lifecycle.Child.Opened;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What a program should not do, one case a run; none may end the process. Says {@code > done} at its end. */
final class Misuse {
    private static final long SHORT_MICROS = 3_000_000;
    private static final long LONG_MICROS = 60_000_000;
    private static final String SMALL_CACHES = """
            {"subsystems": [
              {"subsystem": "bdev", "config": [{"method": "bdev_set_options",
                "params": {"iobuf_small_cache_size": 16, "iobuf_large_cache_size": 4}}]},
              {"subsystem": "accel", "config": [{"method": "accel_set_options",
                "params": {"small_cache_size": 16, "large_cache_size": 4}}]}]}
            """;
    private static final int FLOOD = 300_000;

    private Misuse() {}

    /** Runs the case named by the only argument. */
    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "wrongThread" -> in(Misuse::wrongThread);
            case "closeTwice" -> closeTwice();
            case "flood" -> flood();
            case "exitWithChannels" -> in(Misuse::exitWithChannels);
            case "exitWithIo" -> in(Misuse::exitWithIo);
            case "stopWithIo" -> in(Misuse::stopWithIo);
            case "throwing" -> in(Misuse::throwing);
            case "removed" -> in(Misuse::removed);
            case "twoApplications" -> in(Misuse::twoApplications);
            case "noHugepages" ->
                refused("start", () -> builder().env(EnvOptions.DEFAULT).start());
            case "environment" -> environment();
            case "badToken" ->
                refused(
                        "start",
                        () -> builder()
                                .env(new EnvOptions(false, false, null, null, -1, false, false, 0, "no UUID"))
                                .start());
            case "manyIos" -> in(Misuse::manyIos);
            case "littleMemory" -> littleMemory();
            case "manyThreads" -> in(Misuse::manyThreads);
            case "manyThreadsWithRoom" -> {
                try (SpdkApp app = builder().configJson(SMALL_CACHES).start()) {
                    manyThreads(app);
                }
            }
            case "moving" -> in(Misuse::moving);
            default -> throw new IllegalArgumentException(args[0]);
        }
        say("done");
    }

    private interface Case {
        void run(SpdkApp app) throws Exception;
    }

    private static void in(Case body) throws Exception {
        try (SpdkApp app = builder().start()) {
            body.run(app);
        }
    }

    private static void wrongThread(SpdkApp app) throws Exception {
        malloc(app, "Malloc0");
        Opened o = open(app, app.runtime().createThread("owner"), "Malloc0");
        SpdkThread other = app.runtime().createThread("other");
        try (DmaBuf buffer = app.dmaPool().allocate(Child.BLOCK)) {
            await(o.channel().readAsync(buffer, 0));
            refused("submit in main", () -> {
                o.channel().submitRead(buffer, 0, (_, _) -> {}, null);
                return "submitted";
            });
            refused(
                    "submit in another",
                    () -> await(other.call(() -> {
                        o.channel().submitRead(buffer, 0, (_, _) -> {}, null);
                        return "submitted";
                    })));
            refused("channel in main", () -> o.desc().openChannel());
        }
        read(app, o);
        o.desc().close();
        await(o.desc().closed());
    }

    private static void closeTwice() throws Exception {
        SpdkApp app = builder().start();
        malloc(app, "Malloc0");
        Opened o = open(app, app.runtime().createThread("owner"), "Malloc0");
        read(app, o);
        for (int i = 0; i < 3; i++) {
            o.channel().close();
            o.desc().close();
        }
        await(o.desc().closed());
        refused(
                "read",
                () -> await(o.channel().thread().call(() -> {
                    try (DmaBuf buffer = app.dmaPool().allocate(Child.BLOCK)) {
                        return o.channel().readAsync(buffer, 0);
                    }
                })));
        refused("channel", () -> await(o.channel().thread().call(o.desc()::openChannel)));
        app.close();
        app.close();
        refused("message", () -> app.call(() -> 1));
        refused("thread", () -> app.runtime().createThread("late"));
        o.channel().close();
        o.desc().close();
    }

    /** More messages than SPDK's own pool has, from outside and inside. */
    private static void flood() throws Exception {
        try (SpdkApp app = builder()
                .limits(RuntimeLimits.DEFAULT.withMessagesPerThread(1024))
                .start()) {
            malloc(app, "Malloc0");
            SpdkThread target = app.runtime().createThread("target");
            Opened o = open(app, target, "Malloc0");
            AtomicLong received = new AtomicLong();
            List<Thread> senders = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                senders.add(Thread.ofPlatform().start(() -> {
                    for (int n = 0; n < FLOOD; n++) {
                        target.send(received::getAndIncrement);
                    }
                }));
            }
            read(app, o);
            for (Thread t : senders) {
                t.join();
            }
            await(target.call(() -> 1));
            say("received " + received);
            refused(
                    "from a reactor",
                    () -> await(target.call(() -> {
                        for (int n = 0; n < FLOOD; n++) {
                            target.send(received::getAndIncrement);
                        }
                        return n(received);
                    })));
            read(app, o);
            o.desc().close();
        }
    }

    private static long n(AtomicLong value) {
        return value.get();
    }

    private static void exitWithChannels(SpdkApp app) throws Exception {
        malloc(app, "Malloc0");
        SpdkThread owner = app.runtime().createThread("owner");
        Opened o = open(app, owner, "Malloc0");
        read(app, o);
        await(owner.exit());
        say("exited " + owner.state());
        refused("read", () -> o.channel().readAsync(app.dmaPool().allocate(Child.BLOCK), 0));
        o.desc().close();
        Opened again = open(app, app.runtime().createThread("next"), "Malloc0");
        read(app, again);
        again.desc().close();
    }

    private static CompletableFuture<Void> hanging(SpdkApp app, Opened o) throws Exception {
        DmaBuf buffer = app.dmaPool().allocate(Child.BLOCK);
        return await(o.channel().thread().call(() -> List.of(o.channel().readAsync(buffer, 0))))
                .getFirst();
    }

    private static void exitWithIo(SpdkApp app) throws Exception {
        slow(app, SHORT_MICROS);
        SpdkThread owner = app.runtime().createThread("owner");
        Opened o = open(app, owner, "Slow");
        CompletableFuture<Void> io = hanging(app, o);
        await(owner.exit());
        say("exited " + owner.state());
        refused("read", () -> await(io));
        o.desc().close();
        Opened again = open(app, app.runtime().createThread("next"), "Slow");
        read(app, again);
        again.desc().close();
        await(again.desc().closed());
    }

    private static void stopWithIo(SpdkApp app) throws Exception {
        slow(app, LONG_MICROS);
        Opened o = open(app, app.runtime().createThread("owner"), "Slow");
        CompletableFuture<Void> io = hanging(app, o);
        app.close();
        say("stopped");
        refused("read", () -> await(io));
        refused("again", () -> builder().start());
    }

    private static void throwing(SpdkApp app) throws Exception {
        malloc(app, "Malloc0");
        Opened o = open(app, app.runtime().createThread("owner"), "Malloc0");
        SpdkThread owner = o.channel().thread();
        CountDownLatch completions = new CountDownLatch(200);
        AtomicInteger polls = new AtomicInteger();
        try (DmaBuf buffer = app.dmaPool().allocate(Child.BLOCK)) {
            owner.send(() -> {
                for (int i = 0; i < 200; i++) {
                    o.channel()
                            .submitRead(
                                    buffer,
                                    0,
                                    (_, _) -> {
                                        completions.countDown();
                                        throw new IllegalStateException("thrown by a completion");
                                    },
                                    null);
                }
            });
            completions.await();
        }
        Poller poller = await(owner.call(() -> owner.poller("throwing")
                .body(() -> {
                    polls.getAndIncrement();
                    throw new IllegalStateException("thrown by a poller");
                })
                .register()));
        while (polls.get() < 100) {
            await(owner.call(() -> 1));
        }
        await(owner.call(() -> {
            poller.close();
            return true;
        }));
        app.rpc().register("throws", RpcState.ALWAYS, _ -> {
            throw new IllegalStateException("thrown by a method");
        });
        refused("method", () -> rpc(app, "throws", Map.of()));
        refused("SPDK's method", () -> rpc(app, "bdev_malloc_create", Map.of("num_blocks", -1)));
        read(app, o);
        o.desc().close();
    }

    private static void removed(SpdkApp app) throws Exception {
        Bdev bdev = malloc(app, "Malloc0");
        Opened o = open(app, app.runtime().createThread("owner"), "Malloc0");
        CompletableFuture<?> gone = app.call(() -> app.rpc()
                        .call(
                                "bdev_malloc_delete",
                                tools.jackson.databind.json.JsonMapper.shared().valueToTree(Map.of("name", "Malloc0"))))
                .thenCompose(reply -> reply);
        while (bdev.isRegistered()) {
            await(app.call(() -> 1));
        }
        refused("read", () -> {
            read(app, o);
            return "read";
        });
        refused(
                "channel",
                () -> await(o.channel().thread().call(() -> {
                    o.desc().openChannel().close();
                    return "opened";
                })));
        refused("open", () -> open(app, app.runtime().createThread("late"), "Malloc0"));
        o.desc().close();
        await(gone);
        refused("read after the close", () -> {
            read(app, o);
            return "read";
        });
    }

    private static void twoApplications(SpdkApp app) throws Exception {
        refused("second", () -> builder().name("second").start());
        malloc(app, "Malloc0");
        Opened o = open(app, app.runtime().createThread("owner"), "Malloc0");
        read(app, o);
        o.desc().close();
    }

    /** The mode is said by SPDK too where there are no hugepages. */
    private static void environment() throws Exception {
        long base = 0x3000_0000_0000L;
        EnvOptions env = new EnvOptions(false, false, null, "va", -1, false, false, base, null);
        try (SpdkApp app = builder().env(env).start();
                DmaBuf buf = app.dmaPool().allocate(4096)) {
            say("memory " + (buf.address() - base >> 40) + " TiB behind its base");
        }
    }

    private static void manyIos(SpdkApp app) throws Exception {
        app.bdevs().setOptions(BdevOptions.DEFAULT.withBdevIoPoolSize(100_000));
        malloc(app, "Malloc0");
        refused("channel", () -> open(app, app.appThread(), "Malloc0"));
    }

    private static void littleMemory() throws Exception {
        refused("start", () -> {
            try (SpdkApp app = builder().memorySize(4 << 20).start()) {
                malloc(app, "Malloc0");
                return app.dmaPool().allocate(16 << 20);
            }
        });
    }

    private static void manyThreads(SpdkApp app) throws Exception {
        malloc(app, "Malloc0");
        List<Opened> all = new ArrayList<>();
        try {
            for (int i = 0; i < 100; i++) {
                all.add(open(app, app.runtime().createThread("t" + i), "Malloc0"));
            }
        } catch (IllegalStateException e) {
            say("refused: " + e.getMessage());
        }
        for (Opened o : all) {
            read(app, o);
        }
        say("used by " + all.size());
        for (Opened o : all) {
            o.desc().close();
            await(o.desc().closed());
            await(o.channel().thread().exit());
        }
    }

    /** A thread goes to and fro under load, and ends on another reactor than it began on. */
    private static void moving(SpdkApp app) throws Exception {
        malloc(app, "Malloc0");
        List<Reactor> reactors = app.runtime().reactors();
        SpdkThread mover = app.runtime().createThread("mover");
        SpdkThread fixed = app.runtime().createThread("fixed");
        Opened a = open(app, mover, "Malloc0");
        Opened b = open(app, fixed, "Malloc0");
        AtomicLong ended = new AtomicLong();
        AtomicInteger underWay = new AtomicInteger();
        boolean[] stop = {false};
        try (DmaBuf buffer = app.dmaPool().allocate(Child.BLOCK)) {
            for (Opened o : List.of(a, b)) {
                for (int i = 0; i < 16; i++) {
                    underWay.getAndIncrement();
                    o.channel().thread().send(() -> again(o, buffer, ended, underWay, stop));
                }
            }
            for (int move = 0; move < 400; move++) {
                mover.moveTo(reactors.get(move % reactors.size()));
                long before = ended.get();
                while (ended.get() < before + 64) {
                    Thread.onSpinWait();
                }
            }
            stop[0] = true;
            while (underWay.get() > 0) {
                await(mover.call(() -> 1));
                await(fixed.call(() -> 1));
            }
        }
        a.desc().close();
        await(a.desc().closed());
        await(mover.exit());
        read(app, b);
        b.desc().close();
        say("moved");
    }

    private static void again(Opened o, DmaBuf buffer, AtomicLong ended, AtomicInteger underWay, boolean[] stop) {
        o.channel()
                .submitRead(
                        buffer,
                        0,
                        (_, _) -> {
                            ended.getAndIncrement();
                            if (stop[0]) {
                                underWay.getAndDecrement();
                            } else {
                                again(o, buffer, ended, underWay, stop);
                            }
                        },
                        null);
    }
}
