// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.QosLimits;
import dev.spdkio.bdev.RangeLock;
import dev.spdkio.bdev.TimedOutIo;
import dev.spdkio.bdev.error.ErrorBdev;
import dev.spdkio.bdev.error.ErrorInjection;
import dev.spdkio.bdev.error.ErrorType;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.Reactor;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What each {@link Action} does. On the driver: what belongs to a thread is sent to it, and happens in its pass. */
final class Actions {
    private static final int MOST_BURST = 12;
    private static final int MOST_RESETS = 4;
    private static final int MOST_GROWTH = 20;

    private final World world;

    Actions(World world) {
        this.world = world;
    }

    void run(Plan.Step step) {
        SplittableRandom r = new SplittableRandom(step.seed());
        world.trace("action", step.action(), step.place(), null);
        world.maybeCloseRemoved(r);
        switch (step.action()) {
            case IO -> submit(world.someClient(r), 1, r);
            case BURST -> submit(world.someClient(r), 2 + r.nextInt(MOST_BURST), r);
            case ABORT -> abort(world.someClient(r), r);
            case RESET -> reset(world.someClient(r));
            case RESET_STORM -> resetStorm(world.someDisk(r), r);
            case FUTURE -> future(world.someClient(r), r);
            case LOCK -> lock(world.someClient(r), r);
            case UNLOCK -> unlock(r);
            case LIMIT -> limit(world.someDisk(r), r);
            case TIMEOUT -> timeout(r);
            case INJECT -> inject(world.someDisk(r), r);
            case END_ZERO_COPY -> endZeroCopy(r);
            case OPEN -> open(r);
            case CLOSE_CHANNEL -> closeChannel(world.someClient(r), r);
            case CLOSE_DESCRIPTOR -> closeDescriptor(r);
            case EXIT_THREAD -> exitThread(r);
            case NEW_THREAD -> world.newThread();
            case MOVE_THREAD -> move(r);
            case REMOVE -> remove(world.someDisk(r), r);
            case ADD -> add(r);
            case GROW -> grow(world.someDisk(r), r);
            case SHRINK -> shrink(world.someDisk(r));
            case TAKE_MEMORY -> world.takeMemory();
            case GIVE_MEMORY -> world.giveMemory();
            case STATISTICS -> statistics(world.someDisk(r));
            case MISUSE -> misuse(world.someClient(r), r);
            case WAIT -> world.rt.advance(Duration.ofNanos(r.nextLong(1L << (12 + r.nextInt(14)))));
        }
    }

    // ---- requests --------------------------------------------------------------------------------------------------

    private void submit(@Nullable Client client, int count, SplittableRandom r) {
        if (client == null) {
            return;
        }
        client.thread.send(() -> {
            for (int i = 0; i < count && client.isOpen(); i++) {
                RequestDraw draw = new RequestDraw(world, client, false, r);
                if (draw.isGood) {
                    new Request(client, draw).start();
                }
            }
        });
    }

    private void abort(@Nullable Client client, SplittableRandom r) {
        if (client == null) {
            return;
        }
        client.thread.send(() -> {
            if (!client.isOpen() || client.live.isEmpty() || !client.disk.bdev.supports(IoType.ABORT)) {
                return;
            }
            Object key = client.live.get(r.nextInt(client.live.size())).key;
            client.live.forEach(request -> request.abortAskedFor(key));
            world.counts.aborts++;
            CompletableFuture<IoStatus> ended = begin("abort of " + key + " by " + client);
            once(client, () -> client.channel().submitAbort(key, end(client, "abort", ended), ended), ended);
        });
    }

    private void reset(@Nullable Client client) {
        if (client == null) {
            return;
        }
        client.thread.send(() -> {
            if (!client.isOpen()) {
                return;
            }
            Disk disk = client.disk;
            world.counts.resets++;
            disk.resets++;
            CompletableFuture<IoStatus> ended = begin("reset of " + client);
            var _ = ended.whenComplete((status, _) -> {
                disk.resetEnded(world.tick());
                boolean mayFail = disk.mayThrow() || (disk.array != null && disk.isRemoved());
                if (status != null && !status.isSuccess() && !mayFail) {
                    world.violation("a reset of " + disk + " ended with " + status);
                }
            });
            once(client, () -> client.channel().submitReset(end(client, "reset", ended), ended), ended);
        });
    }

