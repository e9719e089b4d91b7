// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.ThreadStats;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;

/** The {@code thread_get_*} methods. Every thread describes itself; nothing is read across threads. */
public final class ThreadRpc {
    private ThreadRpc() {}

    /** Registers the methods. */
    public static void register(RpcRegistry registry, SpdkRuntime runtime) {
        registry.register("thread_get_stats", NoParams.class, _ -> collect(runtime, ThreadRpc::stats));
        registry.register("thread_get_pollers", NoParams.class, _ -> collect(runtime, ThreadRpc::pollers));
        registry.register("thread_get_io_channels", NoParams.class, _ -> collect(runtime, ThreadRpc::channels));
    }

    private record Threads<T>(long tickRate, List<T> threads) {}

    private record Stats(
            String name,
            long id,
            String cpumask,
            long busy,
            long idle,
            boolean inInterrupt,
            int activePollersCount,
            int timedPollersCount,
            int pausedPollersCount) {}

    private record Pollers(
            String name,
            long id,
            List<PollerInfo> activePollers,
            List<PollerInfo> timedPollers,
            List<PollerInfo> pausedPollers) {}

    private record PollerInfo(
            String name, int id, String state, long runCount, long busyCount, OptionalLong periodTicks) {}

    private record Channels(String name, List<ChannelInfo> ioChannels) {}

    private record ChannelInfo(String name, int ref) {}

    private static <T> CompletionStage<Threads<T>> collect(SpdkRuntime runtime, Function<SpdkThread, T> describe) {
        List<T> all = Collections.synchronizedList(new ArrayList<>());
        return runtime.forEachThread(t -> all.add(describe.apply(t)))
                .thenApply(_ -> new Threads<>(FrameworkRpc.TICK_RATE, List.copyOf(all)));
    }

    private static Stats stats(SpdkThread t) {
        ThreadStats s = t.stats();
        return new Stats(
                t.name(),
                t.id(),
                FrameworkRpc.mask(t.cpuMask()),
                s.busyNanos(),
                s.idleNanos(),
                false,
                s.activePollers(),
                s.timedPollers(),
                s.pausedPollers());
    }

    private static Pollers pollers(SpdkThread t) {
        List<Poller> all = t.pollerList();
        return new Pollers(
                t.name(),
                t.id(),
                list(all, p -> !isPaused(p) && p.period().isZero()),
                list(all, p -> !isPaused(p) && !p.period().isZero()),
                list(all, ThreadRpc::isPaused));
    }

    private static boolean isPaused(Poller p) {
        return p.state() == Poller.State.PAUSED;
    }

    /** The id is the place among the thread's pollers, from 1. */
    private static List<PollerInfo> list(List<Poller> all, Predicate<Poller> which) {
        List<PollerInfo> found = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            Poller p = all.get(i);
            if (which.test(p)) {
                found.add(info(p, i + 1));
            }
        }
        return found;
    }

    private static PollerInfo info(Poller p, int id) {
        Poller.Stats s = p.stats();
        long period = p.period().toNanos();
        return new PollerInfo(
                p.name(),
                id,
                p.state().name().toLowerCase(Locale.ROOT),
                s.runs(),
                s.busyRuns(),
                period == 0 ? OptionalLong.empty() : OptionalLong.of(period));
    }

    private static Channels channels(SpdkThread t) {
        List<ChannelInfo> all = new ArrayList<>();
        t.channelReferences().forEach((name, ref) -> all.add(new ChannelInfo(name, ref)));
        return new Channels(t.name(), all);
    }
}
