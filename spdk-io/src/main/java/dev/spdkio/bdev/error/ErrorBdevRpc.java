// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.error;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The methods {@code bdev_error_create}, {@code bdev_error_inject_error}, {@code bdev_error_resume_pending} and
 * {@code bdev_error_delete}.
 */
public final class ErrorBdevRpc {
    private ErrorBdevRpc() {}

    private record Create(String baseName, Optional<UUID> uuid) {}

    private record InjectError(
            String name,
            ErrorInjection.Target ioType,
            ErrorType errorType,
            OptionalInt nvmeSct,
            OptionalInt nvmeSc,
            OptionalLong num,
            OptionalLong queueDepth,
            Optional<Double> rate,
            OptionalLong corruptOffset,
            OptionalInt corruptValue) {
        ErrorInjection injection() {
            return new ErrorInjection(
                    ioType,
                    errorType,
                    num.orElse(1),
                    queueDepth.orElse(0),
                    rate.orElse(1.0),
                    corruptOffset.orElse(0),
                    corruptValue.orElse(0),
                    nvmeSct.orElse(0),
                    nvmeSc.orElse(0));
        }
    }

    private record Named(String name) {}

    static void register(RpcRegistry registry, BdevManager bdevs, LateBdevs<ErrorBdevOptions> late) {
        registry.register("bdev_error_create", Create.class, p -> {
            ErrorBdevOptions options =
                    new ErrorBdevOptions(p.baseName(), p.uuid().orElse(null));
            late.create(bdevs, options.name(), p.baseName(), options);
            return true;
        });
        registry.register("bdev_error_inject_error", InjectError.class, p -> {
            ErrorBdev.inject(BdevRpc.find(bdevs, p.name()), p.injection());
            return true;
        });
        registry.register("bdev_error_resume_pending", Named.class, p -> {
            CompletionStage<Void> resumed = ErrorBdev.resumePending(BdevRpc.find(bdevs, p.name()));
            return resumed.thenApply(_ -> true);
        });
        BdevRpc.registerDelete(registry, "bdev_error_delete", name -> {
            Bdev bdev = bdevs.lookup(name);
            CompletionStage<Void> aborted =
                    bdev == null ? CompletableFuture.completedFuture(null) : ErrorBdev.abortPending(bdev);
            CompletionStage<Void> gone = late.delete(bdevs, name, ErrorBdev.PRODUCT_NAME);
            return aborted.thenCompose(_ -> gone);
        });
    }
}