    private void resetStorm(@Nullable Disk disk, SplittableRandom r) {
        List<Client> open =
                world.clients.stream().filter(c -> c.isOpen() && c.disk == disk).toList();
        for (int i = 0; i < MOST_RESETS && !open.isEmpty(); i++) {
            reset(open.get(r.nextInt(open.size())));
        }
    }

    private CompletableFuture<IoStatus> begin(String what) {
        CompletableFuture<IoStatus> ended = new CompletableFuture<>();
        world.await(what, ended);
        return ended;
    }

    private void once(Client client, Runnable submit, CompletableFuture<IoStatus> ended) {
        world.submitting++;
        try {
            submit.run();
        } catch (RuntimeException e) {
            world.violation(client + " was refused: " + e);
            ended.complete(IoStatus.FAILED);
        } finally {
            world.submitting--;
        }
    }

    /** The end of what is no {@link Request}: once, on its thread, with its user data, not inside a submit call. */
    private IoCompletion end(Client client, String what, CompletableFuture<IoStatus> ended) {
        return (status, userData) -> {
            world.trace(what + " has ended", client, 0, status);
            if (userData != ended || world.submitting > 0 || !client.thread.isCurrent() || !ended.complete(status)) {
                world.violation("the end of a " + what + " by " + client + " came wrongly");
            }
        };
    }

    /** On the driver, as code off the reactors does. */
    private void future(@Nullable Client client, SplittableRandom r) {
        if (client == null) {
            return;
        }
        RequestDraw draw = new RequestDraw(world, client, true, r);
        if (!draw.isGood) {
            return;
        }
        Request request = new Request(client, draw);
        if (request.startFuture() && r.nextInt(3) == 0) {
            client.thread.send(request::cancel);
        }
    }

    private void lock(@Nullable Client client, SplittableRandom r) {
        if (client == null) {
            return;
        }
        int first = r.nextInt(client.disk.blocks());
        int count = 1 + r.nextInt(client.disk.blocks() - first);
        client.disk.devices.forEach(SimDevice::lock);
        world.trace("lock", client, first, count);
        try {
            CompletableFuture<RangeLock> granted = r.nextBoolean()
                    ? client.channel().lockRangeAsync(first, count)
                    : Objects.requireNonNull(client.handle.desc).quiesceRange(first, count);
            world.await("lock of " + client, granted.thenAccept(world.locks::add));
        } catch (IllegalStateException e) {
            if (client.isOpen() && !world.mayRefuse) {
                world.violation("a lock by " + client + " was refused: " + e);
            }
        }
    }

    private void unlock(SplittableRandom r) {
        if (!world.locks.isEmpty()) {
            RangeLock lock = world.locks.remove(r.nextInt(world.locks.size()));
            world.trace("unlock", lock, lock.offsetBlocks(), null);
            world.await("end of " + lock, lock.closeAsync());
        }
    }

    private void limit(@Nullable Disk disk, SplittableRandom r) {
        if (disk != null) {
            QosLimits limits = r.nextBoolean()
                    ? QosLimits.NONE
                    : new QosLimits(r.nextInt(2) * (10_000L + r.nextInt(200_000)), r.nextInt(50), r.nextInt(50), 0);
            world.await("limits of " + disk, disk.bdev.setQosLimits(limits));
        }
    }

    private void timeout(SplittableRandom r) {
        List<Handle> open = world.handles.stream().filter(Handle::isOpen).toList();
        if (!open.isEmpty()) {
            Handle handle = open.get(r.nextInt(open.size()));
            int what = r.nextInt(3);
            Duration limit = Duration.ofNanos(r.nextInt(3) * (10_000L + r.nextInt(200_000)));
            Objects.requireNonNull(handle.desc).setTimeout(limit, io -> timedOut(handle, io, what));
        }
    }

    private void timedOut(Handle handle, TimedOutIo io, int what) {
        Disk disk = handle.disk;
        world.trace("timeout", disk, io.offsetBlocks(), io.type());
        if (!handle.isOpen() || !handle.thread.isCurrent()) {
            world.violation("told of a timeout of " + disk + " wrongly");
        }
        if (what == 1) {
            world.clients.forEach(c -> c.live.forEach(request -> request.abortAskedFor(io.userData())));
            world.await("abort after a timeout of " + disk, io.abort());
        } else if (what == 2) {
            disk.resets++;
            CompletableFuture<Void> reset;
            try {
                reset = io.reset();
            } catch (IllegalStateException closedMeanwhile) {
                reset = CompletableFuture.completedFuture(null);
            }
            world.await("reset after a timeout of " + disk, reset);
            var _ = reset.whenComplete((_, _) -> disk.resetEnded(world.tick()));
        }
    }

