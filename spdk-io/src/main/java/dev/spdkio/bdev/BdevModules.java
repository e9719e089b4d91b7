// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.Poller;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The modules of one application: their beginning and end, and what they examine. Stands for the module list of {@code
 * lib/bdev}.
 *
 * <p>Thread rule: the app thread, except {@link #add} and {@link #all}, which are for any.
 */
public final class BdevModules {
    /** How long a module may take to examine a device, before the others and who waits for them go on. */
    public static final Duration EXAMINE_LIMIT = Duration.ofSeconds(30);

    /** How long the end of a module is waited for. */
    public static final Duration FINI_LIMIT = Duration.ofSeconds(10);

    private static final Logger LOG = System.getLogger(BdevModules.class.getName());

    private final BdevManager bdevs;
    private final List<BdevModule> modules = new CopyOnWriteArrayList<>();
    private final List<BdevModule> begun = new ArrayList<>();
    private final Set<String> allowed = new LinkedHashSet<>();
    private final List<CompletableFuture<Void>> waiting = new ArrayList<>();
    private int examining;
    private @Nullable CompletableFuture<Void> initialised;
    private @Nullable CompletableFuture<Void> ended;

    BdevModules(BdevManager bdevs) {
        this.bdevs = bdevs;
    }

    /**
     * Adds a module; before {@link #init}, or without it where there is no application.
     *
     * @throws IllegalArgumentException if there is one of that name
     */
    public void add(BdevModule module) {
        for (BdevModule other : modules) {
            if (other.name().equals(module.name())) {
                throw new IllegalArgumentException("bdev module " + module.name() + " is there twice: "
                        + other.getClass().getName() + " and "
                        + module.getClass().getName());
            }
        }
        modules.add(module);
    }

    /** The modules in the order in which they begin. */
    public List<BdevModule> all() {
        return List.copyOf(modules);
    }

    /** Begins all modules, one after the other; fails as the first that fails. Once: later calls wait for the first. */
    public CompletableFuture<Void> init() {
        bdevs.appThread().checkCurrent("beginning the modules of " + bdevs + ", which");
        CompletableFuture<Void> running = initialised;
        if (running == null) {
            running = bdevs.runtime().newFuture();
            initialised = running;
            initNext(0, running);
        }
        return running.copy();
    }

    private void initNext(int at, CompletableFuture<Void> done) {
        if (at == modules.size()) {
            done.complete(null);
            tellIfIdle();
            return;
        }
        BdevModule module = modules.get(at);
        begin(() -> module.init(bdevs))
                .whenComplete((_, failure) -> onAppThread(() -> {
                    if (failure != null) {
                        done.completeExceptionally(failure);
                    } else {
                        begun.add(module);
                        initNext(at + 1, done);
                    }
                }));
    }

    /** What a module throws is the failure of its stage; so is that it gives none. */
    private static CompletionStage<?> begin(Supplier<CompletionStage<?>> body) {
        try {
            return Objects.requireNonNull(body.get(), "it returned null, not a stage");
        } catch (RuntimeException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    private void onAppThread(Runnable body) {
        if (bdevs.appThread().isCurrent()) {
            body.run();
        } else {
            bdevs.appThread().trySendInternal(body);
        }
    }

    // ---- examining -------------------------------------------------------------------------------------------------

    /** A device has come: at once on the app thread, so that what stands on it is there with it; else soon. */
    void examineNew(Bdev bdev) {
        if (!modules.isEmpty()) {
            onAppThread(() -> {
                if (bdevs.options().bdevAutoExamine() || isAllowed(bdev)) {
                    examine(bdev);
                }
            });
        }
    }

    private boolean isAllowed(Bdev bdev) {
        return allowed.contains(bdev.name()) || bdev.aliases().stream().anyMatch(allowed::contains);
    }

    /**
     * Has a device examined, now or when it comes, where that is not done for all; {@code spdk_bdev_examine}.
     *
     * @throws SpdkException EINVAL if all devices are examined, EEXIST if it was asked for before
     */
    public void examine(String name) throws SpdkException {
        if (bdevs.options().bdevAutoExamine()) {
            throw new SpdkException(
                    Errno.EINVAL,
                    "bdev " + name + " is examined by itself: set bdev_auto_examine to false at start-up to choose");
        }
        if (!allowed.add(name)) {
            throw new SpdkException(Errno.EEXIST, "bdev " + name + " is to be examined already");
        }
        Bdev bdev = bdevs.lookup(name);
        if (bdev != null) {
            examine(bdev);
        }
    }

    /** The names that {@link #examine} was called with. */
    List<String> allowed() {
        return List.copyOf(allowed);
    }

    private void examine(Bdev bdev) {
        if (!bdev.supports(IoType.READ) || !bdev.isRegistered()) {
            return;
        }
        for (BdevModule module : modules) {
            try {
                module.examineConfig(bdev);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "module " + module.name() + " failed to examine bdev " + bdev.name(), e);
            }
        }
        if (!bdev.isExaminedHere()) {
            return;
        }
        Set<String> claimants =
                bdev.claims().stream().map(Claim::claimant).collect(Collectors.toCollection(HashSet::new));
        for (BdevModule module : modules) {
            if (claimants.isEmpty() || claimants.contains(module.name())) {
                examineDisk(module, bdev);
            }
        }
    }

    private void examineDisk(BdevModule module, Bdev bdev) {
        String what = "module " + module.name() + " examining bdev " + bdev.name();
        examining++;
        within(EXAMINE_LIMIT, what, begin(() -> module.examineDisk(bdev)), () -> {
            examining--;
            tellIfIdle();
        });
    }

    /** Calls {@code done} on the app thread, once: when the stage has ended, or has taken too long. */
    private void within(Duration limit, String what, CompletionStage<?> stage, Runnable done) {
        CompletableFuture<?> future = stage.toCompletableFuture();
        if (future.isDone() && !future.isCompletedExceptionally()) {
            done.run();
            return;
        }
        boolean[] over = {false};
        Poller timer = bdevs.appThread()
                .poller(what)
                .period(limit)
                .body(() -> {
                    if (!over[0]) {
                        over[0] = true;
                        LOG.log(Level.ERROR, what + " takes longer than " + limit + " and is not waited for any more");
                        done.run();
                    }
                    return Poller.Result.BUSY;
                })
                .register();
        var _ = future.whenComplete((_, failure) -> onAppThread(() -> {
            timer.close();
            if (!over[0]) {
                over[0] = true;
                if (failure != null) {
                    LOG.log(Level.ERROR, what + " failed", failure);
                }
                done.run();
            }
        }));
    }

    /** Completes when all modules have begun and all devices that have come were examined. Any thread. */
    public CompletableFuture<Void> whenExamined() {
        CompletableFuture<Void> future = bdevs.runtime().newFuture();
        // Behind what examineNew has sent, on the app thread too.
        boolean _ = bdevs.appThread().trySendInternal(() -> {
            waiting.add(future);
            tellIfIdle();
        });
        return future;
    }

    private void tellIfIdle() {
        CompletableFuture<Void> begin = initialised;
        if (examining == 0 && (begin == null || begin.isDone())) {
            List<CompletableFuture<Void>> told = List.copyOf(waiting);
            waiting.clear();
            told.forEach(future -> future.complete(null));
        }
    }

    // ---- the end ---------------------------------------------------------------------------------------------------

    /** Tells the modules that have begun that the end begins, the last first. On the app thread. */
    CompletableFuture<Void> beginFini() {
        CompletableFuture<Void> done = bdevs.runtime().newFuture();
        beginFini(begun.size(), done);
        return done;
    }

    private void beginFini(int left, CompletableFuture<Void> done) {
        if (left == 0) {
            done.complete(null);
            return;
        }
        BdevModule module = begun.get(left - 1);
        within(
                FINI_LIMIT,
                "the beginning of the end of module " + module.name(),
                begin(module::beginFini),
                () -> beginFini(left - 1, done));
    }

    /** Ends the modules that have begun, the last first; once, when no device is left. Any thread. */
    public CompletableFuture<Void> fini() {
        CompletableFuture<Void> result = bdevs.runtime().newFuture();
        onAppThread(() -> {
            CompletableFuture<Void> running = ended;
            if (running == null) {
                running = bdevs.runtime().newFuture();
                ended = running;
                finiNext(running);
            }
            var _ = running.thenAccept(result::complete);
        });
        return result;
    }

    private void finiNext(CompletableFuture<Void> done) {
        if (begun.isEmpty()) {
            done.complete(null);
            return;
        }
        BdevModule module = begun.removeLast();
        within(FINI_LIMIT, "the end of module " + module.name(), begin(module::fini), () -> finiNext(done));
    }
}
