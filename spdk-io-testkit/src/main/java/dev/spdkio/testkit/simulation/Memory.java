// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.memory.IoVec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The memory of one request: one piece or several, aligned or not. */
final class Memory {
    final IoVec vec;
    private final List<DmaBuf> handles;

    private Memory(IoVec vec, List<DmaBuf> handles) {
        this.vec = vec;
        this.handles = handles;
    }

    /** Null if the pool has none. */
    static @Nullable Memory take(DmaPool pool, int bytes, RandomGenerator r) {
        List<DmaBuf> handles = new ArrayList<>();
        IoVec.Builder vec = IoVec.builder();
        int pieces = r.nextInt(3) > 0 ? 1 : 2 + r.nextInt(4);
        for (int left = bytes; left > 0; pieces--) {
            int length = pieces <= 1 || left == 1 ? left : 1 + r.nextInt(left);
            int shift = r.nextInt(3) > 0 ? 0 : 1 << r.nextInt(12);
            DmaBuf buf = pool.tryAllocate(length + shift);
            if (buf == null) {
                handles.forEach(DmaBuf::close);
                return null;
            }
            handles.add(buf);
            if (shift > 0) {
                buf = buf.slice(shift, length);
                handles.add(buf);
            }
            vec.add(buf, 0, length);
            left -= length;
        }
        return new Memory(vec.build(), handles);
    }

    boolean isOne() {
        return vec.count() == 1;
    }

    DmaBuf one() {
        return vec.buf(0);
    }

    /** Gives all blocks their contents. */
    void fill(MemorySegment scratch, int blockSize, long[] values) {
        for (int i = 0; i < values.length; i++) {
            Content.put(scratch, (long) i * blockSize, blockSize, values[i]);
        }
        vec.copyFrom(0, scratch, 0, (long) values.length * blockSize);
    }

    static void close(@Nullable Memory memory) {
        if (memory != null) {
            // Slices before what they are of, so that a slice in flight is seen.
            for (int i = memory.handles.size() - 1; i >= 0; i--) {
                memory.handles.get(i).close();
            }
        }
    }
}