    private void endZeroCopy(SplittableRandom r) {
        List<Client> having =
                world.clients.stream().filter(c -> !c.zeroCopies.isEmpty()).toList();
        if (!having.isEmpty()) {
            Client client = having.get(r.nextInt(having.size()));
            client.thread.send(() -> endZeroCopies(client, r.nextBoolean(), 1));
        }
    }

    static void endZeroCopies(Client client, boolean store, int most) {
        int left = most;
        for (Request.OpenZeroCopy open : List.copyOf(client.zeroCopies)) {
            if (!open.isEnding() && left-- > 0) {
                open.end(store);
            }
        }
    }

    // ---- clients and threads ---------------------------------------------------------------------------------------

    private void open(SplittableRandom r) {
        Disk disk = world.someDisk(r);
        SpdkThread thread = world.some(r);
        if (disk == null || thread == null || !world.hasRoomForClients()) {
            return;
        }
        List<Handle> there =
                world.handles.stream().filter(h -> h.isOpen() && h.disk == disk).toList();
        if (!there.isEmpty() && r.nextInt(3) == 0) {
            addClient(new Client(there.get(r.nextInt(there.size())), thread));
            return;
        }
        OpenMode mode = r.nextInt(5) == 0 ? OpenMode.READ_ONLY : OpenMode.READ_WRITE;
        Handle handle = new Handle(world, disk, mode, thread);
        thread.send(() -> {
            if (handle.open()) {
                world.handles.add(handle);
                addClientHere(new Client(handle, thread));
            }
        });
    }

    private void addClient(Client client) {
        client.thread.send(() -> addClientHere(client));
    }

    private void addClientHere(Client client) {
        if (world.threads.contains(client.thread) && client.open()) {
            world.trace("open", client, 0, null);
            world.clients.add(client);
        }
    }

    private void closeChannel(@Nullable Client client, SplittableRandom r) {
        if (client != null) {
            world.trace("close channel of", client, 0, null);
            if (r.nextBoolean()) {
                client.close();
            } else {
                client.thread.send(client::close);
            }
        }
    }

    private void closeDescriptor(SplittableRandom r) {
        List<Handle> open = world.handles.stream().filter(Handle::isOpen).toList();
        if (!open.isEmpty()) {
            Handle handle = open.get(r.nextInt(open.size()));
            if (r.nextBoolean()) {
                handle.close();
            } else {
                handle.thread.send(handle::close);
            }
        }
    }

    private void exitThread(SplittableRandom r) {
        SpdkThread thread = world.some(r);
        if (thread == null || world.threads.size() < 2) {
            return;
        }
        world.threads.remove(thread);
        world.counts.threadExits++;
        thread.send(() -> {
            world.locks.removeIf(lock -> {
                lock.close();
                return true;
            });
            for (Client c : world.clients) {
                if (c.thread == thread) {
                    endZeroCopies(c, false, Integer.MAX_VALUE);
                    c.close();
                }
            }
            for (Handle h : world.handles) {
                if (h.thread == thread) {
                    h.close();
                }
            }
            world.await("exit of " + thread, thread.exit());
        });
    }

    private void move(SplittableRandom r) {
        SpdkThread thread = world.some(r);
        List<Reactor> reactors = world.rt.reactors();
        if (thread != null) {
            thread.moveTo(reactors.get(r.nextInt(reactors.size())));
            world.counts.moves++;
        }
    }

    // ---- disks -----------------------------------------------------------------------------------------------------

    private void remove(@Nullable Disk disk, SplittableRandom r) {
        if (disk == null || (r.nextBoolean() && world.disks.size() == 1)) {
            return;
        }
        // An array that can do without a member does so.
        boolean fromBelow = r.nextBoolean() && (disk.array == null || disk.array.victim() == Array.ALL);
        world.trace("remove", disk, fromBelow ? 1 : 0, null);
        world.counts.removals++;
        Bdev first = fromBelow ? disk.media.getFirst() : disk.bdev;
        CompletableFuture<Void> gone = world.bdevs.unregister(first);
        disk.gone = gone;
        world.await("removal of " + disk, gone);
        for (Bdev media : disk.media) {
            if (media != first) {
                // What is below stays, and is of no use to anybody.
                world.await("removal of what is below " + disk, world.bdevs.unregister(media));
            }
        }
        if (r.nextInt(4) == 0 && !world.bdevs.unregister(first).isCompletedExceptionally()) {
            world.violation("a second removal of " + disk + " was accepted");
        }
    }

