// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvmf;

import dev.spdkio.SpdkApp;
import dev.spdkio.error.SpdkException;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.nvmf.DiscoveryFilter;
import dev.spdkio.nvmf.NvmfController;
import dev.spdkio.nvmf.NvmfSubsystem;
import dev.spdkio.nvmf.NvmfSubsystemOptions;
import dev.spdkio.nvmf.NvmfTarget;
import dev.spdkio.nvmf.NvmfTargetOptions;
import dev.spdkio.nvmf.NvmfTargetStats;
import dev.spdkio.nvmf.NvmfTransport;
import dev.spdkio.nvmf.NvmfTransportOptions;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.Reactor;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.AbiTable;
import dev.spdkio.spdk.ffi.NativeStruct;
import dev.spdkio.spdk.ffi.NvmfApi;
import dev.spdkio.spdk.ffi.NvmfSubsystemApi;
import dev.spdkio.spdk.runtime.Async;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** SPDK's target: a {@code struct spdk_nvmf_tgt} with its poll groups. */
final class SpdkNvmfTarget implements NvmfTarget {
    private static final Logger LOG = System.getLogger(SpdkNvmfTarget.class.getName());

    /** How long {@link #close} waits. */
    private static final int CLOSE_SECONDS = 30;

    private record Transport(NvmfTransportOptions options) implements NvmfTransport {}

    private final SpdkApp app;
    private final NvmfTargetOptions options;
    private final SerialQueue queue;
    private final List<Transport> transports = new CopyOnWriteArrayList<>();
    private final ConcurrentSkipListMap<String, SpdkNvmfSubsystem> subsystems = new ConcurrentSkipListMap<>();
    private final List<PollGroup> pollGroups = new ArrayList<>();
    private long pointer;
    private @Nullable CompletableFuture<Void> closing;

    private SpdkNvmfTarget(SpdkApp app, NvmfTargetOptions options) {
        this.app = app;
        this.options = options;
        this.queue = new SerialQueue(app.appThread(), toString());
    }

    // ---- up -------------------------------------------------------------------------------------------------------

    static CompletableFuture<NvmfTarget> create(SpdkApp app, NvmfTargetOptions options) {
        SpdkNvmfTarget target = new SpdkNvmfTarget(app, options);
        app.onShutdown(target::close);
        return target.queue
                .submit(target::open)
                .<NvmfTarget>thenApply(_ -> target)
                // What there is of it must go first.
                .exceptionallyCompose(failure ->
                        target.closeAsync().thenCompose(_ -> CompletableFuture.failedFuture(Async.cause(failure))));
    }

    private CompletableFuture<Void> open() throws SpdkException {
        if (NvmfApi.tgt(name()) != 0) {
            throw new SpdkException(
                    Errno.EEXIST, this + " exists already: another target of this process has that name");
        }
        pointer = createNative();
        if (pointer == 0) {
            throw new SpdkException(Errno.EINVAL, this + " cannot be made: SPDK's log says why");
        }
        List<CompletableFuture<PollGroup>> groups = new ArrayList<>();
        for (Reactor reactor : app.runtime().reactors()) {
            groups.add(SerialQueue.attempt(() -> PollGroup.create(
                    app.runtime()
                            .createThread("nvmf_" + name() + "_" + reactor.core(), CpuSet.singleton(reactor.core())),
                    pointer)));
        }
        CompletableFuture<Void> all = CompletableFuture.allOf(groups.toArray(CompletableFuture<?>[]::new));
        CompletableFuture<Void> noted = Async.then(Async.on(appThread(), all), () -> {
            groups.stream().filter(g -> !g.isCompletedExceptionally()).forEach(g -> pollGroups.add(g.join()));
            return CompletableFuture.completedFuture(null);
        });
        return options.discovery() ? noted.thenCompose(_ -> addDiscovery()) : noted;
    }

    private long createNative() {
        AbiTable abi = AbiTable.get();
        try (Arena arena = Arena.ofConfined()) {
            NativeStruct opts = NativeStruct.allocate("spdk_nvmf_target_opts", arena);
            opts.set("size", opts.size()).set("max_subsystems", options.maxSubsystems());
            opts.bytes("name").setString(0, name());
            ShortBuffer crdt = opts.bytes("crdt")
                    .asByteBuffer()
                    .order(ByteOrder.nativeOrder())
                    .asShortBuffer();
            crdt.put((short) options.crdt1()).put((short) options.crdt2()).put((short) options.crdt3());
            long filter = 0;
            for (DiscoveryFilter f : options.discoveryFilter()) {
                filter |= abi.value("SPDK_NVMF_TGT_DISCOVERY_MATCH_TRANSPORT_"
                        + switch (f) {
                            case TRANSPORT_TYPE -> "TYPE";
                            case ADDRESS -> "ADDRESS";
                            case SERVICE -> "SVCID";
                        });
            }
            opts.set("discovery_filter", filter);
            return NvmfApi.tgtCreate(opts.address());
        }
    }

