// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvmf;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.error.SpdkException;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.nvmf.AnaState;
import dev.spdkio.nvmf.Nqn;
import dev.spdkio.nvmf.NvmfController;
import dev.spdkio.nvmf.NvmfNamespace;
import dev.spdkio.nvmf.NvmfNamespaceOptions;
import dev.spdkio.nvmf.NvmfSubsystem;
import dev.spdkio.nvmf.NvmfSubsystemOptions;
import dev.spdkio.spdk.ExportedBdev;
import dev.spdkio.spdk.SpdkBdevs;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.NvmfSubsystemApi;
import dev.spdkio.spdk.ffi.NvmfSubsystemApi.Change;
import dev.spdkio.spdk.nvme.Structs;
import dev.spdkio.spdk.runtime.Async;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * A subsystem of SPDK's target.
 *
 * <p>SPDK has its own states and does not tell them; when a bdev is removed under a subsystem that is paused or
 * inactive, SPDK makes that active. Therefore each request begins by bringing SPDK to the state that is known here.
 */
final class SpdkNvmfSubsystem implements NvmfSubsystem {
    private static final Logger LOG = System.getLogger(SpdkNvmfSubsystem.class.getName());

    private final SpdkNvmfTarget target;
    private final NvmfSubsystemOptions options;
    private final long pointer;
    private final SerialQueue queue;
    private volatile State state = State.INACTIVE;
    private int pausedNsid;

    /** The devices of Java among the namespaces. */
    private final List<ExportedBdev> exports = new ArrayList<>();

    SpdkNvmfSubsystem(SpdkNvmfTarget target, NvmfSubsystemOptions options, long pointer) {
        this.target = target;
        this.options = options;
        this.pointer = pointer;
        this.queue = new SerialQueue(target.appThread(), toString());
    }

    @Override
    public NvmfSubsystemOptions options() {
        return options;
    }

    @Override
    public State state() {
        return state;
    }

    /** Does a request in its turn, if there is still something to do it with. */
    private <T> CompletableFuture<T> submit(Callable<CompletableFuture<T>> request) {
        return queue.submit(() -> {
            if (state == State.DESTROYED) {
                throw new IllegalStateException(this + " is destroyed");
            }
            target.requireOpen();
            if (NvmfSubsystemApi.find(target.pointer(), nqn()) != pointer) {
                throw new IllegalStateException(this + " is gone: somebody has deleted it by RPC");
            }
            return request.call();
        });
    }

    // ---- states ---------------------------------------------------------------------------------------------------

    @Override
    public CompletableFuture<Void> start() {
        return submit(() -> {
            if (state == State.PAUSED) {
                throw new IllegalStateException(this + " cannot start: it is paused; resume it");
            }
            return change(Change.START, State.ACTIVE);
        });
    }

    @Override
    public CompletableFuture<Void> stop() {
        return submit(() -> change(Change.STOP, State.INACTIVE));
    }

    @Override
    public CompletableFuture<Void> pause() {
        return submit(() -> {
            if (state == State.PAUSED) {
                return CompletableFuture.completedFuture(null);
            }
            List<NvmfNamespace> all = Namespaces.list(pointer);
            if (all.size() > 1) {
                // The number for all of them loses its upper half on its way through SPDK, and then means none.
                throw new SpdkException(
                        Errno.EOPNOTSUPP,
                        this + " has " + all.size() + " namespaces, of which SPDK can pause only one: use pause(nsid)");
            }
            return pauseFor(all.isEmpty() ? 0 : all.getFirst().nsid());
        });
    }

    @Override
    public CompletableFuture<Void> pause(int nsid) {
        return submit(() -> pauseFor(nsid));
    }

    private CompletableFuture<Void> pauseFor(int nsid) throws SpdkException {
        if (state == State.INACTIVE) {
            throw new IllegalStateException(this + " cannot pause: it is inactive; start it");
        }
        if (state == State.PAUSED && nsid != pausedNsid) {
            throw new IllegalStateException(this + " cannot pause namespace " + nsid + ": namespace " + pausedNsid
                    + " is paused; resume first");
        }
        if (nsid != 0 && NvmfSubsystemApi.ns(pointer, nsid) == 0) {
            throw noSuch("namespace " + nsid);
        }
        return pauseNative(nsid).thenAccept(_ -> {
            pausedNsid = nsid;
            state = State.PAUSED;
        });
    }

