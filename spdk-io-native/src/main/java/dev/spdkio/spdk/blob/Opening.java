// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.SpdkApp;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.spi.BlobstoreBase;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.export.BdevExport;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.BlobApi;
import dev.spdkio.spdk.ffi.BlobstoreApi;
import dev.spdkio.spdk.ffi.NativeStruct;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * How a store comes up, and who hears what SPDK says of it until its end: events of its devices, the blobs that are
 * found while it is loaded, and the devices on which blobs stand.
 *
 * <p>Thread rule: the metadata thread, except {@link #start}.
 */
final class Opening implements BlobDevices.Listener {
    private static final Logger LOG = System.getLogger(Opening.class.getName());

    private static final long FOUND = Upcall.stub(
            MethodHandles.lookup(),
            Opening.class,
            "found",
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_INT),
            null);
    private static final long EXTERNAL_DEVICE = Upcall.stub(
            MethodHandles.lookup(),
            Opening.class,
            "externalDevice",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG),
            -Errno.EIO);

    /**
     * SPDK's logical volumes look at each new device, and let it go a little later than they say: a device that is in
     * use is tried again.
     */
    private static final Duration RETRY_PERIOD = Duration.ofMillis(50);

    private static final int MAX_REFUSALS = 20;

    final SpdkApp app;
    final SpdkThread thread;
    final String bdev;
    final BlobstoreOptions options;
    final CompletableFuture<Void> deviceRemoved;
    final TreeSet<Long> ids = new TreeSet<>();
    private final Mode mode;
    private final long token = Tokens.put(this);
    private final List<BdevExport> exports = new CopyOnWriteArrayList<>();

    /** Devices that blobs stand on and that SPDK did not have. */
    private final Set<String> missing = ConcurrentHashMap.newKeySet();

    private boolean loading;
    private int refusals;

    Opening(SpdkApp app, SpdkThread thread, String bdev, BlobstoreOptions options, Mode mode) {
        this.app = app;
        this.thread = thread;
        this.bdev = bdev;
        this.options = options;
        this.mode = mode;
        this.deviceRemoved = thread.runtime().newFuture();
    }

    /** Opens the store. Any thread. */
    CompletableFuture<Blobstore> start() {
        CompletableFuture<Blobstore> result = thread.runtime().newFuture();
        thread.beginOperation();
        var _ = prepared().whenComplete((e, failure) -> {
            if (failure != null) {
                fail(result, failure);
                return;
            }
            e.ifPresent(exports::add);
            if (!thread.trySendInternal(() -> onThread(result))) {
                fail(result, new IllegalStateException(thread + " has exited: a blobstore needs one that runs"));
            }
        });
        return result;
    }

    private CompletableFuture<Optional<BdevExport>> prepared() {
        try {
            return BlobDevices.prepare(app, bdev);
        } catch (IllegalStateException e) { // the application has ended
            return CompletableFuture.failedFuture(e);
        }
    }

    private void onThread(CompletableFuture<Blobstore> result) {
        NativeThread.enter(thread);
        try (Arena arena = Arena.ofConfined()) {
            long opts = opts(arena).address();
            long dev = BlobDevices.open(bdev, true, token);
            if (BdevApi.errno(dev) == 0) {
                open(dev, opts, result);
            } else if (BdevApi.errno(dev) == Errno.EPERM && ++refusals < MAX_REFUSALS) {
                later(() -> onThread(result));
            } else {
                fail(result, failure(BdevApi.errno(dev)));
            }
        } catch (IllegalStateException e) { // an option that the release of SPDK does not have
            fail(result, e);
        }
    }

    private void later(Runnable again) {
        @Nullable Poller[] once = new @Nullable Poller[1];
        once[0] = thread.poller("blob-open")
                .period(RETRY_PERIOD)
                .body(() -> {
                    Objects.requireNonNull(once[0]).close();
                    again.run();
                    return Poller.Result.BUSY;
                })
                .register();
    }

    private void open(long dev, long opts, CompletableFuture<Blobstore> result) {
        loading = true;
        var _ = Calls.start(thread, callback -> {
                    switch (mode) {
                        case INIT -> BlobstoreApi.init(dev, opts, Calls.VALUE, callback);
                        case LOAD -> BlobstoreApi.load(dev, opts, Calls.VALUE, callback);
                        case GROW -> BlobstoreApi.grow(dev, opts, Calls.VALUE, callback);
                    }
                })
                .whenComplete((r, _) -> {
                    loading = false;
                    if (r.errno() != 0) {
                        fail(result, failure(r.errno()));
                    } else {
                        result.complete(new NativeBlobstore(this, r.value(), dev));
                    }
                });
    }

    private NativeStruct opts(Arena arena) {
        NativeStruct opts = BlobStructs.storeOpts(options, arena);
        opts.set("iter_cb_fn", FOUND).set("iter_cb_arg", token);
        if (options.externalSnapshots()) {
            opts.set("esnap_bs_dev_create", EXTERNAL_DEVICE).set("esnap_ctx", token);
        }
        return opts;
    }

    private void fail(CompletableFuture<Blobstore> result, Throwable failure) {
        var _ = ended().whenComplete((_, _) -> result.completeExceptionally(BlobstoreBase.cause(failure)));
    }

    private SpdkException failure(int errno) {
        String verb = mode.name().toLowerCase(Locale.ROOT);
        String why = switch (errno) {
            case Errno.ENODEV -> "it is not there";
            case Errno.EPERM -> "somebody else has it open for writing, a store maybe: close that first";
            case Errno.EILSEQ -> "there is no blobstore on it that can be read; init makes one";
            case Errno.ENXIO -> "its blobstore is not of type '" + options.type() + "'";
            case Errno.ENOSPC, Errno.ENOMEM ->
                "clusters of " + options.clusterSize() + " bytes with "
                        + (options.metadataPages() == 0
                                ? "a metadata page each"
                                : options.metadataPages() + " metadata pages")
                        + " do not fit on it, or SPDK has no memory: take others, or raise memorySize";
            case Errno.EINVAL -> "its blocks do not suit " + options;
            default -> "SPDK's log says more";
        };
        return BlobstoreBase.failure(errno, "blobstore on bdev " + bdev + ": " + verb, why);
    }

    /** Nothing is left of the store. Completes when its device is as it was before. */
    CompletableFuture<Void> ended() {
        var _ = Tokens.take(token, Opening.class);
        thread.endOperation();
        exports.forEach(BdevExport::unregister);
        return CompletableFuture.allOf(exports.stream().map(BdevExport::gone).toArray(CompletableFuture[]::new));
    }

    /** Sees to it that SPDK has a device until the end of the store. Any thread. */
    CompletableFuture<Void> provide(String name) {
        return BlobDevices.prepare(app, name).thenAccept(e -> e.ifPresent(exports::add));
    }

    /** Whether a device that SPDK did not have is one of the hub. Any thread. */
    boolean canProvide() {
        return missing.stream().anyMatch(name -> app.bdevs().lookup(name) != null);
    }

    /** {@link #provide} for all of those. */
    CompletableFuture<Void> provideMissing() {
        List<String> names = missing.stream()
                .filter(name -> app.bdevs().lookup(name) != null)
                .toList();
        names.forEach(missing::remove);
        return CompletableFuture.allOf(names.stream().map(this::provide).toArray(CompletableFuture[]::new));
    }

    /** Opens a device for a blob to stand on; a negative error number if that fails. */
    long openExternal(String name) {
        return BlobDevices.open(name, false, token);
    }

    /** Opens a device to copy to; a negative error number if that fails. */
    long openTarget(String name) {
        return BlobDevices.open(name, true, token);
    }

    @Override
    public void removed(String name) {
        if (name.equals(bdev)) {
            deviceRemoved.complete(null);
        } else {
            LOG.log(
                    Level.WARNING,
                    "bdev {0}, on which blobs of the blobstore on bdev {1} stand, is about to go: close them",
                    name,
                    bdev);
        }
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void found(long token, long blob, int errno) {
        Opening o = Tokens.peek(token, Opening.class);
        if (o != null && errno == 0) {
            o.ids.add(BlobApi.id(blob));
        }
    }

    @SuppressWarnings("unused") // called by SPDK
    private static int externalDevice(long token, long blobContext, long blob, long id, int idSize, long devAt) {
        Opening o = Tokens.peek(token, Opening.class);
        if (o == null) {
            return -Errno.ENODEV;
        }
        String name = BlobStructs.externalName(
                Raw.segment(id, Integer.toUnsignedLong(idSize)).toArray(JAVA_BYTE));
        long dev = o.openExternal(name);
        int errno = BdevApi.errno(dev);
        if (errno == 0) {
            Raw.putLong(devAt, dev);
            return 0;
        }
        o.missing.add(name);
        LOG.log(
                Level.WARNING,
                "bdev {0}, on which blob {1} stands, cannot be opened ({2})",
                name,
                Long.toHexString(BlobApi.id(blob)),
                Errno.name(errno));
        if (o.loading) {
            // SPDK only looks at the blob, and would not tell of it.
            Raw.putLong(devAt, 0);
            return 0;
        }
        return -errno;
    }
}
