// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.sys.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Reads the log of a discovery controller, again if it changed meanwhile. */
public final class Discovery {
    /** Rows that are read at most. */
    public static final int MAX_ENTRIES = 1024;

    private static final int GET_LOG_PAGE = 0x02;
    private static final int ATTEMPTS = 4;
    private static final int PIECE = 4096;
    private static final int NUMREC = 8;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final NvmeController controller;
    private final DmaPool pool;

    private Discovery(NvmeController controller, DmaPool pool) {
        this.controller = controller;
        this.pool = pool;
    }

    /**
     * The rows of the log of {@code controller}, which stays connected. Any thread.
     *
     * @param pool gives the memory to read into
     */
    public static CompletableFuture<List<DiscoveryEntry>> entries(NvmeController controller, DmaPool pool) {
        return new Discovery(controller, pool).attempt(ATTEMPTS);
    }

    private CompletableFuture<List<DiscoveryEntry>> attempt(int left) {
        return read(DiscoveryEntry.HEADER_BYTES).thenCompose(header -> {
            long count = header.get(U64, NUMREC);
            if (count < 0 || count > MAX_ENTRIES) {
                return failed(Errno.E2BIG, "has " + Long.toUnsignedString(count) + " entries: at most " + MAX_ENTRIES);
            }
            return read(DiscoveryEntry.HEADER_BYTES + (int) count * DiscoveryEntry.ENTRY_BYTES)
                    .thenCompose(log -> {
                        if (log.get(U64, 0) == header.get(U64, 0) && log.get(U64, NUMREC) == count) {
                            return CompletableFuture.completedFuture(DiscoveryEntry.readAll(log, count));
                        }
                        return left > 1
                                ? attempt(left - 1)
                                : failed(Errno.EAGAIN, "changes faster than it can be read");
                    });
        });
    }

    private CompletableFuture<List<DiscoveryEntry>> failed(int errno, String what) {
        return CompletableFuture.failedFuture(
                new SpdkException(errno, "the discovery log of " + controller.transportId() + " " + what));
    }

    private CompletableFuture<MemorySegment> read(int bytes) {
        MemorySegment all = MemorySegment.ofArray(new byte[bytes]);
        DmaBuf piece = pool.allocate(PIECE);
        return read(all, 0, piece).whenComplete((_, _) -> piece.close()).thenApply(_ -> all);
    }

    private CompletableFuture<Void> read(MemorySegment all, int from, DmaBuf piece) {
        int length = (int) Math.min(PIECE, all.byteSize() - from);
        int dwords = length / Integer.BYTES - 1;
        DmaBuf target = piece.slice(0, length);
        NvmeCommand command = NvmeCommand.of(GET_LOG_PAGE)
                .withCdw(10, DiscoveryEntry.LOG_PAGE | dwords << 16)
                .withCdw(12, from);
        return controller
                .adminAsync(command, target)
                .whenComplete((_, _) -> target.close())
                .thenCompose(_ -> {
                    piece.copyTo(0, all, from, length);
                    return from + length == all.byteSize()
                            ? NvmeFutures.done(CompletableFuture.completedFuture(0L))
                            : read(all, from + length, piece);
                });
    }
}