    @Override
    public CompletableFuture<Void> resume() {
        return submit(() -> {
            if (state == State.INACTIVE) {
                throw new IllegalStateException(this + " cannot resume: it is inactive; start it");
            }
            return change(Change.RESUME, State.ACTIVE);
        });
    }

    private CompletableFuture<Void> change(Change change, State reached) {
        return call(change.name().toLowerCase(Locale.ROOT), token -> {
                    int rc = NvmfSubsystemApi.change(change, pointer, Async.STATE, token);
                    finishIf(rc != 0, token, rc);
                })
                .thenAccept(_ -> state = reached);
    }

    private CompletableFuture<Void> pauseNative(int nsid) {
        return call("pause", token -> {
            int rc = NvmfSubsystemApi.pause(pointer, nsid, Async.STATE, token);
            finishIf(rc != 0, token, rc);
        });
    }

    private static void finishIf(boolean ended, long token, int rc) {
        if (ended) {
            Async.finish(token, rc);
        }
    }

    /** Makes a call that ends with a status. */
    private CompletableFuture<Void> call(String verb, Async.Call call) {
        return Async.check(call, status -> failure(verb, status));
    }

    private SpdkException failure(String verb, int status) {
        // SPDK says -1 for whatever it has logged.
        int errno = status == -1 ? Errno.EIO : Math.abs(status);
        return new SpdkException(
                errno, this + " cannot " + verb + " (" + Errno.name(errno) + "): SPDK's log says more");
    }

    /** Makes a change for which SPDK wants a subsystem paused or inactive; afterwards it is as before. */
    private <T> CompletableFuture<T> changing(int nsid, Callable<CompletableFuture<T>> body) {
        State before = state;
        CompletableFuture<Void> ready = before == State.INACTIVE
                ? change(Change.STOP, before)
                : pauseNative(before == State.PAUSED ? pausedNsid : nsid);
        return ready.thenCompose(_ -> {
            CompletableFuture<T> changed = SerialQueue.attempt(body);
            return before == State.ACTIVE ? Async.then(changed, () -> change(Change.RESUME, before)) : changed;
        });
    }

    @Override
    public CompletableFuture<Void> destroy() {
        return target.isClosing() ? target.closeAsync() : destroyNow();
    }

    /** Destroys it even if the target is closing. */
    CompletableFuture<Void> destroyNow() {
        return queue.submit(() -> {
            boolean gone = state == State.DESTROYED || target.pointer() == 0;
            if (gone || NvmfSubsystemApi.find(target.pointer(), nqn()) != pointer) {
                forget();
                return unexportUnused();
            }
            return change(Change.STOP, State.INACTIVE).thenCompose(_ -> {
                for (TransportId address : listenersNow()) {
                    stopListening(address);
                }
                return call("be destroyed", token -> {
                            int rc = NvmfSubsystemApi.destroy(pointer, Async.DONE, token);
                            finishIf(rc != -Errno.EINPROGRESS, token, rc);
                        })
                        .thenRun(this::forget)
                        .thenCompose(_ -> unexportUnused());
            });
        });
    }

    private void forget() {
        state = State.DESTROYED;
        target.forget(this);
    }

    // ---- namespaces -----------------------------------------------------------------------------------------------

    @Override
    public CompletableFuture<Integer> addNamespace(String bdev, NvmfNamespaceOptions ns) {
        return submit(() -> {
            CompletableFuture<Integer> added = exported(bdev)
                    .thenCompose(name -> SerialQueue.attempt(() -> {
                        Namespaces.check(pointer, options, name, ns);
                        return changing(
                                0, () -> CompletableFuture.completedFuture(Namespaces.add(pointer, nqn(), name, ns)));
                    }));
            return Async.then(added, this::unexportUnused);
        });
    }

