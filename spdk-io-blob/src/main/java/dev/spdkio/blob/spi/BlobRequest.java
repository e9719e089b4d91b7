// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.spi;

import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.Blob;
import dev.spdkio.request.Request;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A request for a blob between its submit and its end; its memory is that of its io units. */
@SuppressWarnings("exports") // what it extends is for our own modules
public final class BlobRequest extends Request {
    IoType type = IoType.READ;

    @Nullable
    Blob blob;

    long offset;
    long count;

    @Nullable
    IoCompletion completion;

    /** How it ended, until that is told. */
    IoStatus status = IoStatus.SUCCESS;

    /** When it first found no room; 0 if it did not. */
    long noRoomSince;

    BlobRequest(int slot) {
        super(slot);
    }

    /** What to do. */
    public IoType type() {
        return type;
    }

    /** Where. */
    public Blob blob() {
        return Objects.requireNonNull(blob);
    }

    /** The first io unit. */
    public long offset() {
        return offset;
    }

    /** The number of io units. */
    public long count() {
        return count;
    }

    @Override
    protected void clear() {
        blob = null;
        completion = null;
        noRoomSince = 0;
    }

    @Override
    public String toString() {
        return "request " + slot() + ": " + type.jsonName() + " of " + count + " io units at io unit " + offset + " of "
                + blob;
    }
}
