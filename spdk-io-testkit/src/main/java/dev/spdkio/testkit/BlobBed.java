// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** A device for blobstores, threads to use them from, and short words for what tests do. Waits are bounded. */
public final class BlobBed implements AutoCloseable {
    /** Bytes of a device: enough for some clusters, and soon written. */
    public static final long DEVICE_BYTES = 16 << 20;

    static final int CLUSTER = 64 << 10;

    static final BlobstoreOptions OPTIONS = BlobstoreOptions.DEFAULT.withClusterSize(CLUSTER);

    /** Makes and removes devices. */
    public interface Devices {
        /** Makes a device of that name that reads as zeroes. */
        Bdev create(String name, long bytes) throws Exception;

        /** Removes one that nobody uses. */
        void remove(Bdev bdev) throws Exception;

        /** Makes one larger; false if that cannot be done. */
        default boolean grow(Bdev bdev, long bytes) throws Exception {
            return false;
        }
    }

    final SpdkApp app;
    final Devices devices;
    final SpdkThread md;
    final Bdev device;
    private final Deque<SpdkThread> threads = new ArrayDeque<>();
    private final List<Bdev> bdevs = new ArrayList<>();
    private final List<Blobstore> stores = new ArrayList<>();
    private final List<Blob> opened = new ArrayList<>();
    private final long openBefore;

    BlobBed(SpdkApp app, Devices devices) throws Exception {
        this.app = app;
        this.devices = devices;
        this.openBefore = app.dmaPool().stats().openBuffers();
        this.md = thread("blob-md");
        this.device = device("BlobDevice");
    }

    SpdkThread thread(String name) {
        SpdkThread t = app.runtime().createThread(name);
        threads.push(t);
        return t;
    }

    Bdev device(String name) throws Exception {
        Bdev bdev = devices.create(name, DEVICE_BYTES);
        bdevs.add(bdev);
        return bdev;
    }

    // ---- waiting --------------------------------------------------------------------------------------------------

