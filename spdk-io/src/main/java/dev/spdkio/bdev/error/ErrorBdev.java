// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.error;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.ModuleChannels;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A device that hands I/O on to another and goes wrong as it is told: for tests of what stands on it. Stands for SPDK's
 * error bdev.
 *
 * <p>Thread rule: {@link #create} on the app thread, {@link #inject} and {@link #resumePending} on any; the rest is
 * called by the hub.
 */
@SuppressWarnings("exports") // the channel is the hub's to hold, and nobody's to look into
public final class ErrorBdev implements BdevOps<ErrorChannel> {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "Error Injection Disk";

    /** Of all of SPDK's devices that are a part of another: this one is the whole. */
    private static final UUID NAMESPACE = UUID.fromString("976b899e-3e1e-4d71-ab69-c2b08e9df8b8");

    /** What claims name it by. */
    static final String MODULE = "error";

    private final BdevManager bdevs;
    private final ErrorBdevOptions options;
    private final BaseBdev base;
    private final ModuleChannels<ErrorChannel> channels = new ModuleChannels<>();
    private volatile ErrorRule read = ErrorRule.NONE;
    private volatile ErrorRule write = ErrorRule.NONE;
    private volatile ErrorRule unmap = ErrorRule.NONE;
    private volatile ErrorRule flush = ErrorRule.NONE;

    private ErrorBdev(BdevManager bdevs, ErrorBdevOptions options, BaseBdev base) {
        this.bdevs = bdevs;
        this.options = options;
        this.base = base;
    }

    /**
     * Makes and registers one; the base must be there.
     *
     * @throws SpdkException ENODEV if there is no such base, EPERM if the base is claimed, EEXIST if there is one on it
     */
    public static Bdev create(BdevManager bdevs, ErrorBdevOptions options) throws SpdkException {
        return BaseBdev.createOn(
                bdevs, options.baseBdevName(), Claim.exclusiveWrite(MODULE), ErrorBdev::baseChanged, base -> {
                    UUID given = options.uuid();
                    long blocks = base.bdev().blockCount();
                    BdevSpec spec = base.spec(options.name())
                            .productName(PRODUCT_NAME)
                            .uuid(given != null ? given : base.derivedUuid(NAMESPACE, 0, blocks))
                            .build();
                    return bdevs.register(spec, new ErrorBdev(bdevs, options, base));
                });
    }

    /** What does not end by itself would keep both devices for ever. */
    private static void baseChanged(BdevEvent event, BaseBdev base) {
        if (event == BdevEvent.REMOVED) {
            for (Bdev device : base.upper()) {
                var _ = abortPending(device);
            }
            base.unregisterUpper();
        }
    }

    private static ErrorBdev of(Bdev bdev) {
        ErrorBdev device = bdev.opsAs(ErrorBdev.class);
        if (device == null) {
            throw new IllegalArgumentException(bdev + " is not an " + PRODUCT_NAME);
        }
        return device;
    }

    /**
     * From now on I/O of {@code bdev} goes wrong as {@code injection} says. Any thread.
     *
     * @throws IllegalArgumentException if {@code bdev} is not such a device
     */
    public static void inject(Bdev bdev, ErrorInjection injection) {
        of(bdev).inject(injection);
    }

    private void inject(ErrorInjection injection) {
        ErrorRule rule = injection.ioType() == ErrorInjection.Target.CLEAR ? ErrorRule.NONE : new ErrorRule(injection);
        switch (injection.ioType()) {
            case READ -> read = rule;
            case WRITE -> write = rule;
            case UNMAP -> unmap = rule;
            case FLUSH -> flush = rule;
            case CLEAR -> setAll(rule, rule, rule, rule);
            case ALL -> setAll(rule, new ErrorRule(injection), new ErrorRule(injection), new ErrorRule(injection));
        }
    }

    private void setAll(ErrorRule forRead, ErrorRule forWrite, ErrorRule forUnmap, ErrorRule forFlush) {
        read = forRead;
        write = forWrite;
        unmap = forUnmap;
        flush = forFlush;
    }

    /**
     * Does what was left {@link ErrorType#PENDING}, and leaves nothing more so. Completes when it is at the device
     * below. Any thread.
     *
     * @throws IllegalArgumentException if {@code bdev} is not such a device
     */
    public static CompletableFuture<Void> resumePending(Bdev bdev) {
        return of(bdev).endPending(ErrorChannel::resumePending);
    }

    /** Ends as aborted what was left so, and leaves nothing more so: before the device is removed. Any thread. */
    static CompletableFuture<Void> abortPending(Bdev bdev) {
        return of(bdev).endPending(ErrorChannel::abortPending);
    }

    private CompletableFuture<Void> endPending(Consumer<ErrorChannel> body) {
        for (ErrorRule rule : List.of(read, write, unmap, flush)) {
            if (rule.type() == ErrorType.PENDING) {
                rule.stop();
            }
        }
        CompletableFuture<Void> done = bdevs.runtime().newFuture();
        channels.forEach(body, bdevs.appThread(), () -> done.complete(null));
        return done;
    }

    ErrorRule rule(IoType type) {
        return switch (type) {
            case READ -> read;
            case WRITE -> write;
            case UNMAP -> unmap;
            case FLUSH -> flush;
            default -> ErrorRule.NONE;
        };
    }

    /** Memory that the device below takes as it is; null if there is none now. */
    @Nullable
    DmaBuf tryAllocate(long bytes) {
        return bdevs.pool().tryAllocate(bytes, base.bdev().requiredAlignment());
    }

    @Override
    public void submit(ErrorChannel channel, BdevIo io) {
        if (io.type() == IoType.RESET) {
            channels.forEach(ErrorChannel::abortPending, io.thread(), () -> channel.reset(io));
        } else {
            channel.submit(io);
        }
    }

    @Override
    public void abort(ErrorChannel channel, BdevIo target, BdevIo abort) {
        channel.abort(target, abort);
    }

    @Override
    public boolean supports(IoType type) {
        return type == IoType.ABORT || type == IoType.RESET || base.supports(type);
    }

    @Override
    public ErrorChannel openChannel(SpdkThread thread) {
        return channels.add(thread, new ErrorChannel(this, base.openChannel(), thread));
    }

    @Override
    public void closeChannel(ErrorChannel channel) {
        channels.remove(channel);
        channel.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        return base.closeAsync();
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        out.put("error_disk", Map.of("base_bdev", base.bdev().name()));
    }

    @Override
    public ConfigCall configCall() {
        return options.configCall();
    }
}
