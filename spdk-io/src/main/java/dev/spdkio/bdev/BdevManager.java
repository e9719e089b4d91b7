// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.runtime.ThreadSlot;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The block devices of one application: who they are, and how they come, are opened and go.
 *
 * <p>Stands for the global state of {@code lib/bdev}; here it is an object, so that two applications can live in one
 * JVM.
 *
 * <p>Thread rule: everything may be called on any thread unless it says otherwise.
 */
public final class BdevManager implements AutoCloseable {
    /** The hubs of a thread: one for each manager, so one in all but tests. */
    private static final ThreadSlot<Hubs> HUBS = new ThreadSlot<>(_ -> new Hubs(new IdentityHashMap<>()));

    private record Hubs(Map<BdevManager, HubThread> all) implements AutoCloseable {
        @Override
        public void close() {
            all.values().forEach(HubThread::abandon);
        }
    }

    private final SpdkRuntime runtime;
    private final SpdkThread appThread;
    private final DmaPool pool;
    private volatile BdevOptions options;
    private volatile boolean inUse;

    private final Object lock = new Object();
    private final BdevNames names = new BdevNames();
    private final Set<AwaitedOpen> awaited = new HashSet<>();
    private final Set<BdevWatch> watches = new LinkedHashSet<>();
    private final AtomicLong badCompletions = new AtomicLong();
    private final BdevModules modules = new BdevModules(this);

    /** Each larger than the one before, which may be in use. */
    private final List<DmaBuf> zeroes = new ArrayList<>();

    private volatile boolean closing;

    private BdevManager(SpdkRuntime runtime, SpdkThread appThread, DmaPool pool, BdevOptions options) {
        this.runtime = Objects.requireNonNull(runtime, "runtime");
        this.appThread = Objects.requireNonNull(appThread, "appThread");
        this.pool = Objects.requireNonNull(pool, "pool");
        this.options = Objects.requireNonNull(options, "options");
    }

    /**
     * Makes a manager without devices.
     *
     * @param appThread where devices are destroyed and other control work is done
     * @param pool where bounce buffers and the shared buffer of zeroes come from
     */
    public static BdevManager create(SpdkRuntime runtime, SpdkThread appThread, DmaPool pool, BdevOptions options) {
        return new BdevManager(runtime, appThread, pool, options);
    }

    /** The runtime. */
    public SpdkRuntime runtime() {
        return runtime;
    }

    /** Where control work is done. */
    public SpdkThread appThread() {
        return appThread;
    }

    /** Where bounce buffers come from. */
    public DmaPool pool() {
        return pool;
    }

    /** The bounds in force. */
    public BdevOptions options() {
        return options;
    }

    /**
     * Changes the bounds, as long as no thread uses a device; {@code bdev_set_options}.
     *
     * @throws IllegalStateException if it is too late
     */
    public void setOptions(BdevOptions value) {
        if (inUse) {
            throw new IllegalStateException(
                    "the options of the bdev layer are fixed once a device is used: set them at start-up");
        }
        options = Objects.requireNonNull(value, "options");
    }

    /** The modules. */
    public BdevModules modules() {
        return modules;
    }

    /** A name that no device has: the prefix and the lowest free number, as SPDK chooses {@code Malloc0}. */
    public String unusedName(String prefix) {
        synchronized (lock) {
            return names.unused(prefix);
        }
    }

    /** The hub of a thread; only on that thread. */
    HubThread hub(SpdkThread thread) {
        inUse = true;
        return HUBS.get(thread).all.computeIfAbsent(this, _ -> new HubThread(thread, this));
    }

    // ---- registry --------------------------------------------------------------------------------------------------

    /** The devices in the order of their registration; a snapshot, those being removed included. */
    public List<Bdev> bdevs() {
        synchronized (lock) {
            return List.copyOf(names.all());
        }
    }

    /** The device with that name, alias or UUID, or null. {@code spdk_bdev_get_by_name}. */
    public @Nullable Bdev lookup(String name) {
        synchronized (lock) {
            return names.get(name);
        }
    }

    /** The device with that UUID, or null. */
    public @Nullable Bdev lookup(UUID uuid) {
        return lookup(uuid.toString());
    }

    private Bdev require(String name) throws SpdkException {
        Bdev bdev = lookup(name);
        if (bdev == null) {
            List<String> some = bdevs().stream().limit(16).map(Bdev::name).toList();
            throw new SpdkException(
                    Errno.ENODEV,
                    "there is no bdev " + name + ": " + (some.isEmpty() ? "none is registered" : "there are " + some));
        }
        return bdev;
    }

