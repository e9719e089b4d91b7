// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.MethodCall;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The life of modules, and what they examine. */
class BdevModulesTest {
    private BdevWorld w = new BdevWorld();
    private final List<String> calls = new ArrayList<>();

    @AfterEach
    void close() {
        w.close();
    }

    /** Writes down what it is asked. */
    private class Probe implements BdevModule {
        private final String name;
        CompletableFuture<Object> init = CompletableFuture.completedFuture(null);
        CompletableFuture<Object> disk = CompletableFuture.completedFuture(null);
        CompletableFuture<Object> fini = CompletableFuture.completedFuture(null);
        RuntimeException thrown;

        Probe(String name) {
            this.name = name;
            w.bdevs.modules().add(this);
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public CompletionStage<?> init(BdevManager bdevs) {
            calls.add(name + " init");
            return init;
        }

        @Override
        public void examineConfig(Bdev bdev) {
            calls.add(name + " config " + bdev.name());
            if (thrown != null) {
                throw thrown;
            }
        }

        @Override
        public CompletionStage<?> examineDisk(Bdev bdev) {
            calls.add(name + " disk " + bdev.name());
            if (thrown != null) {
                throw thrown;
            }
            return disk;
        }

        @Override
        public CompletionStage<?> fini() {
            calls.add(name + " fini");
            return fini;
        }
    }

    private Bdev device(String name) {
        return w.on(
                w.app, () -> w.bdevs.register(BdevSpec.builder(name, 512, 128).build(), new FakeDevice(512, 128)));
    }

    private void runFor(Duration time) {
        w.rt.runFor(time);
    }

    private CompletableFuture<Void> init() {
        CompletableFuture<Void> done = w.on(w.app, () -> w.bdevs.modules().init());
        runFor(Duration.ofMillis(5));
        return done;
    }

    // ---- life ------------------------------------------------------------------------------------------------------

    @Test
    void modulesBeginInOrderAndEndTheOtherWayRound() {
        Probe a = new Probe("a");
        Probe b = new Probe("b");
        a.init = new CompletableFuture<>();
        CompletableFuture<Void> begun = init();
        CompletableFuture<Void> examined = w.bdevs.modules().whenExamined();
        runFor(Duration.ofMillis(5));
        assertThat(calls).containsExactly("a init");
        assertThat(examined).isNotDone();
        a.init.complete("done on another thread");
        runFor(Duration.ofMillis(5));
        assertThat(begun).isCompleted();
        assertThat(examined).isCompleted();
        b.fini = new CompletableFuture<>();
        CompletableFuture<Void> closed = w.bdevs.closeAsync();
        runFor(Duration.ofMillis(5));
        assertThat(calls).containsExactly("a init", "b init", "b fini");
        runFor(BdevModules.FINI_LIMIT);
        assertThat(calls).containsExactly("a init", "b init", "b fini", "a fini");
        assertThat(closed).isCompleted();
        b.fini.complete(null);
        w.rt.await(w.bdevs.modules().fini());
        assertThat(calls).hasSize(4);
    }

    @Test
    void aModuleThatCannotBeginIsTheFailureOfAll() {
        Probe a = new Probe("a");
        new Probe("b");
        a.init = CompletableFuture.failedFuture(new SpdkException(Errno.ENOENT, "no key ring"));
        CompletableFuture<Void> begun = init();
        assertThatThrownBy(begun::join).isInstanceOf(CompletionException.class).hasMessageContaining("no key ring");
        w.rt.await(w.bdevs.closeAsync());
        assertThat(calls).containsExactly("a init");
        assertThatThrownBy(() -> new Probe("a")).hasMessageContaining("module a is there twice");
    }

    @Test
    void modulesHearThatTheEndBeginsBeforeDevicesGo() {
        CompletableFuture<Object> letGo = new CompletableFuture<>();
        BdevModule module = new Probe("a") {
            @Override
            public CompletionStage<?> beginFini() {
                calls.add("a begins to end with " + w.bdevs.bdevs().size() + " devices");
                return letGo;
            }
        };
        assertThat(module.name()).isEqualTo("a");
        new Probe("b");
        Bdev device = device("D");
        var _ = init();
        calls.clear();
        CompletableFuture<Void> closed = w.bdevs.closeAsync();
        runFor(Duration.ofMillis(5));
        assertThat(calls).containsExactly("a begins to end with 1 devices");
        assertThat(device.isRegistered()).isTrue();
        letGo.complete("done on another thread");
        w.rt.await(closed);
        assertThat(calls).containsExactly("a begins to end with 1 devices", "b fini", "a fini");
        w.close();
        w = new BdevWorld();
    }

    @Test
    void devicesGoBeforeWhatTheyStandOnAndModulesLast() {
        new Probe("stacked");
        device("D");
        StackedDevice upper = w.on(w.app, () -> StackedDevice.create(w.bdevs, "D"));
        List<String> told = new ArrayList<>();
        BdevDesc user = w.on(
                w.app,
                () -> w.bdevs.open("U", OpenMode.READ_WRITE, (event, desc) -> {
                    told.add(event + " while the base is registered: "
                            + upper.base.bdev().isRegistered());
                    desc.close();
                }));
        init();
        calls.clear();
        w.rt.await(w.bdevs.closeAsync());
        assertThat(told).containsExactly("REMOVED while the base is registered: true");
        assertThat(calls).containsExactly("stacked fini");
        assertThat(user.isClosed()).isTrue();
        assertThat(w.bdevs.bdevs()).isEmpty();
    }

