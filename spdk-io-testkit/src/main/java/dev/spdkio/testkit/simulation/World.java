// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.RangeLock;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.PageKind;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The stage of one simulation: threads, disks, clients, and what was seen. One OS thread. */
final class World {
    static final int MOST_BLOCKS = 24;
    private static final int MOST_THREADS = 5;
    private static final int MOST_CLIENTS = 12;

    final SimulatedRuntime rt;
    final SpdkThread app;
    final DmaPool pool;
    final BdevManager bdevs;
    final Counts counts = new Counts();
    final Trace trace = new Trace();

    /** Whether submits may find that too much waits. */
    final boolean mayRefuse;

    /** Threads that clients may use. */
    final List<SpdkThread> threads = new ArrayList<>();

    final List<Disk> disks = new ArrayList<>();
    final List<Handle> handles = new ArrayList<>();
    final List<Client> clients = new ArrayList<>();

    /** What somebody waits for, by what it is. */
    final Map<CompletableFuture<?>, String> awaited = new LinkedHashMap<>();

    /** Where contents are made and looked at. */
    final MemorySegment scratch = MemorySegment.ofArray(new long[MOST_BLOCKS * 1024 / Long.BYTES]);

    private final SplittableRandom whims;
    private final DiskMaker maker;
    private final List<DmaBuf> taken = new ArrayList<>();
    final List<RangeLock> locks = new ArrayList<>();

    /** Requests whose futures were cancelled: they go on, and nobody hears of their end. */
    final List<Request> orphans = new ArrayList<>();

    private final List<Handle> toClose = new ArrayList<>();

    /** How many submit calls are on the stack: nothing may end inside one. */
    int submitting;

    private int requests;
    private int threadCount;

    @Nullable
    String violation;

    /** Something between the hub and a simulated device: tests put there what a simulation must find. */
    @FunctionalInterface
    interface Saboteur {
        BdevOps<?> between(SimDevice device, World world);
    }

    World(long seed, Saboteur saboteur) {
        SplittableRandom r = new SplittableRandom(seed);
        whims = r.split();
        rt = SimulatedRuntime.create(1 + r.nextInt(3), r.nextLong());
        app = rt.createThread("app");
        pool = DmaPool.builder()
                .name("simulation")
                .limitBytes(r.nextBoolean() ? 2 << 20 : 4 << 20)
                .slabBytes(2 << 20)
                .pages(PageKind.NORMAL)
                .threadCacheBytes(r.nextBoolean() ? 0 : 64 << 10)
                .build();
        mayRefuse = r.nextInt(4) == 0;
        bdevs = BdevManager.create(
                rt,
                app,
                pool,
                BdevOptions.DEFAULT
                        .withBdevIoPoolSize(r.nextBoolean() ? 1 + r.nextInt(8) : 256)
                        .withBdevIoCacheSize(1 + r.nextInt(16))
                        .withIoWaitLimit(mayRefuse ? 1 + r.nextInt(8) : 1 << 16)
                        .withBounceBufferBytes(4096 << r.nextInt(3))
                        .withZeroBufferBytes(4096 << r.nextInt(3)));
        maker = new DiskMaker(this, saboteur);
        int count = 1 + r.nextInt(3);
        for (int i = 0; i < count; i++) {
            newThread();
        }
        count = 1 + r.nextInt(3);
        for (int i = 0; i < count; i++) {
            addDisk("disk" + i, r);
        }
    }

    // ---- time ------------------------------------------------------------------------------------------------------

    long now() {
        return rt.clock().nanoTime();
    }

    /** The time of the histories: each event has its own. */
    long tick() {
        return trace.count();
    }

    void trace(String verb, @Nullable Object subject, long value, @Nullable Object detail) {
        trace.add(now(), verb, subject, value, detail);
    }

    /** Lets somebody have a turn, or a little time pass. */
    void step(RandomGenerator scheduling) {
        counts.steps++;
        int what = scheduling.nextInt(16);
        if (what < 11) {
            List<SpdkThread> all = rt.threads();
            rt.poll(all.get(scheduling.nextInt(all.size())));
        } else if (what < 14) {
            rt.poll(rt.reactors().get(scheduling.nextInt(rt.reactors().size())));
        } else {
            rt.advance(Duration.ofNanos(1 + scheduling.nextInt(20_000)));
        }
    }