    private void add(SplittableRandom r) {
        for (Disk disk : world.disks) {
            CompletableFuture<Void> gone = disk.gone;
            if (gone != null
                    && gone.isDone()
                    && world.bdevs.bdevs().stream().noneMatch(b -> b.name().contains(disk.label))) {
                world.addDisk(disk.label, r);
                return;
            }
        }
    }

    private void grow(@Nullable Disk disk, SplittableRandom r) {
        if (disk == null || !disk.canGrow() || disk.grown > MOST_GROWTH) {
            return;
        }
        int blocks = disk.history.blockCount() + disk.writeUnit() * (1 + r.nextInt(16));
        disk.grow(blocks);
        world.trace("grow", disk, blocks, null);
        world.counts.resizes++;
        try {
            disk.media.getFirst().notifyBlockCount(blocks);
        } catch (SpdkException e) {
            world.violation("growing " + disk + " failed: " + e);
        }
    }

    private void shrink(@Nullable Disk disk) {
        if (disk == null || disk.media.getFirst().openCount() == 0) {
            return;
        }
        try {
            Bdev media = disk.media.getFirst();
            media.notifyBlockCount(media.blockCount() - 1);
            world.violation(disk + " was made smaller while it was open");
        } catch (SpdkException e) {
            if (e.errno() != Errno.EBUSY) {
                world.violation("shrinking " + disk + " failed: " + e);
            }
        }
    }

    private void inject(@Nullable Disk disk, SplittableRandom r) {
        Array array = disk == null ? null : disk.array;
        if (disk != null && array != null) {
            world.app.send(() -> array.swap(world, disk.name));
        } else if (disk != null && !disk.errors.isEmpty()) {
            Bdev bdev = disk.errors.get(r.nextInt(disk.errors.size()));
            ErrorType[] types = {ErrorType.FAILURE, ErrorType.PENDING, ErrorType.NOMEM};
            ErrorInjection.Target[] targets = ErrorInjection.Target.values();
            world.counts.failures++;
            ErrorBdev.inject(
                    bdev,
                    ErrorInjection.of(
                            targets[r.nextInt(targets.length)], types[r.nextInt(types.length)], 1 + r.nextInt(4)));
        }
    }

    private void statistics(@Nullable Disk disk) {
        if (disk != null) {
            world.await("statistics of " + disk, disk.bdev.stats());
        }
    }

    // ---- misuse ----------------------------------------------------------------------------------------------------

    private void misuse(@Nullable Client client, SplittableRandom r) {
        if (client == null) {
            return;
        }
        DmaBuf buf = world.pool.tryAllocate(client.disk.blockSize());
        if (buf == null) {
            return;
        }
        int what = r.nextInt(4);
        if (what == 0) {
            expect(WrongThreadException.class, client, () -> read(client, buf, 0));
            buf.close();
            return;
        }
        client.thread.send(() -> {
            if (client.isOpen()) {
                switch (what) {
                    case 1 ->
                        expect(
                                IllegalArgumentException.class,
                                client,
                                () -> read(
                                        client,
                                        buf,
                                        (long) client.disk.history.blockCount() * client.disk.blockSize()));
                    case 2 -> expect(IllegalArgumentException.class, client, () -> read(client, buf, 1));
                    default -> {
                        buf.close();
                        expect(IllegalStateException.class, client, () -> read(client, buf, 0));
                    }
                }
            }
            buf.close();
        });
    }

    private void read(Client client, DmaBuf buf, long offset) {
        BdevChannel channel = client.channel();
        channel.submitRead(
                buf, offset, (status, _) -> world.violation("a refused read of " + client + " ended: " + status), null);
    }

    private void expect(Class<? extends RuntimeException> wanted, Client client, Runnable misuse) {
        world.submitting++;
        try {
            misuse.run();
            world.violation("misuse by " + client + " was not refused with " + wanted.getSimpleName());
        } catch (RuntimeException e) {
            boolean full = world.mayRefuse && e instanceof LimitExceededException;
            if (!wanted.isInstance(e) && !full) {
                world.violation("misuse by " + client + " was refused with " + e);
            }
        } finally {
            world.submitting--;
        }
    }
}