    @Override
    public CompletableFuture<Void> removeNamespace(int nsid) {
        return submit(() -> {
            if (NvmfSubsystemApi.ns(pointer, nsid) == 0) {
                throw noSuch("namespace " + nsid);
            }
            CompletableFuture<Void> removed =
                    changing(nsid, () -> done(NvmfSubsystemApi.removeNs(pointer, nsid), "remove namespace " + nsid));
            return Async.then(removed, this::unexportUnused);
        });
    }

    /** Gives a device of Java to SPDK, unless SPDK has it. The name by which SPDK has it. */
    private CompletableFuture<String> exported(String bdev) {
        Bdev java = BdevApi.byName(bdev) == 0 ? target.app().bdevs().lookup(bdev) : null;
        if (java == null) {
            return CompletableFuture.completedFuture(bdev);
        }
        return Async.on(target.appThread(), SpdkBdevs.export(java)).thenApply(export -> {
            exports.add(export);
            return java.name();
        });
    }

    /** Takes back from SPDK the devices that are no namespaces any more. */
    private CompletableFuture<Void> unexportUnused() {
        List<String> used = state == State.DESTROYED
                ? List.of()
                : Namespaces.list(pointer).stream().map(NvmfNamespace::bdev).toList();
        List<ExportedBdev> unused =
                exports.stream().filter(e -> !used.contains(e.bdev().name())).toList();
        exports.removeAll(unused);
        return Async.on(
                target.appThread(),
                CompletableFuture.allOf(
                        unused.stream().map(ExportedBdev::unexport).toArray(CompletableFuture<?>[]::new)));
    }

    @Override
    public CompletableFuture<List<NvmfNamespace>> namespaces() {
        return submit(() -> CompletableFuture.completedFuture(Namespaces.list(pointer)));
    }

    private SpdkException noSuch(String what) {
        return new SpdkException(Errno.ENOENT, this + " has no " + what);
    }

    private CompletableFuture<Void> done(int rc, String verb) throws SpdkException {
        if (rc != 0) {
            throw failure(verb, rc);
        }
        return CompletableFuture.completedFuture(null);
    }

    // ---- listeners ------------------------------------------------------------------------------------------------

    @Override
    public CompletableFuture<Void> addListener(TransportId id) {
        return submit(() -> {
            TransportId address = TransportIds.ofListener(id, nqn());
            target.requireTransport(address);
            if (listenersNow().contains(address)) {
                throw new SpdkException(Errno.EEXIST, this + " listens at " + address + " already");
            }
            return changing(0, () -> listen(address));
        });
    }

    private CompletableFuture<Void> listen(TransportId address) throws SpdkException {
        try (Arena arena = Arena.ofConfined()) {
            long trid = TransportIds.write(arena, address);
            target.listen(trid, address);
            return call(
                            "listen at " + address,
                            token -> NvmfSubsystemApi.addListener(pointer, trid, Async.STATUS, token))
                    .whenComplete((_, failure) -> {
                        if (failure != null) {
                            target.stopListening(address);
                        }
                    });
        }
    }

    @Override
    public CompletableFuture<Void> removeListener(TransportId id) {
        return submit(() -> {
            TransportId address = TransportIds.ofListener(id, nqn());
            if (!listenersNow().contains(address)) {
                throw noSuch("listener at " + address);
            }
            return changing(0, () -> {
                try (Arena arena = Arena.ofConfined()) {
                    long trid = TransportIds.write(arena, address);
                    var _ = done(NvmfSubsystemApi.removeListener(pointer, trid), "stop listening at " + address);
                    return call("stop listening at " + address, token -> {
                        int rc = target.stopListening(trid, address, pointer, token);
                        finishIf(rc != 0, token, rc);
                    });
                }
            });
        });
    }

    /** Takes a listener away from a subsystem that has no hosts any more. */
    private void stopListening(TransportId address) {
        try (Arena arena = Arena.ofConfined()) {
            int rc = NvmfSubsystemApi.removeListener(pointer, TransportIds.write(arena, address));
            if (rc != 0) {
                LOG.log(Level.WARNING, "{0} cannot stop listening at {1} (error {2})", this, address, -rc);
            }
        }
        target.stopListening(address);
    }

