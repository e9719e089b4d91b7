// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.passthru;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.ForwardingOps;
import dev.spdkio.error.SpdkException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * A device that hands every I/O on to another, and grows with it. Stands for SPDK's passthru bdev.
 *
 * <p>Thread rule: {@link #create} on the app thread; the rest is called by the hub.
 */
public final class PassthruBdev extends ForwardingOps {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "passthru";

    private static final UUID NAMESPACE = UUID.fromString("7e25812e-c8c0-4d3f-8599-16d790555b85");

    private final String name;
    private final UUID uuid;

    private PassthruBdev(PassthruBdevOptions options, BaseBdev base) {
        super(base);
        UUID given = options.uuid();
        this.name = options.name();
        this.uuid = given != null ? given : base.derivedUuid(NAMESPACE);
    }

    /**
     * Makes and registers one; the base must be there.
     *
     * @throws SpdkException ENODEV if there is no such base, EPERM if the base is claimed, EEXIST if the name is taken
     */
    public static Bdev create(BdevManager bdevs, PassthruBdevOptions options) throws SpdkException {
        return BaseBdev.createOn(
                bdevs,
                options.baseBdevName(),
                Claim.exclusiveWrite(PRODUCT_NAME),
                BaseBdev.Listener.FOLLOW_SIZE,
                base -> {
                    PassthruBdev device = new PassthruBdev(options, base);
                    BdevSpec spec = base.spec(options.name())
                            .productName(PRODUCT_NAME)
                            .uuid(device.uuid)
                            .build();
                    return bdevs.register(spec, device);
                });
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
