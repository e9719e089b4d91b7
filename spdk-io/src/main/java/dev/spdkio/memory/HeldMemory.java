// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * References of one's own to the memory of a request that is on its way to another thread, so that the caller may close
 * his.
 *
 * <p>Thread rule: one thread at a time.
 */
public final class HeldMemory implements AutoCloseable {
    private final List<DmaBuf> references = new ArrayList<>(1);

    /** Without memory. */
    public HeldMemory() {}

    /** The same memory by a reference of our own. If there is none to be had, all that was held is let go. */
    public @Nullable DmaBuf hold(@Nullable DmaBuf buf) {
        return buf == null ? null : retain(buf);
    }

    /** The same for several pieces. */
    public @Nullable IoVec hold(@Nullable IoVec vec) {
        if (vec == null) {
            return null;
        }
        IoVec.Builder copy = IoVec.builder();
        for (int i = 0; i < vec.count(); i++) {
            copy.add(retain(vec.buf(i)), vec.offset(i), vec.length(i));
        }
        return copy.build();
    }

    private DmaBuf retain(DmaBuf buf) {
        try {
            DmaBuf reference = buf.retain();
            references.add(reference);
            return reference;
        } catch (RuntimeException closed) {
            close();
            throw closed;
        }
    }

    /** Lets all go. Idempotent. */
    @Override
    public void close() {
        references.forEach(DmaBuf::close);
        references.clear();
    }
}