    private List<TransportId> listenersNow() {
        List<TransportId> all = new ArrayList<>();
        long l = NvmfSubsystemApi.firstListener(pointer);
        while (l != 0) {
            long trid = NvmfSubsystemApi.listenerTrid(l);
            if (trid != 0) {
                all.add(Structs.transportId(trid));
            }
            l = NvmfSubsystemApi.nextListener(pointer, l);
        }
        return List.copyOf(all);
    }

    @Override
    public CompletableFuture<List<TransportId>> listeners() {
        return submit(() -> CompletableFuture.completedFuture(listenersNow()));
    }

    @Override
    public CompletableFuture<Void> setAnaState(TransportId id, AnaState ana, int anaGroup) {
        return submit(() -> {
            TransportId address = TransportIds.ofListener(id, nqn());
            if (!options.anaReporting()) {
                throw new IllegalStateException(this + " does not report ANA states: make it with anaReporting");
            }
            if (anaGroup < 0 || anaGroup > options.maxNamespaces()) {
                throw new IllegalArgumentException(this + ": ANA group " + anaGroup + " is not in 0 to "
                        + options.maxNamespaces() + ", its maxNamespaces");
            }
            if (!listenersNow().contains(address)) {
                throw noSuch("listener at " + address);
            }
            return changing(0, () -> {
                try (Arena arena = Arena.ofConfined()) {
                    long trid = TransportIds.write(arena, address);
                    return call(
                            "set the ANA state of " + address,
                            token -> NvmfSubsystemApi.setAnaState(
                                    pointer, trid, ana.code(), anaGroup, Async.STATUS, token));
                }
            });
        });
    }

    // ---- hosts ----------------------------------------------------------------------------------------------------

    @Override
    public CompletableFuture<Void> allowAnyHost(boolean allowed) {
        return submit(() -> done(NvmfSubsystemApi.setAllowAnyHost(pointer, allowed), "change its hosts"));
    }

    @Override
    public CompletableFuture<Boolean> anyHostAllowed() {
        return submit(() -> CompletableFuture.completedFuture(NvmfSubsystemApi.allowAnyHost(pointer)));
    }

    @Override
    public CompletableFuture<Void> addHost(String hostNqn) {
        return submit(() -> {
            Nqn.require(hostNqn);
            if (hostsNow().contains(hostNqn)) {
                throw new SpdkException(Errno.EEXIST, this + " allows host " + hostNqn + " already");
            }
            return done(NvmfSubsystemApi.addHost(pointer, hostNqn), "allow host " + hostNqn);
        });
    }

    @Override
    public CompletableFuture<Void> removeHost(String hostNqn) {
        return submit(() -> {
            if (!hostsNow().contains(hostNqn)) {
                throw noSuch("host " + hostNqn);
            }
            var _ = done(NvmfSubsystemApi.removeHost(pointer, hostNqn), "disallow host " + hostNqn);
            return call("disconnect host " + hostNqn, token -> {
                int rc = NvmfSubsystemApi.disconnectHost(pointer, hostNqn, Async.STATUS, token);
                finishIf(rc != 0, token, rc);
            });
        });
    }

    private List<String> hostsNow() {
        List<String> all = new ArrayList<>();
        for (long h = NvmfSubsystemApi.firstHost(pointer); h != 0; h = NvmfSubsystemApi.nextHost(pointer, h)) {
            all.add(NvmfSubsystemApi.hostNqn(h));
        }
        return all.stream().sorted().toList();
    }

    @Override
    public CompletableFuture<List<String>> hosts() {
        return submit(() -> CompletableFuture.completedFuture(hostsNow()));
    }

    @Override
    public CompletableFuture<List<NvmfController>> controllers() {
        return submit(() -> switch (state) {
            case ACTIVE -> target.controllers(nqn());
            case PAUSED ->
                throw new SpdkException(
                        Errno.EAGAIN, this + " is paused: SPDK lists the controllers of active subsystems only");
            case INACTIVE, DESTROYED -> CompletableFuture.completedFuture(List.of());
        });
    }

    @Override
    public String toString() {
        return "subsystem " + nqn();
    }
}
