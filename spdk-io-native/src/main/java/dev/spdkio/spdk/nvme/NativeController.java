// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.nvme.ControllerData;
import dev.spdkio.nvme.ControllerListener;
import dev.spdkio.nvme.ControllerOptions;
import dev.spdkio.nvme.ControllerState;
import dev.spdkio.nvme.NvmeCompletion;
import dev.spdkio.nvme.NvmeController;
import dev.spdkio.nvme.NvmeNamespace;
import dev.spdkio.nvme.NvmeQueuePair;
import dev.spdkio.nvme.QueuePairOptions;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.NvmeApi;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A controller of SPDK: its events, its namespaces, and who has queue pairs of it. {@link Connection} makes its
 * connection again and ends it.
 *
 * <p>Thread rule: what {@link NvmeController} says.
 */
final class NativeController implements NvmeController {
    private static final Logger LOG = System.getLogger(NativeController.class.getName());

    /** How often the admin queue is looked at: often enough for a keep-alive, seldom enough to cost nothing. */
    static final Duration ADMIN_POLL_PERIOD = Duration.ofMillis(1);

    /** Events of a pass that are told; SPDK has fewer requests for them under way. */
    private static final int MAX_EVENTS = 256;

    private static final int IDENTIFY_BYTES = 4096;
    private static final int EVENT_NOTICE = 2;
    private static final int NOTICE_NAMESPACES = 0;

