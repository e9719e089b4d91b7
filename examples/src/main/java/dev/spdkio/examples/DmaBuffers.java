// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.memory.IoVec;
import dev.spdkio.memory.LeakTracking;
import java.lang.foreign.ValueLayout;

/** Buffers: where they come from, parts that live on their own, use after close, a pool at its limit, a leak. */
public final class DmaBuffers {
    private DmaBuffers() {}

    /** Runs it. */
    public static void main(String[] args) {
        // docs: memory-hello
        try (DmaPool pool = DmaPool.builder().name("data").limitBytes(64 << 20).build();
                DmaBuf buf = pool.allocate(4096)) {
            buf.fill((byte) 0);
            buf.segment().set(ValueLayout.JAVA_LONG, 0, 42);
            System.out.println("a buffer holds " + buf.buffer().getLong());
        }
        // docs: end
        slices();
        limit();
        leak();
    }

    private static void slices() {
        try (DmaPool pool = DmaPool.builder().name("parts").build()) {
            // docs: memory-slices
            DmaBuf record = pool.allocate(4096);
            DmaBuf header = record.slice(0, 512);
            DmaBuf body = record.slice(512, 3584);
            record.close(); // header and body go on; the memory is free after the last of the three
            // docs: end
            body.fill((byte) 1);
            // docs: memory-vector
            IoVec vector = IoVec.of(header, body); // for submitReadv and submitWritev; nothing is copied
            // docs: end
            System.out.println(vector.count() + " parts of " + vector.totalBytes() + " bytes");
            header.close();
            body.close();
            // docs: memory-closed
            try {
                body.segment();
            } catch (IllegalStateException e) {
                System.out.println("refused: " + e.getMessage());
            }
            // docs: end
            System.out.println("still in use: " + pool.stats().usedBytes() + " bytes");
        }
    }

    private static void limit() {
        try (DmaPool pool = DmaPool.builder().name("small").limitBytes(4 << 20).build()) {
            try (DmaBuf all = pool.allocate(4 << 20)) {
                // docs: memory-limit
                try {
                    pool.allocate(4096);
                } catch (LimitExceededException e) {
                    System.out.println("limit " + e.limit() + " = " + e.value());
                }
                DmaBuf maybe = pool.tryAllocate(4096); // null instead
                // docs: end
                System.out.println(all.size() + " bytes taken, more: " + maybe);
            }
        }
    }

    private static void leak() {
        // docs: memory-leak
        DmaPool pool =
                DmaPool.builder().name("leaky").leakTracking(LeakTracking.ALL).build();
        pool.allocate(512); // never closed
        System.out.println("leaked: " + pool.closeAsync().join().buffers());
        // docs: end
    }
}