    static <T> T await(CompletableFuture<T> future) throws Exception {
        try {
            return future.get(TestWorld.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** Runs on the metadata thread. */
    <T> T on(Callable<T> body) throws Exception {
        return await(md.call(body));
    }

    /** Something that the thread rules keep on a thread. */
    interface Step {
        void run() throws Exception;
    }

    void run(Step body) throws Exception {
        boolean _ = on(() -> {
            body.run();
            return true;
        });
    }

    static void assertErrno(int errno, CompletableFuture<?> future, String... words) {
        assertThatThrownBy(() -> await(future))
                .isInstanceOfSatisfying(
                        SpdkException.class,
                        e -> assertThat(Errno.name(e.errno()))
                                .as(e.getMessage())
                                .isEqualTo(Errno.name(errno)))
                .satisfies(e ->
                        assertThat(List.of(words)).allSatisfy(w -> assertThat(e).hasMessageContaining(w)));
    }

    static void assertMisuse(Class<? extends RuntimeException> type, CompletableFuture<?> future, String... words) {
        assertThatThrownBy(() -> await(future))
                .isInstanceOf(type)
                .satisfies(e ->
                        assertThat(List.of(words)).allSatisfy(w -> assertThat(e).hasMessageContaining(w)));
    }

    // ---- stores and blobs -----------------------------------------------------------------------------------------

    Blobstore init() throws Exception {
        return init(OPTIONS);
    }

    Blobstore init(BlobstoreOptions options) throws Exception {
        return keep(Blobstore.init(app, md, device.name(), options));
    }

    Blobstore load() throws Exception {
        return load(device, OPTIONS);
    }

    Blobstore load(Bdev bdev, BlobstoreOptions options) throws Exception {
        return keep(Blobstore.load(app, md, bdev.name(), options));
    }

    Blobstore keep(CompletableFuture<Blobstore> opening) throws Exception {
        Blobstore store = await(opening);
        stores.add(store);
        return store;
    }

    /** Unloads and loads it. */
    Blobstore reload(Blobstore store) throws Exception {
        await(store.unload());
        return load(device, store.options());
    }

    /** Loads what is on the device now as after a crash, from a copy. */
    Blobstore crash(Blobstore store, String copy) throws Exception {
        Bdev other = device(copy);
        copy(device, other);
        return load(other, store.options());
    }

    private void copy(Bdev from, Bdev to) throws Exception {
        try (DmaBuf buf = app.dmaPool().allocate(1 << 20)) {
            for (long at = 0; at < DEVICE_BYTES; at += buf.size()) {
                readDevice(from, buf, at);
                writeDevice(to, buf, at);
            }
        }
    }

    void readDevice(Bdev bdev, DmaBuf buf, long at) throws Exception {
        withDevice(bdev, OpenMode.READ_ONLY, ch -> ch.readAsync(buf, at));
    }

    void writeDevice(Bdev bdev, DmaBuf buf, long at) throws Exception {
        withDevice(bdev, OpenMode.READ_WRITE, ch -> ch.writeAsync(buf, at));
    }

    /** What a test does with a device itself. */
    private interface WithDevice {
        CompletableFuture<Void> start(BdevChannel channel);
    }

    private void withDevice(Bdev bdev, OpenMode mode, WithDevice body) throws Exception {
        BdevDesc desc = on(() -> app.bdevs().open(bdev.name(), mode, BdevEventListener.NONE));
        try {
            await(body.start(on(desc::openChannel)));
        } finally {
            desc.close();
            await(desc.closed());
        }
    }

    BlobId create(Blobstore store, BlobOptions options) throws Exception {
        return await(store.createBlob(options));
    }

    Blob open(Blobstore store, BlobId id) throws Exception {
        Blob blob = await(store.openBlob(id));
        opened.add(blob);
        return blob;
    }

    /** A new blob, open. */
    Blob blob(Blobstore store, BlobOptions options) throws Exception {
        return open(store, create(store, options));
    }

    BlobId snapshot(Blob blob) throws Exception {
        return await(blob.store().createSnapshot(blob.id(), Map.of()));
    }

    BlobId clone(Blobstore store, BlobId snapshot) throws Exception {
        return await(store.createClone(snapshot, Map.of()));
    }

    void close(Blob... blobs) throws Exception {
        for (Blob b : blobs) {
            await(b.close());
        }
    }

    long free(Blobstore store) throws Exception {
        return on(store::freeClusters);
    }

    // ---- data: io units that are filled with one value ------------------------------------------------------------

    DmaBuf units(Blobstore store, long count) {
        return app.dmaPool().allocate(Math.max(1, count) * store.ioUnitSize());
    }

    void fill(Blob blob, long at, long count, int value) throws Exception {
        try (DmaBuf buf = units(blob.store(), count)) {
            buf.fill((byte) value);
            withChannel(blob.store(), ch -> ch.writeAsync(blob, buf, at, count));
        }
    }

    /** Fills a cluster. */
    void fillCluster(Blob blob, long cluster, int value) throws Exception {
        long units = blob.store().ioUnitsPerCluster();
        fill(blob, cluster * units, units, value);
    }

    void zero(Blob blob, long at, long count) throws Exception {
        withChannel(blob.store(), ch -> ch.writeZeroesAsync(blob, at, count));
    }

    void unmap(Blob blob, long at, long count) throws Exception {
        withChannel(blob.store(), ch -> ch.unmapAsync(blob, at, count));
    }

    void assertUnits(Blob blob, long at, long count, int value) throws Exception {
        try (DmaBuf buf = units(blob.store(), count)) {
            buf.fill((byte) ~value);
            withChannel(blob.store(), ch -> ch.readAsync(blob, buf, at, count));
            assertFilled(buf, 0, buf.size(), value, blob + ", io units " + at + " to " + (at + count));
        }
    }

    void assertCluster(Blob blob, long cluster, int value) throws Exception {
        long units = blob.store().ioUnitsPerCluster();
        assertUnits(blob, cluster * units, units, value);
    }

    static void assertFilled(DmaBuf buf, long from, long to, int value, String what) {
        for (long i = from; i < to; i++) {
            if (buf.segment().get(ValueLayout.JAVA_BYTE, i) != (byte) value) {
                assertThat(buf.segment().get(ValueLayout.JAVA_BYTE, i))
                        .as(what + ", byte " + i)
                        .isEqualTo((byte) value);
            }
        }
    }

    /** What a test does with a channel. */
    interface WithChannel {
        CompletableFuture<Void> start(BlobChannel channel);
    }

    void withChannel(Blobstore store, WithChannel body) throws Exception {
        BlobChannel channel = channel(store, md);
        try {
            await(body.start(channel));
        } finally {
            channel.close();
            await(channel.closed());
        }
    }

    BlobChannel channel(Blobstore store, SpdkThread thread) throws Exception {
        return await(thread.call(store::openChannel));
    }

    /** Unloads and removes everything, and looks whether all memory came back. */
    @Override
    public void close() throws Exception {
        for (Blob b : opened) {
            if (b.isOpen() && b.store().isLoaded()) {
                await(b.close());
            }
        }
        for (Blobstore s : stores.reversed()) {
            if (s.isLoaded()) {
                await(s.unload());
            }
        }
        while (!threads.isEmpty()) {
            await(threads.pop().exit());
        }
        for (Bdev b : bdevs) {
            if (app.bdevs().lookup(b.name()) == b) {
                devices.remove(b);
            }
        }
        assertThat(app.dmaPool().stats().openBuffers()).as("open buffers").isEqualTo(openBefore);
    }
}