    private CompletableFuture<Void> addDiscovery() {
        try {
            return make(NvmfSubsystemOptions.discovery()).start();
        } catch (SpdkException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    // ---- what it is -----------------------------------------------------------------------------------------------

    @Override
    public NvmfTargetOptions options() {
        return options;
    }

    SpdkApp app() {
        return app;
    }

    SpdkThread appThread() {
        return app.appThread();
    }

    /** The address of its {@code struct spdk_nvmf_tgt}. App thread. */
    long pointer() {
        return pointer;
    }

    synchronized boolean isClosing() {
        return closing != null;
    }

    /** @throws IllegalStateException if it is closed, or somebody has deleted it by RPC; app thread */
    void requireOpen() {
        if (isClosing()) {
            throw new IllegalStateException(this + " is closed");
        }
        if (NvmfApi.tgt(name()) != pointer) {
            throw new IllegalStateException(this + " is gone: somebody has deleted it by RPC");
        }
    }

    private <T> CompletableFuture<T> submit(Callable<CompletableFuture<T>> request) {
        return queue.submit(() -> {
            requireOpen();
            return request.call();
        });
    }

    @Override
    public List<NvmfTransport> transports() {
        return List.copyOf(transports);
    }

    @Override
    public @Nullable NvmfSubsystem subsystem(String nqn) {
        return subsystems.get(nqn);
    }

    @Override
    public List<NvmfSubsystem> subsystems() {
        return List.copyOf(subsystems.values());
    }

    // ---- transports -----------------------------------------------------------------------------------------------

    @Override
    public CompletableFuture<NvmfTransport> addTransport(NvmfTransportOptions wanted) {
        String transport = wanted.trtype().text();
        return submit(() -> {
            if (NvmfApi.tgtTransport(pointer, transport) != 0) {
                throw new SpdkException(Errno.EEXIST, this + " has the transport " + transport + " already");
            }
            try (Arena arena = Arena.ofConfined()) {
                NativeStruct opts = TransportOpts.write(arena, wanted);
                return Async.start(token -> {
                            if (NvmfApi.transportCreate(transport, opts.address(), Async.POINTER, token) != 0) {
                                Async.finish(token, 0);
                            }
                        })
                        .thenCompose(created -> added(wanted, created));
            }
        });
    }

    private CompletableFuture<NvmfTransport> added(NvmfTransportOptions wanted, long created) {
        if (created == 0) {
            return CompletableFuture.failedFuture(new SpdkException(
                    Errno.EINVAL,
                    "SPDK cannot make the transport of " + this + " as " + wanted + ": its log says why"));
        }
        return Async.start(token -> NvmfApi.tgtAddTransport(pointer, created, Async.STATUS, token))
                .thenCompose(status -> {
                    if (status == 0) {
                        Transport transport = new Transport(TransportOpts.read(wanted.trtype(), created));
                        transports.add(transport);
                        return CompletableFuture.completedFuture(transport);
                    }
                    int errno = Math.abs(Math.toIntExact(status));
                    SpdkException failure = new SpdkException(
                            errno,
                            "the transport " + wanted.trtype().text() + " cannot be added to " + this + " ("
                                    + Errno.name(errno) + "): SPDK's log says more");
                    return Async.start(token -> NvmfApi.transportDestroy(created, Async.DONE, token))
                            .thenCompose(_ -> CompletableFuture.failedFuture(failure));
                });
    }

    /** Finds the transport of a listener. App thread. */
    long requireTransport(TransportId address) throws SpdkException {
        long transport = NvmfApi.tgtTransport(pointer, address.trstring());
        if (transport == 0) {
            throw new SpdkException(
                    Errno.EPROTONOSUPPORT,
                    this + " has no transport " + address.trstring() + " to listen at " + address
                            + ": add the transport first");
        }
        return transport;
    }

    /** Begins to listen for one more subsystem. App thread. */
    void listen(long trid, TransportId address) throws SpdkException {
        int rc = NvmfApi.tgtListen(pointer, trid);
        if (rc != 0) {
            throw new SpdkException(
                    Errno.EADDRNOTAVAIL,
                    this + " cannot listen at " + address + " (error " + Errno.name(-rc)
                            + "): is it an address of this machine, and is its port free?");
        }
    }

    /** Stops listening for one subsystem, whose hosts are gone. App thread. */
    void stopListening(TransportId address) {
        try (Arena arena = Arena.ofConfined()) {
            int rc = NvmfApi.tgtStopListen(pointer, TransportIds.write(arena, address));
            if (rc != 0) {
                LOG.log(Level.WARNING, "{0} cannot stop listening at {1} (error {2})", this, address, -rc);
            }
        }
    }

    /** The same after the hosts of a subsystem are disconnected; ends with a status. App thread. */
    int stopListening(long trid, TransportId address, long subsystem, long token) {
        long transport = NvmfApi.tgtTransport(pointer, address.trstring());
        return NvmfApi.transportStopListen(transport, trid, subsystem, Async.STATUS, token);
    }

    // ---- subsystems -----------------------------------------------------------------------------------------------

    @Override
    public CompletableFuture<NvmfSubsystem> addSubsystem(NvmfSubsystemOptions wanted) {
        return submit(() -> CompletableFuture.completedFuture(make(wanted)));
    }

    private SpdkNvmfSubsystem make(NvmfSubsystemOptions wanted) throws SpdkException {
        String nqn = wanted.nqn();
        if (NvmfSubsystemApi.find(pointer, nqn) != 0) {
            throw new SpdkException(Errno.EEXIST, this + " has a subsystem " + nqn + " already");
        }
        if (subsystems.size() >= options.maxSubsystems()) {
            throw new SpdkException(
                    Errno.ENOSPC,
                    this + " has no room for subsystem " + nqn + ": its maxSubsystems is " + options.maxSubsystems());
        }
        long made = NvmfSubsystemApi.create(
                pointer,
                nqn,
                wanted.type().code(),
                wanted.serialNumber(),
                wanted.modelNumber(),
                wanted.maxNamespaces(),
                wanted.anaReporting());
        if (made == 0) {
            throw new SpdkException(
                    Errno.EINVAL, "subsystem " + nqn + " cannot be made in " + this + ": SPDK's log says why");
        }
        int _ = NvmfSubsystemApi.setAllowAnyHost(made, wanted.allowAnyHost());
        SpdkNvmfSubsystem subsystem = new SpdkNvmfSubsystem(this, wanted, made);
        subsystems.put(nqn, subsystem);
        return subsystem;
    }

    void forget(SpdkNvmfSubsystem subsystem) {
        subsystems.remove(subsystem.nqn(), subsystem);
    }

    /** The controllers of an active subsystem, which SPDK tells by RPC only. App thread. */
    CompletableFuture<List<NvmfController>> controllers(String nqn) {
        JsonNode params = JsonNodeFactory.instance.objectNode().put("nqn", nqn).put("tgt_name", name());
        return Async.on(appThread(), app.rpc().call("nvmf_subsystem_get_controllers", params))
                .thenApply(all -> {
                    List<NvmfController> controllers = new ArrayList<>();
                    for (JsonNode c : all) {
                        controllers.add(new NvmfController(
                                c.path("cntlid").asInt(),
                                c.path("hostnqn").asString(),
                                c.path("hostid").asString(),
                                // SPDK counts the one for administration, whatever the name says.
                                Math.max(0, c.path("num_io_qpairs").asInt() - 1)));
                    }
                    return List.copyOf(controllers);
                });
    }

    @Override
    public CompletableFuture<NvmfTargetStats> stats() {
        return submit(() -> {
            var all = pollGroups.stream().map(PollGroup::stats).toList();
            return Async.on(appThread(), CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new)))
                    .thenApply(_ -> new NvmfTargetStats(
                            all.stream().map(CompletableFuture::join).toList()));
        });
    }

