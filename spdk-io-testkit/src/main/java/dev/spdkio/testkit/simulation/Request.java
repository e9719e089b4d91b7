// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevCommands;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.bdev.ZeroCopy;
import dev.spdkio.error.LimitExceededException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One request of a client: what it stores, and what its end must be like. */
final class Request implements IoCompletion {
    private final World world;
    private final Client client;
    private final Disk disk;
    final int id;
    final IoType type;
    final int block;
    final int count;

    /** Its user data, by which it can be aborted. */
    final Object key;

    /** Of a copy: the first block of its source. */
    private final int source;

    /** Of a zero copy: whether it wants what is there. */
    private final boolean populate;

    private final @Nullable Memory memory;

    /** Of a compare and write: what to store. */
    private final @Nullable Memory second;

    private final History.Candidate[][] stores;
    private final long[] expected;
    private long since;
    private int ends;
    private boolean refused;
    private boolean abortAsked;
    private @Nullable CompletableFuture<?> future;
    private boolean closed;

    Request(Client client, RequestDraw draw) {
        this.world = draw.world;
        this.client = client;
        this.disk = client.disk;
        this.id = draw.id;
        this.type = draw.type;
        this.block = draw.block;
        this.count = draw.count;
        this.source = draw.source;
        this.populate = draw.flag;
        this.key = draw.key == null ? this : draw.key;
        this.memory = draw.memory;
        this.second = draw.second;
        this.expected = draw.expected;
        this.stores = new History.Candidate[stores() ? count : 0][];
    }

    private boolean stores() {
        return switch (type) {
            case WRITE, WRITE_ZEROES, UNMAP, COPY, COMPARE_AND_WRITE -> true;
            default -> false;
        };
    }

    // ---- its beginning ---------------------------------------------------------------------------------------------

    /** Submits it. On the client's thread. */
    void start() {
        begin();
        world.submitting++;
        try {
            submit(client.channel());
        } catch (RuntimeException e) {
            refused(e);
        } finally {
            world.submitting--;
        }
    }

    /** Asks for a future instead. On the driver, off the reactors. False if that is refused. */
    boolean startFuture() {
        begin();
        try {
            future = ask(client.channel());
        } catch (RuntimeException e) {
            refused(e);
            return false;
        }
        var _ = future.whenComplete((_, failure) -> {
            if (failure instanceof CancellationException) {
                orphaned();
            } else if (failure == null) {
                completed(IoStatus.SUCCESS, key);
            } else if (failure instanceof RuntimeException e) {
                refused(e);
            } else {
                failed();
            }
        });
        return true;
    }

    private CompletableFuture<?> ask(BdevChannel ch) {
        return switch (type) {
            case READ -> ch.readvBlocksAsync(memory().vec, block);
            case WRITE -> ch.writevBlocksAsync(memory().vec, block);
            case WRITE_ZEROES -> ch.writeZeroesBlocksAsync(block, count);
            case UNMAP -> ch.unmapBlocksAsync(block, count);
            case COMPARE -> ch.comparevBlocksAsync(memory().vec, block);
            case COMPARE_AND_WRITE ->
                ch.comparevAndWritevBlocksAsync(memory().vec, Objects.requireNonNull(second).vec, block);
            case COPY -> ch.copyBlocksAsync(block, source, count);
            case FLUSH -> ch.flushBlocksAsync(block, count);
            default -> throw new AssertionError(type);
        };
    }

    /** Lets nobody wait for it any more. On the client's thread. */
    void cancel() {
        if (future != null && !future.isDone()) {
            world.trace("cancel", this, id, null);
            world.counts.aborts++;
            future.cancel(false);
        }
    }

    private void orphaned() {
        client.live.remove(this);
        world.orphans.add(this);
    }

    void settleOrphan() {
        over();
        forEachStore((_, c) -> disk.history.perhapsStored(c, world.tick(), disk.doubt()));
    }

