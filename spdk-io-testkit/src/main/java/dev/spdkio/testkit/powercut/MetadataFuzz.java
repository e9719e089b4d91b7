// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CompletionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.zip.CRC32C;

/**
 * Loads stores whose metadata somebody changed, looks at all blobs, uses what is free, unloads and loads again. What
 * cannot be loaded must be refused with EILSEQ or ENXIO; everything else must end, in bounded memory.
 *
 * <p>Thread rule: one OS thread.
 */
public final class MetadataFuzz {
    /** Bytes before those of a change: page, offset, length. */
    private static final int HEADER = 4;

    private static final int PAGE = 4096;
    private static final int PAGES = 4 + CutWorld.METADATA_PAGES;
    private static final int SEAL = 0x80;
    private static final int DIRTY = 0x40;
    private static final int LENGTH = 0x3F;

    private final byte[] base;
    private CutWorld world = new CutWorld();

    /** Makes a store to be changed. */
    public MetadataFuzz() {
        Logger.getLogger("dev.spdkio").setLevel(Level.OFF);
        Script s = new Script(world, Mode.INIT);
        Operations.Blobs blobs = Operations.prepare(s);
        s.xattrs(blobs.rle(), 3000); // in a chain of pages
        s.resize(blobs.thin(), 1100);
        s.write(blobs.thin(), 1000, 4);
        s.unload();
        this.base = world.device.content();
    }

    /**
     * Loads what {@code data} makes of the store.
     *
     * @param data changes, each of a page, a place in it (2 bytes), a length with flags, and the bytes
     * @return whether it could be loaded
     */
    public boolean load(byte[] data) {
        byte[] image = base.clone();
        change(image, data);
        world.device.reset(image);
        try {
            Script s = new Script(world, Mode.LOAD);
            View found = s.look();
            if (found.used < found.allocated) {
                throw new AssertionError(found.used + " clusters are used, and blobs have " + found.allocated);
            }
            String wrong = PowerCuts.goOn(s, found);
            s.unload();
            if (wrong != null) {
                throw new AssertionError(wrong);
            }
            return true;
        } catch (CompletionException e) {
            if (e.getCause() instanceof SpdkException refused
                    && (refused.errno() == Errno.EILSEQ || refused.errno() == Errno.ENXIO)
                    && world.isIdle()) {
                return false;
            }
            world = new CutWorld();
            throw e;
        } catch (RuntimeException | AssertionError e) {
            world = new CutWorld();
            throw e;
        }
    }

    private static void change(byte[] image, byte[] data) {
        ByteBuffer in = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        while (in.remaining() > HEADER) {
            int page = Math.floorMod(in.get(), PAGES) * PAGE;
            int at = Math.floorMod(in.getShort(), PAGE);
            int flags = in.get();
            int length = Math.min(Math.min(flags & LENGTH, in.remaining()), PAGE - at);
            in.get(image, page + at, length);
            if ((flags & DIRTY) != 0) {
                image[16] = 0;
                seal(image, 0);
            }
            if ((flags & SEAL) != 0) {
                seal(image, page);
            }
        }
    }

    private static void seal(byte[] image, int page) {
        CRC32C crc = new CRC32C();
        crc.update(image, page, PAGE - 4);
        ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).putInt(page + PAGE - 4, (int) crc.getValue());
    }
}