    // ---- down -----------------------------------------------------------------------------------------------------

    @Override
    public synchronized CompletableFuture<Void> closeAsync() {
        CompletableFuture<Void> ended = closing;
        if (ended == null) {
            ended = queue.submit(this::shutDown);
            closing = ended;
        }
        return ended.copy();
    }

    private CompletableFuture<Void> shutDown() {
        if (pointer == 0 || NvmfApi.tgt(name()) != pointer) {
            return endPollGroups();
        }
        CompletableFuture<Void> step = CompletableFuture.completedFuture(null);
        for (SpdkNvmfSubsystem s : subsystems.values()) {
            step = step.thenCompose(_ -> s.destroyNow()).exceptionally(failure -> {
                LOG.log(Level.ERROR, s + " cannot be destroyed; the end of " + this + " goes on", failure);
                return null;
            });
        }
        return step.thenCompose(_ -> endPollGroups())
                .thenCompose(_ -> Async.start(token -> NvmfApi.tgtDestroy(pointer, Async.STATUS, token)))
                .thenAccept(_ -> pointer = 0);
    }

    private CompletableFuture<Void> endPollGroups() {
        var all = pollGroups.stream().map(PollGroup::destroy).toArray(CompletableFuture<?>[]::new);
        pollGroups.clear();
        return Async.on(appThread(), CompletableFuture.allOf(all));
    }

    @Override
    public void close() {
        if (SpdkThread.current() != null) {
            throw new IllegalStateException(this + " cannot be closed on " + SpdkThread.current()
                    + ", which it needs for that: use closeAsync()");
        }
        try {
            closeAsync().get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IllegalStateException(this + " has not ended after " + CLOSE_SECONDS + " s: " + subsystems(), e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(this + " has not ended in order", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return "NVMe-oF target " + name();
    }
}