    /** Gives its memory back unless that is in flight. */
    void tryClose() {
        try {
            Memory.close(memory);
            Memory.close(second);
            closed = true;
        } catch (IllegalStateException inFlight) {
            closed = false;
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** A future does not say how. */
    private void failed() {
        world.trace("future failed", this, id, null);
        boolean compares = type == IoType.COMPARE || type == IoType.COMPARE_AND_WRITE;
        if (++ends > 1
                || !client.thread.isCurrent()
                || !(compares || mayAbort() || disk.mayFail() || world.mayRefuse)) {
            world.violation("the future of " + this + " failed without a reason");
        }
        forEachStore((_, c) -> disk.history.perhapsStored(c, world.tick(), disk.doubt()));
        over();
    }

    /** Somebody asks for the early end of everything with that user data. */
    void abortAskedFor(@Nullable Object userData) {
        abortAsked |= userData == key || future != null;
    }

    private boolean mayAbort() {
        return abortAsked || disk.isRemoved() || disk.wasReset(since);
    }

    private void begin() {
        since = world.tick();
        world.trace("submit", this, id, null);
        world.counts.requests++;
        History h = disk.history;
        h.readerComes();
        if (type == IoType.COPY) {
            disk.markSource(source, count, 1);
        }
        beginStores(h);
        client.live.add(this);
    }

    private void beginStores(History h) {
        long[][] sourceValues = new long[type == IoType.COPY ? count : 0][];
        for (int i = 0; i < sourceValues.length; i++) {
            sourceValues[i] = h.all(source + i);
        }
        for (int i = 0; i < stores.length; i++) {
            long[] values = switch (type) {
                case COPY -> sourceValues[i];
                case WRITE_ZEROES, UNMAP -> new long[] {0};
                default -> new long[] {Content.of(id, i)};
            };
            stores[i] = new History.Candidate[values.length];
            for (int k = 0; k < values.length; k++) {
                stores[i][k] = h.begin(block + i, values[k], since);
            }
        }
    }

    private void submit(BdevChannel ch) {
        int size = disk.blockSize();
        long offset = (long) block * size;
        long length = (long) count * size;
        switch (type) {
            case READ -> {
                if (memory().isOne()) {
                    ch.submitRead(memory().one(), offset, this, key);
                } else {
                    ch.submitReadv(memory().vec, offset, this, key);
                }
            }
            case WRITE -> {
                if (memory().isOne()) {
                    ch.submitWriteBlocks(memory().one(), block, count, this, key);
                } else {
                    ch.submitWritevBlocks(memory().vec, block, this, key);
                }
            }
            case WRITE_ZEROES -> ch.submitWriteZeroes(offset, length, this, key);
            case UNMAP -> ch.submitUnmap(offset, length, this, key);
            case FLUSH -> ch.submitFlushBlocks(block, count, this, key);
            case COMPARE -> ch.submitComparevBlocks(memory().vec, block, this, key);
            case COMPARE_AND_WRITE ->
                ch.submitComparevAndWritevBlocks(memory().vec, Objects.requireNonNull(second).vec, block, this, key);
            case COPY -> ch.submitCopyBlocks(block, source, count, this, key);
            case ZCOPY -> ch.submitZcopyStartBlocks(block, count, populate, this::zeroCopyStarted, key);
            case SEEK_DATA -> ch.submitSeekData(offset, this::sought, key);
            case SEEK_HOLE -> ch.submitSeekHole(offset, this::sought, key);
            case NVME_IO ->
                ch.submitNvmeIo(
                        NvmeCommand.of(0x7F),
                        null,
                        (status, dword, data) -> {
                            if (status.isSuccess() && Objects.requireNonNull(dword) != 0x600D) {
                                world.violation(this + " gave dword " + dword);
                            }
                            completed(status, data);
                        },
                        key);
            default -> throw new AssertionError(type);
        }
    }

    private Memory memory() {
        return Objects.requireNonNull(memory);
    }

    private void refused(RuntimeException e) {
        refused = true;
        world.counts.refused++;
        boolean admissible = (e instanceof LimitExceededException && world.mayRefuse)
                || (e instanceof IllegalStateException && !client.isOpen());
        if (!admissible) {
            world.violation(this + " was refused: " + e);
        }
        world.trace("refused", this, id, e.getClass().getSimpleName());
        over();
        forEachStore((at, c) -> disk.history.neverStored(at, c));
    }

    // ---- its end ---------------------------------------------------------------------------------------------------

    @Override
    public void completed(IoStatus status, @Nullable Object userData) {
        world.trace("end", this, id, status);
        ends++;
        if (ends > 1 || refused) {
            world.violation(this + (refused ? " was refused, but ended" : " ended " + ends + " times"));
            return;
        }
        if (!client.thread.isCurrent() || world.submitting > 0 || userData != key) {
            world.violation(this + " ended on the wrong thread, inside a submit or with other user data");
        }
        if (status.isSuccess()) {
            world.counts.succeeded++;
        } else {
            checkFailure(status);
        }
        checkContent(status);
        settle(status);
        over();
    }

    private void checkFailure(IoStatus status) {
        boolean compares = type == IoType.COMPARE || type == IoType.COMPARE_AND_WRITE;
        boolean admissible = switch (status.kind()) {
            case ABORTED -> {
                world.counts.aborted++;
                yield mayAbort();
            }
            case MISCOMPARE -> compares;
            case FAILED -> disk.mayFailBy(status.kind());
            case AIO_ERROR -> disk.mayFailBy(status.kind()) || world.mayRefuse;
            default -> false;
        };
        if (!admissible) {
            world.violation(this + " ended with " + status + ", for which there was no reason");
        }
    }

    private void checkContent(IoStatus status) {
        History h = disk.history;
        switch (type) {
            case READ -> {
                if (status.isSuccess()) {
                    int size = disk.blockSize();
                    memory().vec.copyTo(0, world.scratch.asSlice(0, (long) count * size));
                    for (int i = 0; i < count; i++) {
                        checkBlock(block + i, Content.get(world.scratch, (long) i * size, size));
                    }
                }
            }
            case COMPARE, COMPARE_AND_WRITE -> {
                boolean mayDiffer = false;
                for (int i = 0; i < count; i++) {
                    mayDiffer |= h.mayHoldOther(block + i, expected[i], since);
                    if (status.isSuccess() && !h.mayHold(block + i, expected[i], since)) {
                        world.violation(this + " found " + Content.describe(expected[i]) + " equal, but "
                                + h.describe(block + i));
                    }
                    if (status.isSuccess() && type == IoType.COMPARE_AND_WRITE && !h.swapOut(block + i, expected[i])) {
                        world.violation(this + " replaced " + Content.describe(expected[i]) + " in block " + (block + i)
                                + ", which another had replaced");
                    }
                }
                if (status.isMiscompare() && !mayDiffer) {
                    world.violation(this + " found a difference, but all is as expected");
                }
            }
            default -> {}
        }
    }

    private void checkBlock(int at, long value) {
        world.counts.blocksChecked++;
        if (!disk.history.mayHold(at, value, since) && !disk.mayBeTorn(at)) {
            world.violation(this + " read " + Content.describe(value) + ", but " + disk.history.describe(at));
        }
        disk.history.found(at, value, since, world.tick());
    }

    private void settle(IoStatus status) {
        long now = world.tick();
        History h = disk.history;
        if (status.isSuccess()) {
            forEachStore((at, c) -> h.stored(at, c, now));
        } else if (status.isMiscompare()) {
            forEachStore(h::neverStored);
        } else {
            forEachStore((at, c) -> h.perhapsStored(c, now, disk.doubt()));
        }
    }

    private interface StoreVisitor {
        void visit(int at, History.Candidate c);
    }

    private void forEachStore(StoreVisitor visitor) {
        for (int i = 0; i < stores.length; i++) {
            for (History.Candidate c : stores[i]) {
                visitor.visit(block + i, c);
            }
        }
    }

    /** Gives back what it had. */
    private void over() {
        disk.history.readerGoes();
        if (type == IoType.COPY) {
            disk.markSource(source, count, -1);
        }
        client.live.remove(this);
        try {
            Memory.close(memory);
            Memory.close(second);
        } catch (IllegalStateException pinned) {
            world.violation(this + " has ended, but its memory is in flight: " + pinned.getMessage());
        }
    }

    private void sought(IoStatus status, @Nullable Long found, @Nullable Object userData) {
        long here = (long) block * disk.blockSize();
        boolean emulated = disk.bdev.emulates(type);
        long wanted = !emulated || type == IoType.SEEK_DATA ? here : BdevCommands.NOWHERE;
        if (status.isSuccess() && Objects.requireNonNull(found) != wanted) {
            world.violation(this + " found " + found + " instead of " + wanted);
        }
        completed(status, userData);
    }

    // ---- zero copies -----------------------------------------------------------------------------------------------

    private void zeroCopyStarted(IoStatus status, @Nullable ZeroCopy zcopy, @Nullable Object userData) {
        if (status.isSuccess() && zcopy != null) {
            if (populate) {
                int size = disk.blockSize();
                for (int i = 0; i < count; i++) {
                    checkBlock(block + i, Content.get(zcopy.memory(), (long) i * size, size));
                }
            }
            client.zeroCopies.add(new OpenZeroCopy(zcopy));
        }
        completed(status, userData);
    }

    /** A zero copy between its start and its end, which is a request of its own. */
    final class OpenZeroCopy implements IoCompletion {
        private final ZeroCopy zcopy;
        private History.Candidate[] changes = {};
        private boolean commit;
        private boolean begun;
        private int ends;

        OpenZeroCopy(ZeroCopy zcopy) {
            this.zcopy = zcopy;
        }

        boolean isEnding() {
            return begun;
        }

        /** Ends it: with new contents in its place, or as if nothing had been. On the client's thread. */
        void end(boolean store) {
            begun = true;
            commit = store && disk.mayChange(block, count);
            world.trace("end of zero copy", Request.this, id, commit);
            if (commit) {
                changes = new History.Candidate[count];
                int size = disk.blockSize();
                for (int i = 0; i < count; i++) {
                    changes[i] = disk.history.begin(block + i, Content.of(id, i), world.tick());
                    Content.put(zcopy.memory(), (long) i * size, size, Content.of(id, i));
                }
            }
            world.submitting++;
            try {
                zcopy.submitEnd(commit, this, this);
            } finally {
                world.submitting--;
            }
        }

        @Override
        public void completed(IoStatus status, @Nullable Object userData) {
            long now = world.tick();
            world.trace("zero copy has ended", Request.this, id, status);
            if (++ends > 1 || world.submitting > 0 || !client.thread.isCurrent() || userData != this) {
                world.violation("the end of zero copy " + this + " ended wrongly");
                return;
            }
            boolean mayFail = disk.mayFail() || disk.wasReset(since);
            if (!status.isSuccess() && !mayFail) {
                world.violation("the end of zero copy " + this + " ended with " + status);
            }
            for (int i = 0; i < changes.length; i++) {
                if (status.isSuccess()) {
                    disk.history.stored(block + i, changes[i], now);
                } else {
                    disk.history.perhapsStored(changes[i], now, disk.doubt());
                }
            }
            client.zeroCopies.remove(this);
        }

        @Override
        public String toString() {
            return "zero copy " + Request.this + (begun ? ", ending" : "");
        }
    }

    @Override
    public String toString() {
        return "#" + id + " " + type.jsonName() + " " + client + " [" + block + ", " + (block + count) + ")"
                + (type == IoType.COPY ? " from " + source : "")
                + (ends > 0 ? "" : refused ? " (refused)" : abortAsked ? " (abort asked)" : "");
    }
}
