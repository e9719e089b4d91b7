// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.memory.DmaPoolStats;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One device under test in a {@link TestWorld}, with two threads, a manager and a pool of its own. What a test opens
 * and allocates here is closed at its end, when nothing may be in flight and nothing may be missing in the pool.
 */
public final class BdevBed {
    private static final long POOL_BYTES = 128L << 20;

    private final TestWorld world;
    private final SpdkThread app;
    private final SpdkThread other;
    private final DmaPool pool;
    private final BdevManager bdevs;
    private final boolean shared;
    private final Function<Bdev, CompletableFuture<Void>> remover;
    private final List<BdevDesc> open = new ArrayList<>();
    private final List<DmaBuf> bufs = new ArrayList<>();
    private @Nullable Bdev bdev;

    BdevBed(TestWorld world, Function<Bdev, CompletableFuture<Void>> remover) {
        this.remover = remover;
        this.world = world;
        this.app = world.thread("app");
        this.other = world.thread("other");
        this.pool =
                DmaPool.builder().name("bdev contract").limitBytes(POOL_BYTES).build();
        this.bdevs = BdevManager.create(world.runtime(), app, pool, BdevOptions.DEFAULT);
        this.shared = false;
    }

    /** In an application that goes on after the test. */
    BdevBed(SpdkApp application, Function<Bdev, CompletableFuture<Void>> remover) {
        this.remover = remover;
        this.world = TestWorld.of(application.runtime());
        this.app = application.appThread();
        this.other = world.thread("other");
        this.pool = application.dmaPool();
        this.bdevs = application.bdevs();
        this.shared = true;
    }

    void use(Bdev value) {
        bdev = value;
    }

    /** The world. */
    public TestWorld world() {
        return world;
    }

    /** The thread that control work runs on, and most I/O of the tests. */
    public SpdkThread app() {
        return app;
    }

    /** A second thread, on a reactor of its own where there are two. */
    public SpdkThread other() {
        return other;
    }

    /** Where buffers come from, those of the hub included. */
    public DmaPool pool() {
        return pool;
    }

    /** Where the device is registered. */
    public BdevManager bdevs() {
        return bdevs;
    }

    /** The device. */
    public Bdev bdev() {
        return Objects.requireNonNull(bdev, "the device of this test");
    }

    int blockSize() {
        return bdev().blockSize();
    }

    BdevDesc open(SpdkThread thread, OpenMode mode, BdevEventListener listener) {
        BdevDesc desc = world.on(thread, () -> bdevs.open(bdev().name(), mode, listener));
        open.add(desc);
        return desc;
    }

    BdevChannel channel(SpdkThread thread) {
        BdevDesc desc = open(thread, OpenMode.READ_WRITE, BdevEventListener.NONE);
        return world.on(thread, desc::openChannel);
    }

    /** A buffer that the device takes as it is. */
    DmaBuf buf(long bytes) {
        DmaBuf buf = pool.allocate(bytes, Math.max(bdev().requiredAlignment(), 64));
        bufs.add(buf);
        return buf;
    }

    DmaBuf buf(long bytes, int value) {
        DmaBuf buf = buf(bytes);
        buf.fill((byte) value);
        return buf;
    }

    DmaBuf buf(byte[] content) {
        DmaBuf buf = buf(content.length);
        buf.copyFrom(content);
        return buf;
    }

    static byte[] bytes(DmaBuf buf) {
        byte[] bytes = new byte[Math.toIntExact(buf.size())];
        buf.copyTo(bytes);
        return bytes;
    }

    /** Gives a buffer back before the end of the test. */
    void close(DmaBuf buf) {
        buf.close();
        bufs.remove(buf);
    }

    /** Submits I/Os on the channel's thread, in one message. */
    IoEnds begin(BdevChannel channel, Consumer<IoEnds> body) {
        IoEnds ends = new IoEnds(channel);
        world.run(channel.thread(), () -> {
            body.accept(ends);
            ends.noMore();
        });
        return ends;
    }

    /** Waits for the ends of what was begun. */
    List<IoStatus> finish(IoEnds ends) {
        return world.await(ends.done()).check();
    }

    /** Does one I/O. */
    IoStatus io(BdevChannel channel, IoEnds.Submit call) {
        return finish(begin(channel, ends -> ends.submit(call))).getFirst();
    }

    /** Does one I/O, which must succeed. */
    void good(BdevChannel channel, IoEnds.Submit call) {
        assertThat(io(channel, call)).as("I/O of %s", channel).isSameAs(IoStatus.SUCCESS);
    }

    /** Removes the device. */
    CompletableFuture<Void> remove() {
        return remover.apply(bdev());
    }

    void assertNothingInFlight() {
        assertThat(bufs).as("buffers in flight").allMatch(buf -> buf.isClosed() || buf.pins() == 0);
    }

    /** Closes everything, and finds that nothing is missing. */
    void close() {
        open.forEach(BdevDesc::close);
        open.forEach(desc -> world.await(desc.closed()));
        assertNothingInFlight();
        bufs.forEach(DmaBuf::close);
        if (shared) {
            Bdev device = bdev;
            if (device != null && device.isRegistered()) {
                world.await(remove());
            }
            world.await(other.exit());
        } else {
            world.await(bdevs.closeAsync());
        }
        world.settle();
        DmaPoolStats stats = pool.stats();
        // The hub of an application that goes on keeps the buffer from which it writes zeroes.
        int zeroBytes = bdevs.options().zeroBufferBytes();
        int kept = shared && stats.usedBytes() == zeroBytes ? 1 : 0;
        assertThat(stats.openBuffers()).as("buffers not given back: %s", stats).isEqualTo(kept);
        assertThat(stats.usedBytes()).as("memory not given back: %s", stats).isEqualTo((long) kept * zeroBytes);
        assertThat(stats.waiters()).as("requests for memory: %s", stats).isZero();
        if (!shared) {
            assertThat(world.await(pool.closeAsync()).buffers()).isZero();
        }
    }
}