    /**
     * Registers a device: from now on it can be found and opened, and the modules examine it; on the app thread those
     * devices that were configured to stand on it are there when this returns. {@code spdk_bdev_register}.
     *
     * @throws SpdkException EEXIST if its name, an alias or its UUID is taken
     */
    public Bdev register(BdevSpec spec, BdevOps<?> ops) throws SpdkException {
        BdevSpec complete = spec.uuid() != null ? spec : spec.withUuid(UUID.randomUUID());
        Set<String> wanted = new LinkedHashSet<>();
        wanted.add(complete.name());
        wanted.addAll(complete.aliases());
        wanted.add(Objects.requireNonNull(complete.uuid()).toString());
        Bdev bdev;
        synchronized (lock) {
            for (String name : wanted) {
                names.checkFree(name, complete.name());
            }
            bdev = new Bdev(this, complete, ops);
            wanted.forEach(name -> names.add(bdev, name));
            watches.forEach(watch -> watch.tellAdded(bdev));
            awaited.forEach(AwaitedOpen::deviceCame);
        }
        modules.examineNew(bdev);
        return bdev;
    }

    /**
     * Gives a device a further name. {@code spdk_bdev_alias_add}.
     *
     * @throws SpdkException EEXIST if the name is taken, ENODEV if the device is not registered
     */
    public void addAlias(Bdev bdev, String alias) throws SpdkException {
        if (alias.isBlank()) {
            throw new IllegalArgumentException("bdev " + bdev.name() + ": an alias must not be blank");
        }
        synchronized (lock) {
            if (!names.contains(bdev)) {
                throw new SpdkException(Errno.ENODEV, "bdev " + bdev.name() + " is not registered");
            }
            names.checkFree(alias, bdev.name());
            names.add(bdev, alias);
            awaited.forEach(AwaitedOpen::deviceCame);
        }
    }

    /**
     * Takes a further name away. {@code spdk_bdev_alias_del}.
     *
     * @throws SpdkException ENOENT if it is not an alias of the device
     */
    public void removeAlias(Bdev bdev, String alias) throws SpdkException {
        synchronized (lock) {
            if (alias.equals(bdev.name()) || names.get(alias) != bdev) {
                throw new SpdkException(Errno.ENOENT, alias + " is not an alias of bdev " + bdev.name());
            }
            names.remove(bdev, alias);
        }
    }

    List<String> aliasesOf(Bdev bdev) {
        synchronized (lock) {
            return names.aliases(bdev);
        }
    }

    void forget(Bdev bdev) {
        synchronized (lock) {
            names.remove(bdev);
            watches.forEach(watch -> watch.tellRemoved(bdev));
        }
    }

    /**
     * Calls {@code added} for each device that is there or comes, and {@code removed} when it is gone and cannot be
     * found any more: once each, in order, on the app thread, where they must not block. To hear of a removal while it
     * waits for one's own descriptor, listen to that. Any thread.
     */
    public BdevWatch watch(Consumer<? super Bdev> added, Consumer<? super Bdev> removed) {
        BdevWatch watch =
                new BdevWatch(this, Objects.requireNonNull(added, "added"), Objects.requireNonNull(removed, "removed"));
        synchronized (lock) {
            watches.add(watch);
            names.all().forEach(watch::tellAdded);
        }
        return watch;
    }

    void forget(BdevWatch watch) {
        synchronized (lock) {
            watches.remove(watch);
        }
    }

    /**
     * Removes a device: queued I/O is aborted, every descriptor is told, and when the last one is closed the device is
     * destroyed. {@code spdk_bdev_unregister}.
     *
     * @return completes when the device is gone; fails with EBUSY if it is being removed already
     */
    public CompletableFuture<Void> unregister(Bdev bdev) {
        return bdev.unregister();
    }

    /**
     * The same by name.
     *
     * @throws SpdkException ENODEV if there is no such device
     */
    public CompletableFuture<Void> unregister(String name) throws SpdkException {
        return require(name).unregister();
    }

    // ---- opening ---------------------------------------------------------------------------------------------------

    /**
     * Opens a device. On an SpdkThread, or in a task of one; that thread owns the descriptor.
     * {@code spdk_bdev_open_ext}.
     *
     * @param name a name, alias or UUID
     * @param listener hears of events until the descriptor is closed
     * @throws SpdkException ENODEV if there is no such device or it is being removed
     */
    public BdevDesc open(String name, OpenMode mode, BdevEventListener listener) throws SpdkException {
        Objects.requireNonNull(mode, "mode");
        Objects.requireNonNull(listener, "listener");
        SpdkThread owner = callingThread("opening bdev " + name);
        if (owner.isCurrent()) {
            return require(name).open(owner, mode, listener);
        }
        try {
            return Task.call(() -> open(name, mode, listener));
        } catch (SpdkException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("opening bdev " + name, e);
        }
    }

