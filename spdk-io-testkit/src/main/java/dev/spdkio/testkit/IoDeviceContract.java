// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.runtime.IoChannel;
import dev.spdkio.runtime.IoDevice;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What I/O devices and their channels promise; part of {@link ThreadContract}. */
@SuppressWarnings("FutureReturnValueIgnored") // what futures complete with is told by other means
interface IoDeviceContract {
    /** The world of this test. */
    TestWorld world();

    /** A device whose contexts are the threads they belong to, and which counts. */
    record Counted(IoDevice<SpdkThread> device, AtomicInteger created, AtomicInteger destroyed) {
        IoChannel<SpdkThread> channel() {
            return device.channel();
        }
    }

    private Counted device(String name) {
        AtomicInteger created = new AtomicInteger();
        AtomicInteger destroyed = new AtomicInteger();
        IoDevice<SpdkThread> device = IoDevice.register(
                world().runtime(),
                name,
                t -> {
                    t.checkCurrent("creating a context");
                    created.incrementAndGet();
                    return t;
                },
                t -> {
                    t.checkCurrent("destroying a context");
                    destroyed.incrementAndGet();
                });
        return new Counted(device, created, destroyed);
    }

    /** A traversal that is started on a thread, and what became of it. */
    record Traversed(List<SpdkThread> visited, CompletableFuture<SpdkThread> endedOn) {
        Traversed() {
            this(Collections.synchronizedList(new ArrayList<>()), new CompletableFuture<>());
        }

        void start(IoDevice<SpdkThread> device) {
            device.forEachChannel(
                    i -> {
                        i.thread().checkCurrent("visiting");
                        visited.add(i.context());
                        i.next();
                    },
                    failure -> end(failure));
        }

        private void end(@Nullable Throwable failure) {
            if (failure == null) {
                endedOn.complete(SpdkThread.require());
            } else {
                endedOn.completeExceptionally(failure);
            }
        }
    }

    @Test
    @DisplayName(
            "channel: one context for each thread and device, counted references, destroyed later and on its thread")
    default void channelsShareOneContext() {
        SpdkThread t = world().thread("t");
        Counted d = device("d");
        IoChannel<SpdkThread> third = world().on(t, () -> {
            IoChannel<SpdkThread> first = d.channel();
            IoChannel<SpdkThread> second = d.channel();
            IoChannel<SpdkThread> retained = first.retain();
            assertThat(first.context()).isSameAs(t).isSameAs(second.context()).isSameAs(retained.context());
            assertThat(first.device()).isSameAs(d.device());
            assertThat(first.thread()).isSameAs(t);
            assertThat(d.created()).hasValue(1);
            first.close();
            first.close();
            second.close();
            assertThatThrownBy(first::context)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            return retained;
        });
        assertThat(third.context()).isSameAs(t);
        world().passes(t, 2);
        assertThat(d.destroyed()).as("the third handle holds it").hasValue(0);
        assertThat(d.device().channelCount()).isOne();
        world().run(t, () -> {
            IoChannel<SpdkThread> again = d.channel();
            again.close();
            assertThat(d.destroyed()).hasValue(0);
        });
        SpdkThread other = world().thread("other");
        IoChannel<SpdkThread> elsewhere = world().on(other, d::channel);
        assertThat(elsewhere.context()).isSameAs(other);
        assertThat(d.created()).hasValue(2);
        elsewhere.close();
        world().awaitUntil("it is destroyed on its thread", () -> d.destroyed().get() == 1);
        third.close();
        world().awaitUntil("the last one is, too", () -> d.destroyed().get() == 2);
    }

