// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.passthru;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/**
 * A device that hands every I/O on to another, and grows with it. Stands for SPDK's passthru bdev.
 *
 * <p>Thread rule: {@link #create} on the app thread; the rest is called by the hub.
 */
public final class PassthruBdev implements BdevOps<BdevChannel> {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "passthru";

    private static final UUID NAMESPACE = UUID.fromString("7e25812e-c8c0-4d3f-8599-16d790555b85");

    private final String name;
    private final BaseBdev base;
    private final UUID uuid;

    private PassthruBdev(PassthruBdevOptions options, BaseBdev base) {
        UUID given = options.uuid();
        this.name = options.name();
        this.base = base;
        this.uuid = given != null ? given : base.derivedUuid(NAMESPACE);
    }

    /**
     * Makes and registers one; the base must be there.
     *
     * @throws SpdkException ENODEV if there is no such base, EPERM if the base is claimed, EEXIST if the name is taken
     */
    public static Bdev create(BdevManager bdevs, PassthruBdevOptions options) throws SpdkException {
        BaseBdev base = BaseBdev.open(
                bdevs, options.baseBdevName(), Claim.exclusiveWrite(PRODUCT_NAME), PassthruBdev::baseChanged);
        try {
            PassthruBdev device = new PassthruBdev(options, base);
            BdevSpec spec = base.spec(options.name())
                    .productName(PRODUCT_NAME)
                    .uuid(device.uuid)
                    .build();
            return base.carries(bdevs.register(spec, device));
        } catch (SpdkException | RuntimeException e) {
            base.close();
            throw e;
        }
    }

    private static void baseChanged(BdevEvent event, BaseBdev base) {
        switch (event) {
            case REMOVED -> base.unregisterUpper();
            case RESIZED -> base.resizeUpper(base.bdev().blockCount());
        }
    }

    @Override
    public void submit(BdevChannel channel, BdevIo io) {
        channel.forward(io);
    }

    @Override
    public void abort(BdevChannel channel, BdevIo target, BdevIo abort) {
        channel.forwardAbort(target, abort);
    }

    @Override
    public boolean supports(IoType type) {
        return base.supports(type);
    }

    @Override
    public BdevChannel openChannel(SpdkThread thread) {
        return base.openChannel();
    }

    @Override
    public void closeChannel(BdevChannel channel) {
        channel.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        return base.closeAsync();
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("name", name);
        info.put("base_bdev_name", base.bdev().name());
        out.put("passthru", info);
    }

    @Override
    public ConfigCall configCall() {
        return new PassthruBdevOptions(name, base.bdev().name(), uuid).configCall();
    }
}
