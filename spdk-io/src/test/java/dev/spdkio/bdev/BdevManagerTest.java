// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BdevManagerTest {
    private final BdevWorld w = new BdevWorld();

    @AfterEach
    void close() {
        w.close();
    }

    private Bdev register(String name, String... aliases) throws SpdkException {
        BdevSpec.Builder spec = BdevSpec.builder(name, 512, 8);
        for (String alias : aliases) {
            spec.alias(alias);
        }
        return w.bdevs.register(spec.build(), new FakeDevice(512, 8));
    }

    private static void assertErrno(
            org.assertj.core.api.ThrowableAssert.ThrowingCallable call, int errno, String... words) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(errno))
                .message()
                .contains(words);
    }

    @Test
    void findsByNameAliasAndUuid() throws SpdkException {
        UUID uuid = UUID.fromString("00000000-1111-2222-3333-444444444444");
        Bdev bdev = w.bdevs.register(
                BdevSpec.builder("A", 512, 8).alias("a1").uuid(uuid).build(), new FakeDevice(512, 8));

        assertThat(w.bdevs.lookup("A")).isSameAs(bdev);
        assertThat(w.bdevs.lookup("a1")).isSameAs(bdev);
        assertThat(w.bdevs.lookup(uuid)).isSameAs(bdev);
        assertThat(w.bdevs.lookup(uuid.toString())).isSameAs(bdev);
        assertThat(w.bdevs.lookup("B")).isNull();
        assertThat(bdev.aliases()).containsExactly("a1", uuid.toString());
    }

    @Test
    void givesEachDeviceAnIdentity() throws SpdkException {
        assertThat(register("A").uuid()).isNotEqualTo(register("B").uuid());
    }

    @Test
    void refusesTakenNames() throws SpdkException {
        register("A", "a1");

        assertErrno(() -> register("A"), Errno.EEXIST, "A");
        assertErrno(() -> register("a1"), Errno.EEXIST, "a1", "bdev A has it");
        assertErrno(() -> register("B", "A"), Errno.EEXIST, "bdev B", "name A");
        assertThat(w.bdevs.lookup("B")).isNull();
        assertThat(w.bdevs.bdevs()).extracting(Bdev::name).containsExactly("A");
    }

    @Test
    void addsAndRemovesAliases() throws SpdkException {
        Bdev a = register("A");
        Bdev b = register("B");
        w.bdevs.addAlias(a, "x");

        assertThat(w.bdevs.lookup("x")).isSameAs(a);
        assertErrno(() -> w.bdevs.addAlias(b, "x"), Errno.EEXIST, "x");
        assertErrno(() -> w.bdevs.removeAlias(b, "x"), Errno.ENOENT, "x");
        assertErrno(() -> w.bdevs.removeAlias(a, "A"), Errno.ENOENT, "A");
        w.bdevs.removeAlias(a, "x");
        assertThat(w.bdevs.lookup("x")).isNull();
    }

    @Test
    void saysWhatThereIsWhenItFindsNothing() throws SpdkException {
        register("A");
        assertErrno(
                () -> {
                    try {
                        w.on(w.app, () -> w.bdevs.open("Z", OpenMode.READ_ONLY, BdevEventListener.NONE));
                    } catch (java.util.concurrent.CompletionException e) {
                        throw e.getCause();
                    }
                },
                Errno.ENODEV,
                "no bdev Z",
                "[A]");
    }

    @Test
    void opensOnlyOnThreads() throws SpdkException {
        register("A");
        assertThatThrownBy(() -> w.bdevs.open("A", OpenMode.READ_ONLY, BdevEventListener.NONE))
                .isInstanceOf(WrongThreadException.class);
    }

    @Test
    void visitingHoldsADescriptor() throws SpdkException {
        Bdev a = register("A");
        register("B");
        List<String> visited = new ArrayList<>();
        w.run(
                w.app,
                () -> w.bdevs.forEachBdev(bdev -> {
                    assertThat(bdev.openCount()).isEqualTo(1);
                    visited.add(bdev.name());
                    if (bdev == a) {
                        // The one to come goes, the one that is held stays.
                        w.bdevs.unregister(w.bdevs.lookup("B"));
                        w.bdevs.unregister(a);
                    }
                }));
        assertThat(visited).containsExactly("A");
        w.rt.runUntilIdle();
        assertThat(w.bdevs.bdevs()).isEmpty();
    }

    @Test
    void snapshotsDoNotChange() throws SpdkException {
        register("A");
        List<Bdev> before = w.bdevs.bdevs();
        register("B");
        assertThat(before).hasSize(1);
    }

    @Test
    void optionsSpeakSpdk() {
        assertThat(BdevOptions.DEFAULT.toJson())
                .containsEntry("bdev_io_pool_size", 65535)
                .containsEntry("bdev_io_cache_size", 256)
                .containsEntry("bdev_auto_examine", true);
        assertThatThrownBy(() -> BdevOptions.DEFAULT.withBdevIoPoolSize(0)).hasMessageContaining("bdevIoPoolSize is 0");
    }

    @Test
    void specsAreChecked() {
        assertThatThrownBy(() -> BdevSpec.builder(" ", 512, 8).build()).hasMessageContaining("name");
        assertThatThrownBy(() -> BdevSpec.builder("A", 0, 8).build()).hasMessageContaining("blockSize is 0");
        assertThatThrownBy(() -> BdevSpec.builder("A", 512, Long.MAX_VALUE).build())
                .hasMessageContaining("2^63");
        assertThatThrownBy(
                        () -> BdevSpec.builder("A", 512, 8).requiredAlignment(3).build())
                .hasMessageContaining("power of two");
        assertThatThrownBy(
                        () -> BdevSpec.builder("A", 512, 8).maxSegmentSize(100).build())
                .hasMessageContaining("hold a block");
    }

    private CompletableFuture<BdevDesc> openWhenPresent(String name, Duration timeout) {
        return w.on(w.app, () -> w.bdevs.openWhenPresent(name, OpenMode.READ_ONLY, BdevEventListener.NONE, timeout));
    }

    @Test
    void opensADeviceWhenItComes() throws SpdkException {
        CompletableFuture<BdevDesc> byName = openWhenPresent("A", Duration.ofSeconds(1));
        CompletableFuture<BdevDesc> byAlias = openWhenPresent("a1", Duration.ofSeconds(1));
        w.rt.runFor(Duration.ofMillis(20));
        assertThat(byName).isNotDone();
        Bdev bdev = register("A");
        w.rt.runFor(Duration.ofMillis(20));
        assertThat(byName.join().bdev()).isSameAs(bdev);
        assertThat(byAlias).isNotDone();
        w.bdevs.addAlias(bdev, "a1");
        w.rt.runFor(Duration.ofMillis(20));
        assertThat(byAlias.join().bdev()).isSameAs(bdev);
        CompletableFuture<BdevDesc> atOnce = openWhenPresent("A", Duration.ofSeconds(1));
        w.rt.runFor(Duration.ofMillis(20));
        for (CompletableFuture<BdevDesc> opened : List.of(byName, byAlias, atOnce)) {
            opened.join().close();
        }
    }

    @Test
    void anOpenThatWaitsTooLongNamesTheDevice() throws SpdkException {
        CompletableFuture<BdevDesc> late = openWhenPresent("A", Duration.ofMillis(100));
        CompletableFuture<BdevDesc> cancelled = openWhenPresent("A", Duration.ofSeconds(1));
        w.rt.runFor(Duration.ofMillis(150));
        assertThatThrownBy(late::join)
                .cause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ETIMEDOUT))
                .hasMessageContainingAll("bdev A", "PT0.1S");
        cancelled.cancel(false);
        Bdev bdev = register("A");
        w.rt.runFor(Duration.ofMillis(20));
        assertThat(bdev.openCount()).isZero();
        assertThatThrownBy(() -> openWhenPresent("A", Duration.ZERO))
                .hasCauseInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aWatcherHearsOfEachDeviceOnceInOrder() {
        w.device(spec -> spec);
        List<String> told = new ArrayList<>();
        BdevWatch watch = w.bdevs.watch(
                bdev -> {
                    w.app.checkCurrent("a watcher");
                    told.add("+" + bdev.name());
                    throw new IllegalStateException("a bad watcher, for the test");
                },
                bdev -> told.add("-" + bdev.name()));
        w.rt.await(w.bdevs.unregister(w.bdevs.lookup("D")));
        w.rt.runUntilIdle();
        w.device(spec -> spec);
        w.rt.runUntilIdle();
        assertThat(told).containsExactly("+D", "-D", "+D");
        watch.close();
        watch.close();
        w.rt.await(w.bdevs.unregister(w.bdevs.lookup("D")));
        w.rt.runUntilIdle();
        assertThat(told).hasSize(3);
    }
}