    private static final long EVENT = Upcall.stub(
            MethodHandles.lookup(),
            NativeController.class,
            "event",
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG),
            null);
    private static final long TIMEOUT = Upcall.stub(
            MethodHandles.lookup(),
            NativeController.class,
            "timeout",
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_SHORT),
            null);

    private final SpdkThread thread;
    private final TransportId id;
    private final ControllerOptions options;
    private final long pointer;
    private final long token = Tokens.put(this);
    private final int grantedQueues;
    private final AtomicInteger openPairs = new AtomicInteger();
    private final List<NativeQueuePair> pairs = new CopyOnWriteArrayList<>();
    private final List<ControllerListener> listeners = new CopyOnWriteArrayList<>();
    private final Map<Integer, NativeNamespace> known = new TreeMap<>(Integer::compareUnsigned);
    private final Queue<Integer> events = new ArrayDeque<>();
    private final AdminQueue admin;
    private final Connection connection;
    private final Poller poller;
    private volatile List<NvmeNamespace> namespaces = List.of();
    private volatile ControllerData data;
    private volatile ControllerState state = ControllerState.ONLINE;

    /** On its thread, for a {@code struct spdk_nvme_ctrlr} that is connected. */
    NativeController(SpdkThread thread, TransportId id, ControllerOptions options, long pointer) {
        this.thread = thread;
        this.id = id;
        this.options = options;
        this.pointer = pointer;
        this.grantedQueues = Structs.grantedIoQueues(pointer);
        this.data = askData();
        this.admin = new AdminQueue(this);
        this.connection = new Connection(this);
        askNamespaces();
        NvmeApi.registerAer(pointer, EVENT, token);
        long ioMicros = options.ioTimeout().toNanos() / 1000;
        if (ioMicros > 0) {
            NvmeApi.registerTimeout(pointer, ioMicros, ioMicros, TIMEOUT, token);
        }
        this.poller = thread.poller("nvme-admin")
                .period(ADMIN_POLL_PERIOD)
                .body(this::poll)
                .register();
    }

    private ControllerData askData() {
        return ControllerData.of(Raw.segment(NvmeApi.controllerData(pointer), IDENTIFY_BYTES));
    }

    private void askNamespaces() {
        known.values().forEach(NativeNamespace::gone);
        for (int ns = NvmeApi.firstActiveNs(pointer); ns != 0; ns = NvmeApi.nextActiveNs(pointer, ns)) {
            long at = NvmeApi.ns(pointer, ns);
            if (at == 0) {
                continue;
            }
            NativeNamespace old = known.get(ns);
            if (old == null) {
                known.put(ns, new NativeNamespace(this, ns, at));
            } else {
                old.refresh(at);
            }
        }
        namespaces = known.values().stream()
                .filter(NativeNamespace::isActive)
                .map(NvmeNamespace.class::cast)
                .toList();
    }

    // ---- the poller ------------------------------------------------------------------------------------------------

    private Poller.Result poll() {
        NativeThread.enter(thread);
        boolean busy = connection.poll();
        tellEvents();
        busy |= admin.poll();
        return busy ? Poller.Result.BUSY : Poller.Result.IDLE;
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void event(long token, long cpl) {
        NativeController c = Tokens.peek(token, NativeController.class);
        if (c != null && c.events.size() < MAX_EVENTS) {
            c.events.add(Raw.getInt(cpl));
        }
    }

    @SuppressWarnings("unused") // called by SPDK, on the thread of the queue pair
    private static void timeout(long token, long controller, long pair, short command) {
        NativeController c = Tokens.peek(token, NativeController.class);
        if (c != null) {
            c.lost("a command has been under way for more than ioTimeout " + c.options.ioTimeout());
        }
    }

    private void tellEvents() {
        for (Integer e = events.poll(); e != null; e = events.poll()) {
            int type = e & 7;
            int information = e >> 8 & 0xFF;
            int logPage = e >> 16 & 0xFF;
            if (type == EVENT_NOTICE && information == NOTICE_NAMESPACES && state == ControllerState.ONLINE) {
                askNamespaces();
                tell(l -> l.namespacesChanged(this));
            }
            tell(l -> l.asyncEvent(this, type, information, logPage));
        }
    }

    private void tell(Consumer<ControllerListener> what) {
        for (ControllerListener l : listeners) {
            try {
                what.accept(l);
            } catch (Throwable t) {
                LOG.log(Level.ERROR, "a listener of " + this + " failed", t);
            }
        }
    }

    // ---- for Connection, on the thread -----------------------------------------------------------------------------

    long pointer() {
        return pointer;
    }

    List<NativeQueuePair> pairs() {
        return pairs;
    }

    void setState(ControllerState next) {
        if (state != next) {
            state = next;
            if (next != ControllerState.ONLINE) {
                admin.disconnected();
            }
            LOG.log(Level.INFO, "{0} is {1}", this, next);
            tell(l -> l.stateChanged(this, next));
        }
    }

    /** It was connected again: whatever SPDK knows of it may be different. */
    void askAgain() {
        data = askData();
        List<NvmeNamespace> before = namespaces;
        askNamespaces();
        if (!before.equals(namespaces)) {
            tell(l -> l.namespacesChanged(this));
        }
    }

    /** Nothing is left of it. */
    void ended() {
        poller.close();
        admin.close();
        var _ = Tokens.take(token, NativeController.class);
        setState(ControllerState.DETACHED);
        NativeNvme.forget(this);
    }

    // ---- for queue pairs -------------------------------------------------------------------------------------------

    /** The connection is lost. Any thread, and in a call from SPDK too: what follows is done later. */
    void lost(String why) {
        if (state == ControllerState.ONLINE) {
            boolean _ = thread.trySendInternal(() -> connection.lost(why));
        }
    }

    /** A queue pair has ended. On the thread of the queue pair. */
    void gone(NativeQueuePair pair) {
        pairs.remove(pair);
        openPairs.decrementAndGet();
    }

    // ---- what the application sees ---------------------------------------------------------------------------------

    @Override
    public TransportId transportId() {
        return id;
    }

    @Override
    public SpdkThread thread() {
        return thread;
    }

    @Override
    public ControllerOptions options() {
        return options;
    }

    @Override
    public ControllerState state() {
        return state;
    }

    @Override
    public ControllerData data() {
        return data;
    }

    @Override
    public List<NvmeNamespace> namespaces() {
        return namespaces;
    }

    @Override
    public void addListener(ControllerListener listener) {
        listeners.add(listener);
    }

    @Override
    public void removeListener(ControllerListener listener) {
        listeners.remove(listener);
    }

    @Override
    public NvmeQueuePair openQueuePair(QueuePairOptions pairOptions) {
        SpdkThread owner = SpdkThread.require();
        if (state != ControllerState.ONLINE && state != ControllerState.RECONNECTING) {
            throw gone();
        }
        if (openPairs.incrementAndGet() > grantedQueues) {
            openPairs.decrementAndGet();
            throw new LimitExceededException(
                    "numIoQueues",
                    grantedQueues,
                    this + " has no queue pair left: close one, or ask for more with numIoQueues");
        }
        int requests = pairOptions.queueRequests() != 0 ? pairOptions.queueRequests() : options.ioQueueRequests();
        // A request that is split takes one object more than it has parts.
        NativeQueuePair pair = new NativeQueuePair(this, owner, pairOptions, Math.max(1, requests - 1));
        if (!thread.trySendInternal(() -> connection.opened(pair))) {
            pair.close();
            throw gone();
        }
        return pair;
    }

    private IllegalStateException gone() {
        return new IllegalStateException(this + " is " + state + ": connect it again");
    }

    @Override
    public void submitAdmin(
            NvmeCommand command, @Nullable DmaBuf buf, NvmeCompletion completion, @Nullable Object userData) {
        thread.checkCurrent("submitting an admin command");
        if (state == ControllerState.DETACHING || state == ControllerState.DETACHED) {
            throw gone();
        }
        NativeThread.enter(thread);
        admin.submit(command, buf, completion, userData);
    }

    @Override
    public CompletableFuture<Void> reset() {
        return onThread(connection::reset);
    }

    @Override
    public CompletableFuture<Void> detach() {
        return onThread(connection::detach);
    }

    private CompletableFuture<Void> onThread(Consumer<CompletableFuture<Void>> action) {
        CompletableFuture<Void> done = thread.runtime().newFuture();
        if (!thread.trySendInternal(() -> action.accept(done))) {
            done.completeExceptionally(gone());
        }
        return done;
    }

    @Override
    public String toString() {
        return "NVMe controller " + id;
    }
}
