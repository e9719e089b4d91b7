// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.SpdkApp;
import dev.spdkio.error.SpdkException;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.nvmf.AnaState;
import dev.spdkio.nvmf.Nqn;
import dev.spdkio.nvmf.NvmfNamespace;
import dev.spdkio.nvmf.NvmfNamespaceOptions;
import dev.spdkio.nvmf.NvmfPollGroupStats;
import dev.spdkio.nvmf.NvmfSubsystem;
import dev.spdkio.nvmf.NvmfSubsystem.State;
import dev.spdkio.nvmf.NvmfSubsystemOptions;
import dev.spdkio.nvmf.NvmfTarget;
import dev.spdkio.nvmf.NvmfTargetOptions;
import dev.spdkio.nvmf.NvmfTransport;
import dev.spdkio.nvmf.NvmfTransportOption;
import dev.spdkio.nvmf.NvmfTransportOptions;
import dev.spdkio.sys.Errno;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every NVMe-oF target promises to those who manage it: states, names, namespaces, listeners, hosts, ends. What
 * hosts see is another matter.
 *
 * <p>A subclass says which application the target is for; its engine decides which target that is.
 */
@Timeout(120)
public abstract class NvmfTargetContract {
    private static final String LOOPBACK = "127.0.0.1";
    private static final String HOST = "nqn.2025-01.com.example:host";

    private @Nullable NvmfTarget target;

    /** The running application. It has two bdevs that nobody uses, with the names of {@link #bdevs}. */
    protected abstract SpdkApp app() throws Exception;

    /** The names of two bdevs. */
    protected List<String> bdevs() {
        return List.of("NvmfA", "NvmfB");
    }

    @BeforeEach
    final void open() throws Exception {
        target = await(NvmfTarget.create(app(), NvmfTargetOptions.DEFAULT.withName("contract")));
    }

    @AfterEach
    final void close() {
        NvmfTarget t = target;
        if (t != null) {
            t.close();
        }
    }

