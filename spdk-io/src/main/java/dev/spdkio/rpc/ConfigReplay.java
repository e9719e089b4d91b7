// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** One replay of a {@link JsonConfig}. Lives on the app thread. */
final class ConfigReplay {
    private static final Logger LOG = System.getLogger(ConfigReplay.class.getName());

    private final ConfigText text;
    private final List<JsonConfig.Call> calls;
    private final RpcRegistry registry;
    private final Subsystems subsystems;
    private final Executor appThread;
    private final JsonConfig.Options options;
    private final CompletableFuture<JsonConfig.Report> report = new CompletableFuture<>();

    private final List<String> errors = new ArrayList<>();
    private int called;
    private int skipped;
    private int next;

    /** Whether this is the second round, after initialisation: what was allowed before it has been called already. */
    private boolean initialised;

    ConfigReplay(
            ConfigText text,
            List<JsonConfig.Call> calls,
            RpcRegistry registry,
            Subsystems subsystems,
            Executor appThread,
            JsonConfig.Options options) {
        this.text = text;
        this.calls = calls;
        this.registry = registry;
        this.subsystems = subsystems;
        this.appThread = appThread;
        this.options = options;
    }

    CompletableFuture<JsonConfig.Report> report() {
        return report;
    }

    void start() {
        guarded(() -> {
            for (JsonConfig.Call c : calls) {
                if (!checkKnown(c)) {
                    return;
                }
            }
            run();
        });
    }

    /** Whatever goes wrong, the caller hears of it. */
    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (Throwable t) {
            report.completeExceptionally(t);
        }
    }

    /** False if the replay has ended with an error. */
    private boolean checkKnown(JsonConfig.Call c) {
        if (!registry.statesOf(c.method()).isEmpty()) {
            return true;
        }
        if (JsonConfig.SPDK_OPTIONS.contains(c.method())) {
            LOG.log(
                    Level.INFO,
                    "{0}: {1} is passed over: its module is not part of this application",
                    text.source(),
                    c.method());
            return true;
        }
        if (!subsystems.contains(c.subsystem())) {
            if (JsonConfig.SPDK_SUBSYSTEMS.contains(c.subsystem())) {
                LOG.log(
                        Level.INFO,
                        "{0}: method {1} is passed over: its subsystem {2} is not part of this application",
                        text.source(),
                        c.method(),
                        c.subsystem());
                return true;
            }
            return failed(text.at(
                    c.path(),
                    "subsystem '" + c.subsystem() + "' is unknown: this application has "
                            + String.join(", ", subsystems.names())));
        }
        return failed(text.at(
                c.path() + ".method",
                "method '" + c.method() + "' does not exist in this application: remove the entry, or ignore errors"));
    }

    /** True if errors are ignored and the replay goes on. */
    private boolean failed(ConfigException e) {
        if (!options.ignoreErrors()) {
            report.completeExceptionally(e);
            return false;
        }
        LOG.log(Level.WARNING, "{0} (ignored)", e.getMessage());
        errors.add(String.valueOf(e.getMessage()));
        return true;
    }

    /** Goes on until a method answers later, or to the end. */
    private void run() {
        while (next < calls.size()) {
            JsonConfig.Call c = calls.get(next++);
            if (!isDue(c)) {
                continue;
            }
            CompletableFuture<JsonNode> result = registry.call(c.method(), c.params());
            if (result.isDone()) {
                if (!take(c, result)) {
                    return;
                }
            } else {
                CompletableFuture<JsonNode> _ = result.whenComplete((_, _) -> appThread.execute(() -> guarded(() -> {
                    if (take(c, result)) {
                        run();
                    }
                })));
                return;
            }
        }
        endOfRound();
    }

    private boolean isDue(JsonConfig.Call c) {
        Set<RpcState> states = registry.statesOf(c.method());
        RpcState now = registry.state();
        if (states.isEmpty()) {
            skipped += initialised ? 0 : 1;
            return false;
        }
        if (initialised && states.contains(RpcState.STARTUP)) {
            return false;
        }
        if (states.contains(now)) {
            return true;
        }
        if (now == RpcState.RUNTIME || options.initialise() == null) {
            skipped++;
            LOG.log(
                    Level.INFO,
                    "{0}: method {1} is passed over: it is not allowed in state {2}",
                    text.source(),
                    c.method(),
                    now);
        }
        return false;
    }

    private boolean take(JsonConfig.Call c, CompletableFuture<JsonNode> result) {
        if (!result.isCompletedExceptionally()) {
            called++;
            return true;
        }
        RpcException e = RpcFailures.of(c.method(), result.exceptionNow());
        String parameter = e.parameter();
        String path = parameter == null ? c.path() : c.path() + ".params." + parameter;
        return failed(text.at(path, c.method() + ": " + e.getMessage() + " (code " + e.code() + ")", e));
    }

    private void endOfRound() {
        @Nullable Supplier<CompletionStage<?>> initialise = options.initialise();
        if (registry.state() == RpcState.RUNTIME || initialise == null) {
            report.complete(new JsonConfig.Report(called, skipped, List.copyOf(errors)));
            return;
        }
        CompletionStage<?> _ = initialise
                .get()
                .whenComplete((_, failure) -> appThread.execute(() -> guarded(() -> afterInitialise(failure))));
    }

    private void afterInitialise(@Nullable Throwable failure) {
        if (failure != null) {
            report.completeExceptionally(failure);
            return;
        }
        if (registry.state() == RpcState.STARTUP) {
            registry.setState(RpcState.RUNTIME);
        }
        initialised = true;
        next = 0;
        run();
    }
}