    @Test
    @DisplayName("channel: a device that is registered already is refused")
    default void aNameIsRegisteredOnce() {
        Counted d = device("d");
        assertThatThrownBy(() -> device("d"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("I/O device d is registered already");
        world().await(d.device().unregister());
        assertThat(device("d").device().isRegistered()).isTrue();
    }

    @Test
    @DisplayName("channel: closing the last handle never destroys inside close")
    default void closeNeverDestroysInline() {
        SpdkThread t = world().thread("t");
        Counted d = device("d");
        int inline = world().on(t, () -> {
            d.channel().close();
            return d.destroyed().get();
        });
        assertThat(inline).isZero();
        world().awaitUntil("it is destroyed", () -> d.destroyed().get() == 1);
    }

    @Test
    @DisplayName("channel_destroy_races: get, put, get, put before the destruction destroys once")
    default void destructionRunsOnce() {
        SpdkThread t = world().thread("t");
        Counted d = device("d");
        world().run(t, () -> {
            d.channel().close();
            d.channel().close();
        });
        world().passes(t, 4);
        assertThat(d.created()).hasValue(1);
        assertThat(d.destroyed()).hasValue(1);
    }

    @Test
    @DisplayName("channel_destroy_races: a handle that is taken before the destruction keeps the context")
    default void aHandleRescuesTheContext() {
        SpdkThread t = world().thread("t");
        Counted d = device("d");
        IoChannel<SpdkThread> kept = world().on(t, () -> {
            d.channel().close();
            return d.channel();
        });
        world().passes(t, 4);
        assertThat(d.created()).hasValue(1);
        assertThat(d.destroyed()).hasValue(0);
        kept.close();
        world().awaitUntil("it is destroyed", () -> d.destroyed().get() == 1);
    }

    @Test
    @DisplayName("channel_create_cb_failed: a failed creation leaves nothing behind")
    default void aFailedCreationLeavesNothing() {
        SpdkThread t = world().thread("t");
        AtomicInteger tries = new AtomicInteger();
        IoDevice<String> device = IoDevice.register(
                world().runtime(),
                "d",
                at -> {
                    if (tries.incrementAndGet() == 1) {
                        throw new IllegalStateException("no ring for this channel");
                    }
                    return "context";
                },
                c -> {});
        assertThatThrownBy(() -> world().on(t, device::channel)).hasRootCauseMessage("no ring for this channel");
        assertThat(device.channelCount()).isZero();
        assertThat(world().on(t, t::channelNames)).isEmpty();
        IoChannel<String> channel = world().on(t, device::channel);
        assertThat(channel.context()).isEqualTo("context");
        channel.close();
        world().await(device.unregister());
        world().await(t.exit());
    }

    @Test
    @DisplayName("nested_channel: a device may take a channel of another one when it is created, and give it back")
    default void channelsNest() {
        SpdkThread t = world().thread("t");
        List<String> events = Collections.synchronizedList(new ArrayList<>());
        IoDevice<String> bottom = IoDevice.register(
                world().runtime(),
                "bottom",
                at -> {
                    events.add("+bottom");
                    return "";
                },
                c -> events.add("-bottom"));
        IoDevice<IoChannel<String>> middle = over(bottom, "middle", events);
        IoDevice<IoChannel<IoChannel<String>>> top = over(middle, "top", events);
        IoChannel<IoChannel<IoChannel<String>>> channel = world().on(t, top::channel);
        assertThat(world().on(t, t::channelNames)).containsExactlyInAnyOrder("bottom", "middle", "top");
        channel.close();
        world().awaitUntil("all are destroyed", () -> events.size() == 6);
        assertThat(events).containsExactly("+top", "+middle", "+bottom", "-top", "-middle", "-bottom");
        world().await(bottom.unregister());
        world().await(middle.unregister());
        world().await(top.unregister());
        world().await(t.exit());
    }

    private <C> IoDevice<IoChannel<C>> over(IoDevice<C> below, String name, List<String> events) {
        return IoDevice.register(
                world().runtime(),
                name,
                at -> {
                    events.add("+" + name);
                    return below.channel();
                },
                c -> {
                    events.add("-" + name);
                    c.close();
                });
    }

    @Test
    @DisplayName("io_device_lookup: many devices are kept apart")
    default void manyDevices() {
        SpdkThread t = world().thread("t");
        List<Counted> devices = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            devices.add(device("d" + i));
        }
        List<IoChannel<SpdkThread>> channels =
                world().on(t, () -> devices.stream().map(Counted::channel).toList());
        for (int i = 0; i < 32; i++) {
            assertThat(channels.get(i).device()).isSameAs(devices.get(i).device());
            assertThat(devices.get(i).created()).hasValue(1);
        }
        for (int i = 0; i < 32; i += 2) {
            channels.get(i).close();
            world().await(devices.get(i).device().unregister());
        }
        assertThat(world().runtime().ioDevices()).hasSize(16).allMatch(IoDevice::isRegistered);
        channels.forEach(IoChannel::close);
    }

    @Test
    @DisplayName("for_each_channel_remove: visits each channel once on its thread, and ends where it began")
    default void visitsEveryChannel() {
        List<SpdkThread> threads = threads(4);
        Counted d = device("d");
        List<IoChannel<SpdkThread>> channels = channels(threads, d);
        Traversed traversed = new Traversed();
        boolean inline = world().on(threads.get(1), () -> {
            traversed.start(d.device());
            return traversed.visited().contains(threads.get(1));
        });
        assertThat(inline).as("the visit of the own channel is deferred, too").isFalse();
        assertThat(world().await(traversed.endedOn())).isSameAs(threads.get(1));
        assertThat(traversed.visited()).containsExactlyInAnyOrderElementsOf(threads);
        channels.forEach(IoChannel::close);
    }

    @Test
    @DisplayName("for_each_channel_remove: a channel that was given back before is not visited, destroyed or not")
    default void doesNotVisitWhatIsGone() {
        for (boolean destroyedBefore : new boolean[] {true, false}) {
            List<SpdkThread> threads = threads(3);
            Counted d = device("d" + destroyedBefore);
            List<IoChannel<SpdkThread>> channels = channels(threads, d);
            Traversed traversed = new Traversed();
            if (destroyedBefore) {
                channels.getFirst().close();
                world().awaitUntil("it is destroyed", () -> d.destroyed().get() == 1);
            }
            world().run(threads.getFirst(), () -> {
                channels.getFirst().close();
                traversed.start(d.device());
            });
            world().await(traversed.endedOn());
            assertThat(traversed.visited()).containsExactlyInAnyOrderElementsOf(threads.subList(1, 3));
            channels.forEach(IoChannel::close);
        }
    }

    @Test
    @DisplayName("for_each_channel_remove: a channel may be given back after the start, and inside its own visit")
    default void channelsMayGoMeanwhile() {
        List<SpdkThread> threads = threads(3);
        Counted d = device("d");
        List<IoChannel<SpdkThread>> channels = channels(threads, d);
        Traversed traversed = new Traversed();
        world().run(threads.getFirst(), () -> {
            traversed.start(d.device());
            channels.getFirst().close();
        });
        world().await(traversed.endedOn());
        assertThat(traversed.visited()).containsAll(threads.subList(1, 3)).doesNotHaveDuplicates();

        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        threads.get(1)
                .send(() -> d.device()
                        .forEachChannel(
                                i -> {
                                    channels.get(threads.indexOf(i.context())).close();
                                    i.next();
                                },
                                failure -> ended.complete(failure == null)));
        assertThat(world().await(ended)).isTrue();
        world().awaitUntil("all are destroyed", () -> d.destroyed().get() == 3);
    }

    @Test
    @DisplayName("for_each_channel_remove: a visit may stop the traversal, or throw")
    default void aVisitMayStop() {
        List<SpdkThread> threads = threads(3);
        Counted d = device("d");
        List<IoChannel<SpdkThread>> channels = channels(threads, d);
        for (boolean thrown : new boolean[] {true, false}) {
            IllegalStateException cause = new IllegalStateException("enough");
            AtomicInteger visits = new AtomicInteger();
            CompletableFuture<Throwable> ended = new CompletableFuture<>();
            threads.getFirst()
                    .send(() -> d.device()
                            .forEachChannel(
                                    i -> {
                                        visits.incrementAndGet();
                                        if (thrown) {
                                            throw cause;
                                        }
                                        i.stop(cause);
                                    },
                                    ended::complete));
            assertThat(world().await(ended)).isSameAs(cause);
            assertThat(visits).hasValue(1);
        }
        channels.forEach(IoChannel::close);
    }

    @Test
    @DisplayName("for_each_channel_unreg: the end of an unregistration waits for a traversal under way")
    default void unregistrationWaitsForTraversals() {
        SpdkThread t = world().thread("t");
        Counted d = device("d");
        IoChannel<SpdkThread> channel = world().on(t, d::channel);
        AtomicReference<IoDevice.Iteration<SpdkThread>> visit = new AtomicReference<>();
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        world().run(t, () -> d.device().forEachChannel(visit::set, failure -> ended.complete(failure == null)));
        world().awaitUntil("the visit has begun", () -> visit.get() != null);
        CompletableFuture<Void> gone = world().on(t, d.device()::unregister);
        assertThatThrownBy(() -> world().on(t, d::channel))
                .hasRootCauseInstanceOf(IllegalStateException.class)
                .hasMessageContaining("d is not registered");
        world().run(t, channel::close);
        world().awaitUntil("the channel is destroyed", () -> d.destroyed().get() == 1);
        world().passes(t, 3);
        assertThat(gone).isNotDone();
        world().run(t, visit.get()::next);
        assertThat(world().await(ended)).isTrue();
        world().await(gone);
        assertThatThrownBy(() -> world().on(t, () -> {
                    visit.get().next();
                    return null;
                }))
                .hasRootCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    @DisplayName("device_unregister_and_thread_exit_race: the thread that unregisters ends after the completion")
    default void unregistrationKeepsItsOriginAlive() {
        SpdkThread origin = world().thread("origin");
        SpdkThread user = world().thread("user");
        Counted d = device("d");
        IoChannel<SpdkThread> channel = world().on(user, d::channel);
        CompletableFuture<SpdkThread> completedOn = new CompletableFuture<>();
        world().run(origin, () -> {
            d.device().unregister().whenComplete((v, e) -> completedOn.complete(SpdkThread.require()));
            origin.exit();
        });
        world().passes(origin, 3);
        assertThat(origin.state()).isEqualTo(SpdkThread.State.EXITING);
        assertThatThrownBy(() -> d.device().unregister()).isInstanceOf(IllegalStateException.class);
        channel.close();
        assertThat(world().await(completedOn)).isSameAs(origin);
        world().await(origin.exited());
        assertThat(d.destroyed()).hasValue(1);
    }

    @Test
    @DisplayName("for_each_channel_and_thread_exit_race: the thread that traverses ends after the traversal")
    default void traversalsKeepTheirOriginAlive() {
        SpdkThread origin = world().thread("origin");
        SpdkThread leaving = world().thread("leaving");
        Counted d = device("d");
        IoChannel<SpdkThread> channel = world().on(leaving, d::channel);
        AtomicReference<IoDevice.Iteration<SpdkThread>> visit = new AtomicReference<>();
        CompletableFuture<SpdkThread> ended = new CompletableFuture<>();
        world().run(origin, () -> {
            d.device().forEachChannel(visit::set, failure -> ended.complete(SpdkThread.require()));
            origin.exit();
        });
        world().awaitUntil("the visit has begun", () -> visit.get() != null);
        leaving.exit();
        world().passes(leaving, 3);
        assertThat(origin.state()).isEqualTo(SpdkThread.State.EXITING);
        assertThat(leaving.state()).isEqualTo(SpdkThread.State.EXITING);
        world().run(leaving, () -> {
            channel.close();
            visit.get().next();
        });
        assertThat(world().await(ended)).isSameAs(origin);
        world().await(origin.exited());
        world().await(leaving.exited());
    }

    private List<SpdkThread> threads(int count) {
        List<SpdkThread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            threads.add(world().thread("t" + i));
        }
        return threads;
    }

    private List<IoChannel<SpdkThread>> channels(List<SpdkThread> threads, Counted d) {
        return threads.stream().map(t -> world().on(t, d::channel)).toList();
    }
}