    private NvmfTarget target() {
        return Objects.requireNonNull(target);
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        try {
            return future.get(TestWorld.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        } catch (TimeoutException e) {
            throw new AssertionError("not done after " + TestWorld.PATIENCE, e);
        }
    }

    private static void assertErrno(int errno, CompletableFuture<?> future, String... words) {
        assertThatThrownBy(() -> await(future))
                .isInstanceOfSatisfying(
                        SpdkException.class,
                        e -> assertThat(e.errno()).as(e.getMessage()).isEqualTo(errno))
                .hasMessageContainingAll(words);
    }

    private static void assertMisuse(
            Class<? extends RuntimeException> type, CompletableFuture<?> future, String... words) {
        assertThatThrownBy(() -> await(future)).isInstanceOf(type).hasMessageContainingAll(words);
    }

    private static String nqn(String name) {
        return "nqn.2025-01.com.example:" + name;
    }

    private NvmfSubsystem subsystem(String name) throws Exception {
        return await(target().addSubsystem(NvmfSubsystemOptions.of(nqn(name))));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static boolean answers(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    // ---- states ---------------------------------------------------------------------------------------------------

    @Test
    void statesFollowEachOther() throws Exception {
        NvmfSubsystem s = subsystem("states");
        assertThat(s.state()).isEqualTo(State.INACTIVE);
        assertMisuse(IllegalStateException.class, s.pause(), s.nqn(), "inactive");
        assertMisuse(IllegalStateException.class, s.resume(), s.nqn(), "inactive");
        await(s.stop());
        await(s.start());
        assertThat(s.state()).isEqualTo(State.ACTIVE);
        await(s.start());
        await(s.resume());
        await(s.pause());
        assertThat(s.state()).isEqualTo(State.PAUSED);
        await(s.pause());
        assertMisuse(IllegalStateException.class, s.start(), s.nqn(), "paused");
        assertMisuse(IllegalStateException.class, s.pause(1), s.nqn(), "resume");
        assertThat(s.state()).isEqualTo(State.PAUSED);
        await(s.resume());
        assertThat(s.state()).isEqualTo(State.ACTIVE);
        await(s.addNamespace(bdevs().getFirst()));
        await(s.pause(1));
        await(s.pause(1));
        assertThat(s.state()).isEqualTo(State.PAUSED);
        await(s.stop());
        assertThat(s.state()).isEqualTo(State.INACTIVE);
    }

    @Test
    void requestsAreDoneInOrder() throws Exception {
        NvmfSubsystem s = subsystem("order");
        List<State> seen = new ArrayList<>();
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(s.start().thenRun(() -> seen.add(State.ACTIVE)));
            all.add(s.pause().thenRun(() -> seen.add(State.PAUSED)));
            all.add(s.resume().thenRun(() -> seen.add(State.ACTIVE)));
            all.add(s.stop().thenRun(() -> seen.add(State.INACTIVE)));
        }
        for (CompletableFuture<?> f : all) {
            await(f);
        }
        for (int i = 0; i < seen.size(); i += 4) {
            assertThat(seen.subList(i, i + 4))
                    .containsExactly(State.ACTIVE, State.PAUSED, State.ACTIVE, State.INACTIVE);
        }
    }

    @Test
    void destroysOnceAndFromEveryState() throws Exception {
        for (State last : List.of(State.INACTIVE, State.ACTIVE, State.PAUSED)) {
            NvmfSubsystem s = subsystem("destroyed");
            await(s.addNamespace(bdevs().getFirst()));
            if (last != State.INACTIVE) {
                await(s.start());
            }
            if (last == State.PAUSED) {
                await(s.pause());
            }
            CompletableFuture<Void> first = s.destroy();
            await(s.destroy());
            await(first);
            assertThat(s.state()).isEqualTo(State.DESTROYED);
            assertThat(target().subsystem(s.nqn())).isNull();
            assertMisuse(IllegalStateException.class, s.start(), s.nqn(), "destroyed");
        }
    }

    // ---- names ----------------------------------------------------------------------------------------------------

    @Test
    void subsystemsHaveNamesOfTheirOwn() throws Exception {
        NvmfSubsystem s = subsystem("a");
        assertErrno(Errno.EEXIST, target().addSubsystem(NvmfSubsystemOptions.of(s.nqn())), s.nqn());
        assertThat(target().subsystem(s.nqn())).isSameAs(s);
        assertThat(target().subsystem(nqn("none"))).isNull();
        assertThat(target().subsystems())
                .extracting(NvmfSubsystem::nqn)
                .containsExactlyInAnyOrder(s.nqn(), TransportId.DISCOVERY_NQN);
        for (String bad : List.of("", "a", "nqn.2025.com.example:a", "nqn.2025-01.com.example", "nqn.2025-01.-a:b")) {
            assertThatThrownBy(() -> NvmfSubsystemOptions.of(bad)).isInstanceOf(IllegalArgumentException.class);
        }
        String uuid = Nqn.ofUuid(UUID.randomUUID());
        assertThat(await(target().addSubsystem(NvmfSubsystemOptions.of(uuid))).nqn())
                .isEqualTo(uuid);
    }

    @Test
    void holdsAsManySubsystemsAsItsOptionsSay() throws Exception {
        NvmfTargetOptions two =
                NvmfTargetOptions.DEFAULT.withName("small").withMaxSubsystems(2).withDiscovery(false);
        try (NvmfTarget small = await(NvmfTarget.create(app(), two))) {
            assertThat(small.subsystems()).isEmpty();
            await(small.addSubsystem(NvmfSubsystemOptions.of(nqn("a"))));
            NvmfSubsystem b = await(small.addSubsystem(NvmfSubsystemOptions.of(nqn("b"))));
            assertErrno(Errno.ENOSPC, small.addSubsystem(NvmfSubsystemOptions.of(nqn("c"))), "maxSubsystems is 2");
            await(b.destroy());
            await(small.addSubsystem(NvmfSubsystemOptions.of(nqn("c"))));
        }
    }

    @Test
    void targetsHaveNamesOfTheirOwn() throws Exception {
        NvmfTargetOptions same = target().options();
        assertErrno(Errno.EEXIST, NvmfTarget.create(app(), same), "contract");
        target().close();
        target = await(NvmfTarget.create(app(), same));
    }

    // ---- namespaces -----------------------------------------------------------------------------------------------

    @Test
    void namespacesComeAndGoInEveryState() throws Exception {
        NvmfSubsystem s = subsystem("namespaces");
        for (State state : List.of(State.INACTIVE, State.ACTIVE, State.PAUSED)) {
            if (state == State.ACTIVE) {
                await(s.start());
            } else if (state == State.PAUSED) {
                await(s.pause());
            }
            assertThat(await(s.addNamespace(bdevs().getFirst()))).isEqualTo(1);
            assertThat(await(s.addNamespace(bdevs().getLast()))).isEqualTo(2);
            await(s.removeNamespace(1));
            assertThat(await(s.namespaces())).extracting(NvmfNamespace::bdev).containsExactly(bdevs().getLast());
            assertThat(await(s.addNamespace(bdevs().getFirst()))).isEqualTo(1);
            await(s.removeNamespace(1));
            await(s.removeNamespace(2));
            assertThat(await(s.namespaces())).isEmpty();
            assertThat(s.state()).isEqualTo(state);
        }
    }

    @Test
    void namespacesHaveTheIdentityTheyAreGiven() throws Exception {
        NvmfSubsystem s = subsystem("identity");
        UUID uuid = UUID.randomUUID();
        String nguid = "00112233445566778899aabbccddeeff";
        NvmfNamespaceOptions options = NvmfNamespaceOptions.DEFAULT
                .withNsid(7)
                .withUuid(uuid)
                .withNguid(nguid)
                .withEui64("0123456789abcdef")
                .withAnaGroup(3);
        assertThat(await(s.addNamespace(bdevs().getFirst(), options))).isEqualTo(7);
        assertThat(await(s.addNamespace(bdevs().getLast()))).isEqualTo(1);
        UUID own =
                Objects.requireNonNull(app().bdevs().lookup(bdevs().getLast())).uuid();
        assertThat(await(s.namespaces()))
                .satisfiesExactly(
                        ns -> assertThat(ns)
                                .returns(1, NvmfNamespace::nsid)
                                .returns(own, NvmfNamespace::uuid)
                                .returns(1, NvmfNamespace::anaGroup),
                        ns -> assertThat(ns)
                                .isEqualTo(
                                        new NvmfNamespace(7, bdevs().getFirst(), uuid, nguid, "0123456789abcdef", 3)));
    }

    @Test
    void namespacesThatCannotBeAreRefused() throws Exception {
        String bdev = bdevs().getFirst();
        NvmfSubsystemOptions two = NvmfSubsystemOptions.of(nqn("refuses")).withMaxNamespaces(1);
        NvmfSubsystem s = await(target().addSubsystem(two));
        await(s.start());
        assertErrno(Errno.ENODEV, s.addNamespace("NoSuchBdev"), "NoSuchBdev", s.nqn());
        assertErrno(Errno.ENOENT, s.removeNamespace(1), "namespace 1");
        assertMisuse(
                IllegalArgumentException.class,
                s.addNamespace(bdev, NvmfNamespaceOptions.DEFAULT.withNsid(2)),
                "nsid is 2",
                "maxNamespaces is 1");
        await(s.addNamespace(bdev));
        assertErrno(
                Errno.EEXIST,
                s.addNamespace(bdevs().getLast(), NvmfNamespaceOptions.DEFAULT.withNsid(1)),
                "namespace 1");
        assertErrno(Errno.ENOSPC, s.addNamespace(bdevs().getLast()), "maxNamespaces");
        NvmfSubsystem other = subsystem("other");
        assertErrno(Errno.EPERM, other.addNamespace(bdev), bdev, "claimed");
        assertThat(s.state()).isEqualTo(State.ACTIVE);
        assertThatThrownBy(() -> NvmfNamespaceOptions.DEFAULT.withNguid("12"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("32 hexadecimal digits");
    }

    // ---- transports and listeners ---------------------------------------------------------------------------------

    @Test
    void transportsTellWhatIsInForce() throws Exception {
        NvmfTransport tcp =
                await(target().addTransport(NvmfTransportOptions.tcp().with(NvmfTransportOption.MAX_IO_SIZE, 65536)));
        assertThat(tcp.options().get(NvmfTransportOption.MAX_IO_SIZE)).hasValue(65536);
        assertThat(tcp.options().get(NvmfTransportOption.MAX_QUEUE_DEPTH)).isPresent();
        assertThat(target().transports()).containsExactly(tcp);
        assertErrno(Errno.EEXIST, target().addTransport(NvmfTransportOptions.tcp()), "TCP");
        assertThatThrownBy(() -> NvmfTransportOptions.tcp().with(NvmfTransportOption.MAX_IO_SIZE, 10000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("power of two");
    }

    @Test
    void listensWhereItIsAsked() throws Exception {
        NvmfSubsystem a = subsystem("a");
        NvmfSubsystem b = subsystem("b");
        int port = freePort();
        TransportId address = TransportId.tcp(LOOPBACK, port, "");
        assertErrno(Errno.EPROTONOSUPPORT, a.addListener(address), "TCP");
        await(target().addTransport(NvmfTransportOptions.tcp()));
        await(a.addListener(address));
        assertErrno(Errno.EEXIST, a.addListener(address), a.nqn());
        await(b.start());
        await(b.addListener(address.withSubnqn(b.nqn())));
        assertThat(await(a.listeners())).containsExactly(address);
        assertThat(await(b.listeners())).containsExactly(address);
        assertThat(answers(port)).isTrue();
        assertMisuse(IllegalArgumentException.class, a.addListener(address.withSubnqn(b.nqn())), b.nqn());
        await(a.removeListener(address));
        assertErrno(Errno.ENOENT, a.removeListener(address), a.nqn());
        assertThat(answers(port)).isTrue();
        await(b.removeListener(address));
        assertThat(answers(port)).isFalse();
        assertThat(b.state()).isEqualTo(State.ACTIVE);
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            TransportId inUse = TransportId.tcp(LOOPBACK, taken.getLocalPort(), "");
            assertErrno(Errno.EADDRNOTAVAIL, a.addListener(inUse), LOOPBACK);
            assertThat(await(a.listeners())).isEmpty();
        }
    }

    @Test
    void tellsHowWellListenersReachNamespaces() throws Exception {
        NvmfSubsystem silent = subsystem("silent");
        NvmfSubsystem ana =
                await(target().addSubsystem(NvmfSubsystemOptions.of(nqn("ana")).withAnaReporting(true)));
        await(target().addTransport(NvmfTransportOptions.tcp()));
        TransportId address = TransportId.tcp(LOOPBACK, freePort(), "");
        assertErrno(Errno.ENOENT, ana.setAnaState(address, AnaState.OPTIMIZED, 0), "listener");
        await(ana.addListener(address));
        await(ana.start());
        await(ana.setAnaState(address, AnaState.INACCESSIBLE, 0));
        await(ana.setAnaState(address, AnaState.OPTIMIZED, 1));
        assertMisuse(IllegalArgumentException.class, ana.setAnaState(address, AnaState.OPTIMIZED, 33), "33");
        assertMisuse(IllegalStateException.class, silent.setAnaState(address, AnaState.OPTIMIZED, 0), "anaReporting");
        assertThat(ana.state()).isEqualTo(State.ACTIVE);
    }

    // ---- hosts ----------------------------------------------------------------------------------------------------

    @Test
    void hostsAreAllowedByName() throws Exception {
        NvmfSubsystem s = subsystem("hosts");
        assertThat(await(s.anyHostAllowed())).isFalse();
        await(s.allowAnyHost(true));
        assertThat(await(s.anyHostAllowed())).isTrue();
        await(s.allowAnyHost(false));
        await(s.addHost(HOST + "2"));
        await(s.addHost(HOST + "1"));
        assertErrno(Errno.EEXIST, s.addHost(HOST + "1"), HOST + "1");
        assertMisuse(IllegalArgumentException.class, s.addHost("nobody"), "nobody");
        assertThat(await(s.hosts())).containsExactly(HOST + "1", HOST + "2");
        await(s.removeHost(HOST + "1"));
        assertErrno(Errno.ENOENT, s.removeHost(HOST + "1"), HOST + "1");
        assertThat(await(s.hosts())).containsExactly(HOST + "2");
        assertThat(await(s.controllers())).isEmpty();
    }

    // ---- the target -----------------------------------------------------------------------------------------------

    @Test
    void servesOnEachReactor() throws Exception {
        List<NvmfPollGroupStats> groups = await(target().stats()).pollGroups();
        assertThat(groups).hasSameSizeAs(app().runtime().reactors());
        assertThat(groups).allSatisfy(g -> assertThat(g.ioQpairs()).isZero());
    }

    @Test
    void endsOnceWithAllItHas() throws Exception {
        NvmfSubsystem active = subsystem("active");
        NvmfSubsystem paused = subsystem("paused");
        await(target().addTransport(NvmfTransportOptions.tcp()));
        int port = freePort();
        for (NvmfSubsystem s : List.of(active, paused)) {
            await(s.addNamespace(bdevs().get(s == active ? 0 : 1)));
            await(s.addListener(TransportId.tcp(LOOPBACK, port, "")));
            await(s.start());
        }
        await(paused.pause());
        int threads = app().runtime().threads().size();
        CompletableFuture<Void> first = target().closeAsync();
        CompletableFuture<NvmfSubsystem> late = target().addSubsystem(NvmfSubsystemOptions.of(nqn("late")));
        target().close();
        await(target().closeAsync());
        await(active.destroy());
        await(first);
        assertMisuse(IllegalStateException.class, late, "closed");
        assertThat(active.state()).isEqualTo(State.DESTROYED);
        assertThat(target().subsystems()).isEmpty();
        assertThat(answers(port)).isFalse();
        assertThat(app().runtime().threads())
                .hasSize(threads - app().runtime().reactors().size());
        assertThatThrownBy(() -> await(app().call(() -> {
                    target().close();
                    return true;
                })))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closeAsync");
    }
}
