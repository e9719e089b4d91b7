// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.crypto;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.MetadataSpec;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SpdkThread;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/**
 * A device that encrypts, by AES-XTS, what another one stores. Stands for SPDK's crypto bdev, and has the same bytes on
 * the device below as SPDK with its software engine.
 *
 * <p>Every block is encrypted by itself, with its number. What was unmapped reads as anything; zeroes are written as
 * zeroes that are encrypted. The work is done on the thread of the I/O.
 *
 * <p>Thread rule: {@link #create} on the app thread; the rest is called by the hub.
 */
@SuppressWarnings("exports") // the channel is the hub's to hold, and nobody's to look into
public final class CryptoBdev implements BdevOps<CryptoChannel> {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "crypto";

    /** Bytes of one I/O at most; the hub splits what is larger. */
    public static final int MAX_IO_BYTES = 128 << 10;

    private static final UUID NAMESPACE = UUID.fromString("078e3cf7-f4b4-4545-b2c3-d40045a64ae2");

    private final CryptoBdevOptions options;
    private final BaseBdev base;
    private final DmaPool pool;

    private CryptoBdev(CryptoBdevOptions options, BaseBdev base, DmaPool pool) {
        this.options = options;
        this.base = base;
        this.pool = pool;
    }

    /**
     * Makes and registers one; the base must be there.
     *
     * @throws SpdkException ENODEV if there is no such base, EPERM if the base is claimed, EEXIST if the name is taken
     * @throws IllegalArgumentException if the blocks of the base are not multiples of 16 bytes, or hold what protects
     *     their data
     */
    public static Bdev create(BdevManager bdevs, CryptoBdevOptions options) throws SpdkException {
        return BaseBdev.createOn(
                bdevs,
                options.baseBdevName(),
                Claim.exclusiveWrite(PRODUCT_NAME),
                BaseBdev.Listener.FOLLOW_SIZE,
                base -> createOn(base, bdevs, options));
    }

    private static Bdev createOn(BaseBdev base, BdevManager bdevs, CryptoBdevOptions options) throws SpdkException {
        int blockSize = base.bdev().blockSize();
        if (blockSize % AesXts.UNIT != 0) {
            throw new IllegalArgumentException("crypto bdev " + options.name() + ": the " + blockSize
                    + " bytes of a block of bdev " + base.bdev().name() + " are not a multiple of " + AesXts.UNIT);
        }
        MetadataSpec metadata = base.bdev().metadata();
        if (metadata != null && metadata.hasDif()) {
            throw new IllegalArgumentException("crypto bdev " + options.name() + ": bdev "
                    + base.bdev().name() + " checks the data that it gets (DIF), and would get it encrypted");
        }
        BdevSpec spec = base.spec(options.name())
                .productName(PRODUCT_NAME)
                .uuid(base.derivedUuid(NAMESPACE))
                .maxRwBlocks(Math.max(base.bdev().writeUnitSize(), MAX_IO_BYTES / blockSize))
                .build();
        options.key().use();
        try {
            return bdevs.register(spec, new CryptoBdev(options, base, bdevs.pool()));
        } catch (SpdkException | RuntimeException e) {
            options.key().unuse();
            throw e;
        }
    }

    @Override
    public void submit(CryptoChannel channel, BdevIo io) {
        channel.submit(io);
    }

    @Override
    public void abort(CryptoChannel channel, BdevIo target, BdevIo abort) {
        channel.abort(target, abort);
    }

    /** What moves data below without our seeing it is not possible. */
    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, UNMAP, FLUSH, RESET, ABORT -> base.supports(type);
            default -> false;
        };
    }

    @Override
    public CryptoChannel openChannel(SpdkThread thread) {
        return new CryptoChannel(base.openChannel(), pool, options.key());
    }

    @Override
    public void closeChannel(CryptoChannel channel) {
        channel.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        options.key().unuse();
        return base.closeAsync();
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        out.put("crypto", configCall().params());
    }

    @Override
    public ConfigCall configCall() {
        return options.configCall();
    }
}
