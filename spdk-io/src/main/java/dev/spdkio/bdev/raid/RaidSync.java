// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.raid.RaidSuperblock.BaseState;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The background work of an array, a range at a time, locked against writes meanwhile: <em>rebuild</em> gives a new
 * member what it should have; <em>resync</em> makes members match that may not, since the array was not closed in good
 * order; <em>repair</em> writes back what a member could not read.
 *
 * <p>A rebuild that is cut off begins anew: how far it came is not written down, as in SPDK.
 *
 * <p>Thread rule: the app thread.
 */
final class RaidSync {
    private static final Logger LOG = System.getLogger(RaidSync.class.getName());

    /** Ranges that wait for repair; what is found beyond that is found again. */
    static final int MAX_REPAIRS = 64;

    /** A range of the array to work on: of a rebuild or repair the member to write to, else null. */
    private record Job(@Nullable RaidMember member, long first, long end, boolean isRepair) {}

    private final RaidBdev array;
    private final ArrayDeque<Job> repairs = new ArrayDeque<>();
    private final List<DmaBuf> buffers = new ArrayList<>();

    /** The member that is rebuilt, if one is, and how far. */
    private @Nullable RaidMember target;

    private long rebuiltTo;
    private boolean finishing;
    private boolean resyncing;
    private boolean busy;
    private boolean stopped;
    private final CompletableFuture<Void> idle = new CompletableFuture<>();
    private @Nullable Poller pause;

    RaidSync(RaidBdev array) {
        this.array = array;
    }

    private SpdkThread thread() {
        return array.bdevs().appThread();
    }

    private RedundantLayout layout() {
        return (RedundantLayout) array.layout();
    }

    private long blockCount() {
        return array.layout().blockCount();
    }

    boolean isRebuilding() {
        return target != null;
    }

    // ---- what is to be done ----------------------------------------------------------------------------------------

    /** The array is a bdev: its members are made to match if they may not. */
    void begin() {
        resyncing = array.view().suspectFrom() < blockCount();
        next();
    }

    void rebuild(RaidMember member) {
        target = member;
        rebuiltTo = 0;
        LOG.log(Level.INFO, "raid bdev {0}: rebuilding {1}", array.name(), member);
        next();
    }

    void repair(RaidMember member, long block, long count) {
        if (repairs.size() < MAX_REPAIRS && !stopped) {
            repairs.addLast(new Job(member, block, block + count, true));
            next();
        }
    }

    /** The members may differ in a range, since some of it was written and some was not. */
    void resync(long block, long count) {
        if (stopped) {
            return;
        }
        if (repairs.size() < MAX_REPAIRS) {
            repairs.addLast(new Job(null, block, block + count, true));
        } else {
            resyncing = true;
            var _ = array.publish(v -> v.withSuspectFrom(0));
        }
        next();
    }

    void memberGone(RaidMember member) {
        if (target == member) {
            target = null;
        }
        if (array.level() == RaidLevel.RAID1 && array.view().inSync() <= 1) {
            resyncing = false; // one is left, which differs from nobody
            var _ = array.publish(v -> v.withSuspectFrom(RaidView.NOTHING));
        }
    }

    /** Does nothing more. Completes when nothing is under way. */
    CompletableFuture<Void> stop() {
        stopped = true;
        next();
        return idle;
    }

    // ---- one range after the other ---------------------------------------------------------------------------------

    private void next() {
        if (busy || (pause != null && !stopped)) {
            return;
        }
        endPause();
        Job job = stopped ? null : choose();
        if (job == null) {
            buffers.forEach(DmaBuf::close);
            buffers.clear();
            if (stopped) {
                idle.complete(null);
            }
            return;
        }
        busy = true;
        var _ = array.publish(v -> v.withLock(job.first(), job.end()))
                .thenCompose(_ -> array.drain())
                .thenCompose(_ -> work(job))
                .handle((_, failure) -> {
                    ended(job, failure);
                    return null;
                });
    }

    private @Nullable Job choose() {
        while (!repairs.isEmpty()) {
            Job job = repairs.removeFirst();
            if (job.member() == null || array.view().has(job.member())) {
                return job;
            }
        }
        RaidMember rebuilding = target;
        if (resyncing) {
            return window(null, array.view().suspectFrom());
        }
        return rebuilding == null || finishing ? null : window(rebuilding, rebuiltTo);
    }

