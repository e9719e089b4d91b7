// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.delay;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.ModuleChannels;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/**
 * A device that makes the reads and writes of another one take longer. Stands for SPDK's delay bdev.
 *
 * <p>What a latency is added to is the time that the other device takes. I/O of one kind stays in order: after a
 * latency was made shorter, what follows waits for what was begun before. Without latencies nothing waits, and nothing
 * is looked at.
 *
 * <p>Thread rule: {@link #create} on the app thread, {@link #setLatencies} on any; the rest is called by the hub.
 */
@SuppressWarnings("exports") // the channel is the hub's to hold, and nobody's to look into
public final class DelayBdev implements BdevOps<DelayChannel> {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "delay";

    private static final UUID NAMESPACE = UUID.fromString("4009b574-6430-4f1b-bc40-ace811091027");

    private final String name;
    private final BaseBdev base;
    private final UUID uuid;
    private final ModuleChannels<DelayChannel> channels = new ModuleChannels<>();
    private volatile DelayLatencies latencies;

    private DelayBdev(DelayBdevOptions options, BaseBdev base) {
        UUID given = options.uuid();
        this.name = options.name();
        this.base = base;
        this.uuid = given != null ? given : base.derivedUuid(NAMESPACE);
        this.latencies = canonical(options.latencies());
    }

    private static DelayLatencies canonical(DelayLatencies value) {
        return value.equals(DelayLatencies.NONE) ? DelayLatencies.NONE : value;
    }

    /**
     * Makes and registers one; the base must be there.
     *
     * @throws SpdkException ENODEV if there is no such base, EPERM if the base is claimed, EEXIST if the name is taken
     */
    public static Bdev create(BdevManager bdevs, DelayBdevOptions options) throws SpdkException {
        return BaseBdev.createOn(
                bdevs, options.baseBdevName(), Claim.exclusiveWrite(PRODUCT_NAME), BaseBdev.Listener.FOLLOW, base -> {
                    DelayBdev device = new DelayBdev(options, base);
                    BdevSpec spec = base.spec(options.name())
                            .productName(PRODUCT_NAME)
                            .uuid(device.uuid)
                            .build();
                    return bdevs.register(spec, device);
                });
    }

    /** How much longer I/O takes now. */
    DelayLatencies latencies() {
        return latencies;
    }

    /**
     * Changes how much longer I/O takes, what is in flight included as far as it has not been done. Any thread;
     * {@code bdev_delay_update_latency}.
     *
     * @throws IllegalArgumentException if {@code bdev} is not such a device
     */
    public static void setLatencies(Bdev bdev, DelayLatencies value) {
        of(bdev).latencies = canonical(value);
    }

    /** How much longer I/O of {@code bdev} takes now. Any thread. */
    public static DelayLatencies latencies(Bdev bdev) {
        return of(bdev).latencies;
    }

    private static DelayBdev of(Bdev bdev) {
        DelayBdev device = bdev.opsAs(DelayBdev.class);
        if (device == null) {
            throw new IllegalArgumentException(bdev + " is not a " + PRODUCT_NAME + " bdev");
        }
        return device;
    }

    @Override
    public void submit(DelayChannel channel, BdevIo io) {
        if (io.type() == IoType.RESET) {
            channels.forEach(DelayChannel::abortAll, io.thread(), () -> channel.reset(io));
        } else {
            channel.submit(io);
        }
    }

    @Override
    public void abort(DelayChannel channel, BdevIo target, BdevIo abort) {
        channel.abort(target, abort);
    }

    @Override
    public boolean supports(IoType type) {
        return type == IoType.ABORT || base.supports(type);
    }

    @Override
    public DelayChannel openChannel(SpdkThread thread) {
        return channels.add(thread, new DelayChannel(this, base.openChannel(), thread));
    }

    @Override
    public void closeChannel(DelayChannel channel) {
        channels.remove(channel);
        channel.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        return base.closeAsync();
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        out.put("delay", configCall().params());
    }

    @Override
    public ConfigCall configCall() {
        return DelayBdevOptions.configCall(name, base.bdev().name(), uuid, latencies);
    }
}
