// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.nvme.ControllerOptions;
import dev.spdkio.nvme.Discovery;
import dev.spdkio.nvme.DiscoveryEntry;
import dev.spdkio.nvme.NvmeController;
import dev.spdkio.nvme.NvmeDriver;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.NvmeApi;
import dev.spdkio.spdk.ffi.NvmfApi;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Connects controllers with SPDK's driver, polled by the reactors. */
final class NativeDriver implements NvmeDriver {
    private static final Logger LOG = System.getLogger(NativeDriver.class.getName());

    private static final long ATTACH = Upcall.stub(
            MethodHandles.lookup(),
            NativeDriver.class,
            "attach",
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            null);
    private static final long PROBE = Upcall.stub(
            MethodHandles.lookup(),
            NativeDriver.class,
            "probe",
            FunctionDescriptor.of(JAVA_BOOLEAN, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            false);

    /** Searches under way, by what SPDK calls back with: a token, or for a connect the address of its options. */
    private static final Map<Long, Search> SEARCHES = new ConcurrentHashMap<>();

    private final DmaPool pool;

    NativeDriver(DmaPool pool) {
        this.pool = pool;
    }

    @Override
    public CompletableFuture<NvmeController> connect(SpdkThread thread, TransportId id, ControllerOptions options) {
        return search(new Search(thread, id, options, null)).thenCompose(found -> {
            if (!found.isEmpty()) {
                return CompletableFuture.completedFuture(found.getFirst());
            }
            boolean twice = NativeNvme.isAttached(id);
            return CompletableFuture.failedFuture(new SpdkException(
                    twice ? Errno.EEXIST : Errno.EIO,
                    "NVMe controller " + id
                            + (twice
                                    ? " is connected already: use that one, or (from SPDK v25.05 on) another hostNqn"
                                    : " cannot be connected: SPDK's log says why")));
        });
    }

    @Override
    public CompletableFuture<List<NvmeController>> probe(
            SpdkThread thread, TransportId where, Predicate<TransportId> wanted, ControllerOptions options) {
        if (!where.isFabrics()) {
            return search(new Search(thread, where, options, wanted));
        }
        return discover(thread, where, options).thenCompose(entries -> {
            List<CompletableFuture<@Nullable NvmeController>> all = new ArrayList<>();
            for (DiscoveryEntry e : entries) {
                if (e.subtype() == DiscoveryEntry.NVM) {
                    all.add(connectIfWanted(thread, e.transportId(), wanted, options));
                }
            }
            return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                    .thenApply(_ -> {
                        List<NvmeController> connected = new ArrayList<>();
                        for (CompletableFuture<@Nullable NvmeController> f : all) {
                            NvmeController c = f.join();
                            if (c != null) {
                                connected.add(c);
                            }
                        }
                        return List.copyOf(connected);
                    });
        });
    }

    private CompletableFuture<@Nullable NvmeController> connectIfWanted(
            SpdkThread thread, TransportId id, Predicate<TransportId> wanted, ControllerOptions options) {
        return thread.<Boolean>call(() -> wanted.test(id)).thenCompose(yes -> {
            if (!yes) {
                return CompletableFuture.<@Nullable NvmeController>completedFuture(null);
            }
            return connect(thread, id, options).<@Nullable NvmeController>handle((controller, failure) -> {
                if (failure != null) {
                    LOG.log(Level.WARNING, "found, but not connected", failure);
                }
                return controller;
            });
        });
    }

    @Override
    public CompletableFuture<List<DiscoveryEntry>> discover(
            SpdkThread thread, TransportId service, ControllerOptions options) {
        TransportId id = service.subnqn().isEmpty() ? service.withSubnqn(TransportId.DISCOVERY_NQN) : service;
        ControllerOptions once = options.toBuilder().numIoQueues(0).build();
        return connect(thread, id, once).thenCompose(controller -> {
            CompletableFuture<List<DiscoveryEntry>> entries = Discovery.entries(controller, pool);
            return entries.handle((_, _) -> controller)
                    .thenCompose(NvmeController::detach)
                    .thenCompose(_ -> entries);
        });
    }

    // ---- SPDK's search ---------------------------------------------------------------------------------------------

    private static CompletableFuture<List<NvmeController>> search(Search search) {
        if (!search.thread.trySendInternal(search::start)) {
            throw new IllegalStateException("SpdkThread " + search.thread.name() + " has exited");
        }
        return search.done;
    }

    /** One connect or probe, on the thread that the controllers are to belong to. */
    private static final class Search {
        private final SpdkThread thread;
        private final TransportId id;
        private final ControllerOptions options;
        private final @Nullable Predicate<TransportId> wanted;
        private final CompletableFuture<List<NvmeController>> done;
        private final List<NvmeController> found = new ArrayList<>();

        /** Until the end: SPDK keeps the address of the options. */
        private final Arena arena = Arena.ofShared();

        private long key;
        private long context;
        private @Nullable Poller poller;

        Search(SpdkThread thread, TransportId id, ControllerOptions options, @Nullable Predicate<TransportId> wanted) {
            this.thread = thread;
            this.id = id;
            this.options = options;
            this.wanted = wanted;
            this.done = thread.runtime().newFuture();
        }

        void start() {
            NativeThread.enter(thread);
            long trid = NvmfApi.transportId(arena, id.toString());
            if (wanted == null) {
                key = Structs.controllerOpts(options, arena).address();
                SEARCHES.put(key, this);
                context = NvmeApi.connectAsync(trid, key, ATTACH);
            } else {
                key = Tokens.put(this);
                SEARCHES.put(key, this);
                context = NvmeApi.probeAsync(trid, key, PROBE, ATTACH, 0);
            }
            if (context == 0) {
                end();
            } else {
                poller = thread.poller("nvme-connect")
                        .period(NativeController.ADMIN_POLL_PERIOD)
                        .body(this::poll)
                        .register();
            }
        }

        private Poller.Result poll() {
            NativeThread.enter(thread);
            if (NvmeApi.probePoll(context) != -Errno.EAGAIN) {
                end();
            }
            return Poller.Result.BUSY;
        }

        private void end() {
            SEARCHES.remove(key);
            if (wanted != null) {
                var _ = Tokens.take(key, Search.class);
            }
            if (poller != null) {
                poller.close();
            }
            arena.close();
            done.complete(List.copyOf(found));
        }

        private void releaseReference(long controller) {
            MemorySegment detaching = arena.allocate(Raw.POINTER, Raw.POINTER);
            int rc = NvmeApi.detachAsync(controller, detaching.address());
            if (rc != 0) {
                LOG.log(Level.WARNING, "a second reference of {0} stays ({1})", id, Errno.name(-rc));
            }
        }

        void attached(TransportId at, long controller) {
            if (NativeNvme.isAttached(controller)) {
                // SPDK has one object for all who connect to a place as the same host: one owner is enough for it.
                releaseReference(controller);
                return;
            }
            NativeController c = new NativeController(thread, at, options, controller);
            NativeNvme.remember(c);
            found.add(c);
        }
    }

    @SuppressWarnings("unused") // called by SPDK
    private static boolean probe(long key, long trid, long opts) {
        Search s = SEARCHES.get(key);
        Predicate<TransportId> wanted = s == null ? null : s.wanted;
        if (s == null || wanted == null || !wanted.test(Structs.transportId(trid))) {
            return false;
        }
        Structs.fill(opts, s.options);
        return true;
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void attach(long key, long trid, long controller, long opts) {
        Search s = SEARCHES.get(key);
        if (s != null) {
            s.attached(s.wanted == null ? s.id : Structs.transportId(trid), controller);
        }
    }
}