    void violation(String what) {
        if (violation == null) {
            violation = what;
            trace("VIOLATION", null, 0, what);
        }
    }

    // ---- threads ---------------------------------------------------------------------------------------------------

    void newThread() {
        if (threads.size() < MOST_THREADS) {
            threads.add(rt.createThread("t" + threadCount++));
        }
    }

    /** Some thread, be it about to exit. */
    SpdkThread anyThread(RandomGenerator r) {
        List<SpdkThread> all = rt.threads();
        return all.get(r.nextInt(all.size()));
    }

    @Nullable
    SpdkThread some(RandomGenerator r) {
        return threads.isEmpty() ? null : threads.get(r.nextInt(threads.size()));
    }

    // ---- disks, clients --------------------------------------------------------------------------------------------

    void addDisk(String name, RandomGenerator r) {
        try {
            disks.add(maker.make(name, r));
        } catch (SpdkException e) {
            violation("registering " + name + " failed: " + e);
        }
    }

    @Nullable
    Disk someDisk(RandomGenerator r) {
        List<Disk> there = disks.stream().filter(d -> !d.isRemoved()).toList();
        return there.isEmpty() ? null : there.get(r.nextInt(there.size()));
    }

    @Nullable
    Client someClient(RandomGenerator r) {
        List<Client> open = clients.stream().filter(Client::isOpen).toList();
        return open.isEmpty() ? null : open.get(r.nextInt(open.size()));
    }

    boolean hasRoomForClients() {
        return clients.stream().filter(Client::isOpen).count() < MOST_CLIENTS;
    }

    int nextRequest() {
        return ++requests;
    }

    /** After its removal: at once, or when it pleases. */
    void closeLater(Handle handle) {
        if (whims.nextInt(3) == 0) {
            handle.close();
        } else {
            toClose.add(handle);
        }
    }

    void closeRemoved() {
        toClose.forEach(Handle::close);
        toClose.clear();
    }

    void maybeCloseRemoved(RandomGenerator r) {
        if (!toClose.isEmpty() && r.nextInt(4) == 0) {
            toClose.remove(r.nextInt(toClose.size())).close();
        }
    }

    // ---- memory ----------------------------------------------------------------------------------------------------

    void takeMemory() {
        for (int bytes = 1 << 20; bytes >= 4096; bytes >>= 1) {
            for (DmaBuf b = pool.tryAllocate(bytes); b != null; b = pool.tryAllocate(bytes)) {
                taken.add(b);
            }
        }
        counts.exhaustions++;
    }

    void giveMemory() {
        taken.forEach(DmaBuf::close);
        taken.clear();
    }

    /** Orphans whose memory is free again may still have references on their way. */
    boolean closeOrphans() {
        orphans.forEach(Request::tryClose);
        return orphans.stream().allMatch(Request::isClosed);
    }

    /** At rest: what a cancelled request may have done it has done. */
    void settleOrphans() {
        orphans.forEach(Request::settleOrphan);
        orphans.clear();
    }

    // ---- what waits ------------------------------------------------------------------------------------------------

    void await(String what, CompletableFuture<?> future) {
        awaited.put(future, what);
    }

    boolean isQuiet() {
        awaited.keySet().removeIf(CompletableFuture::isDone);
        return awaited.isEmpty() && clients.stream().allMatch(c -> c.live.isEmpty() && c.zeroCopies.isEmpty());
    }

    /** Who waits for what, for people. */
    String whatWaits() {
        StringBuilder text = new StringBuilder();
        awaited.forEach((future, what) -> {
            if (!future.isDone()) {
                text.append("  waiting for ").append(what).append('\n');
            }
        });
        for (Client c : clients) {
            c.live.forEach(r -> text.append("  in flight: ").append(r).append('\n'));
            c.zeroCopies.forEach(z -> text.append("  open: ").append(z).append('\n'));
        }
        for (Disk d : disks) {
            text.append("  ").append(d).append(d.isRemoved() ? " (removed): " : ": ");
            text.append(d.devices).append(", ").append(d.bdev.openCount()).append(" descriptors\n");
        }
        rt.threads().forEach(t -> text.append("  ").append(t).append('\n'));
        return text.toString();
    }
}