    @Test
    void aClaimOfSomebodyElseDoesNotKeepADevice() throws SpdkException {
        device("D");
        BdevDesc application = w.on(w.app, () -> w.bdevs.open("D", OpenMode.READ_WRITE, (_, desc) -> desc.close()));
        application.claim(Claim.exclusiveWrite("my store"));
        w.rt.await(w.bdevs.closeAsync());
        assertThat(application.isClosed()).isTrue();
    }

    // ---- examining -------------------------------------------------------------------------------------------------

    @Test
    void aNewDeviceIsExaminedByNameAndThenByContent() {
        Probe a = new Probe("a");
        new Probe("b");
        a.disk = new CompletableFuture<>();
        device("D");
        assertThat(calls).containsExactly("a config D", "b config D", "a disk D", "b disk D");
        CompletableFuture<Void> examined = w.bdevs.modules().whenExamined();
        runFor(Duration.ofMillis(5));
        assertThat(examined).isNotDone();
        a.disk.complete(null);
        runFor(Duration.ofMillis(5));
        assertThat(examined).isCompleted();
    }

    @Test
    void onlyTheClaimantLooksAtWhatIsClaimed() {
        new Probe("a") {
            @Override
            public void examineConfig(Bdev bdev) {
                try {
                    BaseBdev base =
                            BaseBdev.open(w.bdevs, bdev.name(), Claim.exclusiveWrite("b"), BaseBdev.Listener.FOLLOW);
                    var _ = bdev.gone().thenRun(base::close);
                } catch (SpdkException e) {
                    throw new AssertionError(e);
                }
            }
        };
        new Probe("b");
        device("D");
        assertThat(calls).containsExactly("b config D", "b disk D");
    }

    @Test
    void failuresAreLoggedAndTheOthersGoOn() {
        Probe a = new Probe("a");
        Probe b = new Probe("b");
        a.thrown = new IllegalStateException("thrown by a test");
        b.disk = new CompletableFuture<>();
        device("D");
        assertThat(calls).containsExactly("a config D", "b config D", "a disk D", "b disk D");
        CompletableFuture<Void> examined = w.bdevs.modules().whenExamined();
        runFor(Duration.ofSeconds(1));
        assertThat(examined).isNotDone();
        runFor(BdevModules.EXAMINE_LIMIT);
        assertThat(examined).as("not waited for any longer").isCompleted();
        b.disk.complete(null);
        runFor(Duration.ofMillis(5));
        assertThat(w.bdevs.modules().whenExamined()).satisfies(f -> w.rt.await(f));
    }

    @Test
    void aModuleThatGivesNoStageHoldsUpNobody() {
        new Probe("a").disk = null;
        new Probe("b");
        Bdev d = device("D");
        assertThat(d.isRegistered()).isTrue();
        assertThat(calls).endsWith("a disk D", "b disk D");
        runFor(Duration.ofMillis(5));
        assertThat(w.bdevs.modules().whenExamined()).satisfies(f -> w.rt.await(f));
    }

    @Test
    void aDeviceThatCannotBeReadIsNotExamined() throws SpdkException {
        new Probe("a");
        FakeDevice d = new FakeDevice(512, 8);
        d.types.remove(IoType.READ);
        w.on(w.app, () -> w.bdevs.register(BdevSpec.builder("W", 512, 8).build(), d));
        assertThat(calls).isEmpty();
        FakeDevice elsewhere = new FakeDevice(512, 8) {
            @Override
            public boolean isExaminedHere() {
                return false;
            }
        };
        w.bdevs.register(BdevSpec.builder("E", 512, 8).build(), elsewhere);
        assertThat(calls).as("in a message, where this is no SpdkThread").isEmpty();
        runFor(Duration.ofMillis(5));
        assertThat(calls).containsExactly("a config E");
    }

    @Test
    void whatIsExaminedCanBeChosen() {
        w.close();
        w = new BdevWorld(1, BdevOptions.DEFAULT.withBdevAutoExamine(false));
        new Probe("a");
        device("D");
        assertThat(calls).isEmpty();
        w.run(w.app, () -> {
            w.bdevs.modules().examine("D");
            w.bdevs.modules().examine("E");
            assertThatThrownBy(() -> w.bdevs.modules().examine("D"))
                    .isInstanceOfSatisfying(
                            SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST));
        });
        device("E");
        device("F");
        assertThat(calls).containsExactly("a config D", "a disk D", "a config E", "a disk E");
        assertThat(BdevRpc.config(w.bdevs))
                .containsSubsequence(
                        new MethodCall("bdev_examine", Map.of("name", "D")),
                        new MethodCall("bdev_examine", Map.of("name", "E")),
                        new MethodCall("bdev_wait_for_examine"));
    }

    @Test
    void everythingIsExaminedUnlessItIsChosen() {
        w.run(
                w.app,
                () -> assertThatThrownBy(() -> w.bdevs.modules().examine("D"))
                        .isInstanceOf(SpdkException.class)
                        .hasMessageContaining("bdev_auto_examine"));
    }
}