    /**
     * The same when there is such a device, now or later. On an SpdkThread, or in a task of one; that thread owns the
     * descriptor and must not exit before the future is complete. {@code spdk_bdev_open_async}.
     *
     * <p>A descriptor that nobody waits for any more, since the future was cancelled, is closed.
     *
     * @param timeout after which the future fails with ETIMEDOUT
     */
    public CompletableFuture<BdevDesc> openWhenPresent(
            String name, OpenMode mode, BdevEventListener listener, Duration timeout) {
        Objects.requireNonNull(mode, "mode");
        Objects.requireNonNull(listener, "listener");
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException(
                    "opening bdev " + name + ": the timeout " + timeout + " must be positive");
        }
        SpdkThread owner = callingThread("opening bdev " + name);
        CompletableFuture<BdevDesc> result = runtime.newFuture();
        owner.execute(() -> {
            AwaitedOpen open = new AwaitedOpen(this, owner, name, mode, listener, timeout, result);
            synchronized (lock) {
                awaited.add(open);
            }
            open.tryOpen();
        });
        return result;
    }

    void noLongerAwaited(AwaitedOpen open) {
        synchronized (lock) {
            awaited.remove(open);
        }
    }

    /** The SPDK thread as which, or in a task of which, the caller runs. */
    private SpdkThread callingThread(String what) {
        SpdkThread t = SpdkThread.current();
        if (t == null) {
            Task<?> task = Task.current();
            t = task != null ? task.thread() : SpdkThread.require();
        }
        if (t.runtime() != runtime) {
            throw new IllegalArgumentException(
                    what + ": " + t + " belongs to runtime " + t.runtime().name() + ", the bdevs to " + runtime.name());
        }
        return t;
    }

    /**
     * Calls {@code visitor} for every device that is registered, while holding a descriptor of it, so that none can go
     * meanwhile. On an SpdkThread or in a task; {@code spdk_for_each_bdev}.
     */
    public void forEachBdev(Consumer<Bdev> visitor) {
        SpdkThread owner = callingThread("visiting the bdevs");
        for (Bdev bdev : bdevs()) {
            BdevDesc hold;
            try {
                hold = bdev.hold(owner);
            } catch (SpdkException removedMeanwhile) {
                continue;
            }
            try {
                visitor.accept(bdev);
            } finally {
                hold.close();
            }
        }
    }

    // ---- shared things ---------------------------------------------------------------------------------------------

    /**
     * A buffer of zeroes from which write zeroes is emulated, the same for all who need no larger one; null if there is
     * no memory for it now.
     */
    @Nullable
    DmaBuf tryZeroes(int atLeast) {
        synchronized (lock) {
            if (zeroes.isEmpty() || zeroes.getLast().size() < atLeast) {
                DmaBuf buf = pool.tryAllocate(zeroBytes(atLeast));
                if (buf == null) {
                    return null;
                }
                buf.fill((byte) 0);
                zeroes.add(buf);
            }
            return zeroes.getLast();
        }
    }

    /** How much {@link #tryZeroes} takes for who needs that. */
    long zeroBytes(int atLeast) {
        return Math.max(options.zeroBufferBytes(), atLeast);
    }

    long countBadCompletion() {
        return badCompletions.incrementAndGet();
    }

    /** How often a device completed an I/O that it did not have. */
    public long badCompletions() {
        return badCompletions.get();
    }

    /**
     * The I/Os that devices were given at least so long ago and have not completed, the oldest first: what a device
     * forgets is found here. Any thread.
     */
    public CompletableFuture<List<PendingIo>> pendingIo(Duration atLeast) {
        List<PendingIo> found = new ArrayList<>(); // one thread after the other adds to it
        return runtime.forEachThread(thread -> {
                    Hubs hubs = HUBS.peek(thread);
                    HubThread hub = hubs == null ? null : hubs.all.get(this);
                    if (hub != null) {
                        found.addAll(hub.pending(atLeast.toNanos()));
                    }
                })
                .thenApply(_ -> {
                    bdevs().forEach(bdev -> found.addAll(bdev.reset.pending(atLeast)));
                    found.sort(Comparator.comparingLong(PendingIo::submitNanos));
                    return List.copyOf(found);
                });
    }

    /**
     * Removes all devices, those that stand on others first, and ends the modules. Completes when that is done, which
     * waits for the descriptors of the devices.
     */
    public CompletableFuture<Void> closeAsync() {
        closing = true;
        CompletableFuture<Void> closed = runtime.newFuture();
        appThread.execute(() -> {
            BdevTeardown teardown = new BdevTeardown(this, () -> ended(closed));
            var _ = modules.beginFini().thenRun(() -> appThread.execute(teardown::removeNext));
        });
        return closed;
    }

    private void ended(CompletableFuture<Void> closed) {
        synchronized (lock) {
            zeroes.forEach(DmaBuf::close);
            zeroes.clear();
        }
        var _ = modules.fini().thenAccept(closed::complete);
    }

    /** Whether {@link #closeAsync} was called: devices are let go rather than removed. */
    public boolean isClosing() {
        return closing;
    }

    /** Begins {@link #closeAsync} without waiting for it. */
    @Override
    public void close() {
        var _ = closeAsync();
    }

    @Override
    public String toString() {
        return "bdevs of " + runtime.name();
    }
}