    private Job window(@Nullable RaidMember member, long first) {
        long unit = layout().copyUnit();
        long blocks = array.arrays().options().processWindowSizeKb() * 1024L / array.blockSize();
        long window = Math.max(unit, blocks / unit * unit);
        return new Job(member, first, Math.min(first + window, blockCount()), false);
    }

    private CompletableFuture<Void> work(Job job) {
        RangeCopy copy = new RangeCopy(array, buffers);
        RaidMember member = job.member();
        return member == null ? copy.match(job.first(), job.end()) : copy.rebuild(member, job.first(), job.end());
    }

    private void ended(Job job, @Nullable Throwable failure) {
        RaidMember member = job.member();
        if (failure != null) {
            LOG.log(
                    Level.WARNING,
                    "raid bdev {0}: blocks {1} to {2}: {3}",
                    array.name(),
                    job.first(),
                    job.end() - 1,
                    String.valueOf(failure.getMessage()));
            if (member != null) {
                // SPDK too gives up a member that cannot be given what it should have.
                if (!job.isRepair()) {
                    var _ = array.control().lose(member, BaseState.FAILED, "it could not be rebuilt");
                    target = target == member ? null : target;
                }
            } else {
                resyncing = false; // what follows stays suspect
            }
        }
        var _ = array.publish(v -> unlock(v, job, failure == null)).thenRun(() -> {
            busy = false;
            if (!job.isRepair() && failure == null) {
                advance(job);
            }
            next();
        });
    }

    private RaidView unlock(RaidView view, Job job, boolean done) {
        RaidView open = view.withLock(0, 0);
        RaidMember member = job.member();
        if (job.isRepair() || !done) {
            return open;
        }
        if (member != null) {
            return member == target ? open.withTargetEnd(job.end()) : open;
        }
        return open.withSuspectFrom(job.end() < blockCount() ? job.end() : RaidView.NOTHING);
    }

    private void advance(Job job) {
        RaidMember member = job.member();
        if (member == null) {
            resyncing &= job.end() < blockCount();
        } else if (member == target) {
            rebuiltTo = job.end();
            if (rebuiltTo >= blockCount()) {
                finish(member);
            }
        }
        pace(job);
    }

    private void finish(RaidMember member) {
        finishing = true;
        var _ = array.control().rebuilt(member).handle((_, failure) -> {
            finishing = false;
            if (target == member) {
                target = null;
            }
            if (failure != null) {
                var _ = array.control().lose(member, BaseState.FAILED, "its superblock: " + failure.getMessage());
            } else {
                LOG.log(Level.INFO, "raid bdev {0}: rebuilt {1}", array.name(), member);
            }
            next();
            return null;
        });
    }

    /** Waits as long as the range may take at the bandwidth that is allowed. */
    private void pace(Job job) {
        long mib = array.arrays().options().processMaxBandwidthMbSec();
        if (mib == 0 || stopped) {
            return;
        }
        long nanos = (long) ((job.end() - job.first()) * (double) array.blockSize() * 1e9 / (mib << 20));
        pause = thread().poller("raid " + array.name())
                .period(Duration.ofNanos(Math.max(1, nanos)))
                .body(() -> {
                    endPause();
                    next();
                    return Poller.Result.BUSY;
                })
                .register();
    }

    private void endPause() {
        Poller poller = pause;
        pause = null;
        if (poller != null) {
            poller.close();
        }
    }

    /** What {@code bdev_raid_get_bdevs} says of it, or null while there is nothing to do. */
    @Nullable
    Map<String, Object> info() {
        RaidMember rebuilding = target;
        if (stopped || (rebuilding == null && !resyncing)) {
            return null;
        }
        long done = resyncing ? array.view().suspectFrom() : rebuiltTo;
        Map<String, Object> progress = new LinkedHashMap<>();
        progress.put("blocks", done);
        progress.put("percent", done * 100 / blockCount());
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("type", resyncing ? "resync" : "rebuild");
        if (rebuilding != null && !resyncing) {
            info.put("target", rebuilding.base().bdev().name());
        }
        info.put("progress", progress);
        return info;
    }
}
