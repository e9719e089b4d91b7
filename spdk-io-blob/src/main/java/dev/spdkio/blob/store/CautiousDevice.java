// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** A device of which parts cannot be read, or are missing: those read as what is no metadata, and are told. */
final class CautiousDevice extends StoreDevice {
    /** The most places that are told. */
    static final int MAX_PLACES = 1000;

    private static final byte FILL = (byte) 0xA5;

    /** Places that could not be read, by their offset in bytes, and why. */
    final TreeMap<Long, String> unreadable = new TreeMap<>();

    private final int piece;

    /** Reads {@code piece} bytes at a time where it cannot read more; of these all are there or none. */
    CautiousDevice(BdevDesc desc, int piece) {
        super(desc);
        this.piece = piece;
    }

    @Override
    CompletableFuture<Void> read(DmaBuf buf, long offset) {
        if (offset + buf.size() <= bdev().sizeBytes()) {
            return Steps.after(super.read(buf, offset), (_, failure) -> {
                if (failure instanceof SpdkException) {
                    return pieces(buf, offset, String.valueOf(failure.getMessage()));
                }
                return Steps.ended(failure);
            });
        }
        return pieces(buf, offset, "it lies beyond the end of the device");
    }

    private CompletableFuture<Void> pieces(DmaBuf buf, long offset, String why) {
        if (buf.size() > piece) {
            return Steps.each((int) (buf.size() / piece), i -> {
                DmaBuf part = buf.slice((long) i * piece, piece);
                return read(part, offset + (long) i * piece).whenComplete((_, _) -> part.close());
            });
        }
        buf.fill(FILL);
        if (unreadable.size() < MAX_PLACES) {
            unreadable.put(offset, why);
        }
        return Steps.done();
    }
}
