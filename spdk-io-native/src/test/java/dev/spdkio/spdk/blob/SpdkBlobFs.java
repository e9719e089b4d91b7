// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.Spdk;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeThread;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * SPDK's own BlobFS, which it had until v25.05: its blocking calls, made by the thread of the test, while an SpdkThread
 * does what they ask for. One at a time.
 */
@SuppressWarnings("restricted")
final class SpdkBlobFs implements AutoCloseable {
    /** The functions of {@code spdk/blobfs.h}. */
    private static final class Api {
        private static final SymbolLookup LIBRARY = SymbolLookup.libraryLookup(library(), Arena.global());
        static final MethodHandle SET_CACHE_SIZE = of("spdk_fs_set_cache_size", JAVA_INT, JAVA_LONG);
        static final MethodHandle INIT = ofVoid("spdk_fs_init", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        static final MethodHandle LOAD = ofVoid("spdk_fs_load", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        static final MethodHandle UNLOAD = ofVoid("spdk_fs_unload", JAVA_LONG, JAVA_LONG, JAVA_LONG);
        static final MethodHandle ALLOC_CONTEXT = of("spdk_fs_alloc_thread_ctx", JAVA_LONG, JAVA_LONG);
        static final MethodHandle FREE_CONTEXT = ofVoid("spdk_fs_free_thread_ctx", JAVA_LONG);
        static final MethodHandle CREATE = of("spdk_fs_create_file", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        static final MethodHandle OPEN =
                of("spdk_fs_open_file", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);
        static final MethodHandle CLOSE = of("spdk_file_close", JAVA_INT, JAVA_LONG, JAVA_LONG);
        static final MethodHandle RENAME =
                of("spdk_fs_rename_file", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        static final MethodHandle DELETE = of("spdk_fs_delete_file", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        static final MethodHandle FIRST = of("spdk_fs_iter_first", JAVA_LONG, JAVA_LONG);
        static final MethodHandle NEXT = of("spdk_fs_iter_next", JAVA_LONG, JAVA_LONG);
        static final MethodHandle NAME = of("spdk_file_get_name", JAVA_LONG, JAVA_LONG);
        static final MethodHandle LENGTH = of("spdk_file_get_length", JAVA_LONG, JAVA_LONG);
        static final MethodHandle TRUNCATE = of("spdk_file_truncate", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        static final MethodHandle WRITE =
                of("spdk_file_write", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        static final MethodHandle READ =
                of("spdk_file_read", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        static final MethodHandle SYNC = of("spdk_file_sync", JAVA_INT, JAVA_LONG, JAVA_LONG);

        /** A {@code void (*)(void *)} that SPDK wants to be called on the thread of the file system. */
        static final MethodHandle REQUEST = Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(JAVA_LONG));

        static final long SEND_REQUEST = Upcall.stub(
                MethodHandles.lookup(),
                Api.class,
                "sendRequest",
                FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG),
                null);

        private static MethodHandle of(String symbol, MemoryLayout result, MemoryLayout... arguments) {
            return Linker.nativeLinker()
                    .downcallHandle(LIBRARY.findOrThrow(symbol), FunctionDescriptor.of(result, arguments));
        }

        private static MethodHandle ofVoid(String symbol, MemoryLayout... arguments) {
            return Linker.nativeLinker()
                    .downcallHandle(LIBRARY.findOrThrow(symbol), FunctionDescriptor.ofVoid(arguments));
        }

        @SuppressWarnings("unused") // called by SPDK
        private static void sendRequest(long function, long argument) {
            SpdkThread t = Objects.requireNonNull(thread);
            t.execute(() -> {
                NativeThread.enter(t);
                call(REQUEST, MemorySegment.ofAddress(function), argument);
            });
        }
    }

    /** SPDK takes 4 GiB by default. */
    private static final long CACHE_MIB = 16;

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static volatile @Nullable SpdkThread thread;
    private final long fs;
    private final long context;

    private SpdkBlobFs(long fs) {
        this.fs = fs;
        this.context = (long) call(Api.ALLOC_CONTEXT, fs);
    }

    private static Path library() {
        return Spdk.libraryDirectory().resolve("libspdk_blobfs.so");
    }

    /** Skips the test where SPDK has no BlobFS. */
    static void assumeThere() {
        assumeTrue(
                Spdk.isAvailable() && Files.exists(library()),
                () -> Spdk.isAvailable()
                        ? "SPDK " + Spdk.version() + " has no libspdk_blobfs; v25.05 was the last with BlobFS"
                        : "no real SPDK: " + Spdk.unavailabilityCause().orElseThrow());
    }

    /** Makes a file system. */
    static SpdkBlobFs init(SpdkThread on, String bdev, int clusterBytes) throws Exception {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment opts = arena.allocateFrom(JAVA_INT, clusterBytes);
            return open(
                    on,
                    bdev,
                    (dev, token) -> call(Api.INIT, dev, opts.address(), Api.SEND_REQUEST, Calls.VALUE, token));
        }
    }

    /** Loads a file system. */
    static SpdkBlobFs load(SpdkThread on, String bdev) throws Exception {
        return open(on, bdev, (dev, token) -> call(Api.LOAD, dev, Api.SEND_REQUEST, Calls.VALUE, token));
    }

    private interface Opening {
        void start(long dev, long token);
    }

    private static SpdkBlobFs open(SpdkThread on, String bdev, Opening opening) throws Exception {
        thread = on;
        Calls.Result opened = wait(on, token -> {
            check(call(Api.SET_CACHE_SIZE, CACHE_MIB));
            long dev = BlobDevices.open(bdev, true, 0);
            check(BdevApi.errno(dev));
            opening.start(dev, token);
        });
        return new SpdkBlobFs(opened.value());
    }

    private static Calls.Result wait(SpdkThread on, Calls.Call call) throws Exception {
        Calls.Result result =
                on.call(() -> Calls.start(on, call)).thenCompose(r -> r).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        check(result.errno());
        return result;
    }

    private static Object call(MethodHandle function, Object... arguments) {
        try {
            return function.invokeWithArguments(arguments);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static void check(Object status) {
        assertThat(status).isEqualTo(0);
    }

    private interface WithName {
        Object call(long name);
    }

    private static void named(String name, WithName body) {
        try (Arena arena = Arena.ofConfined()) {
            check(body.call(arena.allocateFrom(name).address()));
        }
    }

    void create(String name) {
        named(name, n -> call(Api.CREATE, fs, context, n));
    }

    void delete(String name) {
        named(name, n -> call(Api.DELETE, fs, context, n));
    }

    void rename(String from, String to) {
        named(from, f -> {
            named(to, t -> call(Api.RENAME, fs, context, f, t));
            return 0;
        });
    }

    /** A {@code struct spdk_file}, to be closed. */
    long open(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment file = arena.allocate(JAVA_LONG);
            named(name, n -> call(Api.OPEN, fs, context, n, 0, file.address()));
            return file.get(JAVA_LONG, 0);
        }
    }

    void append(long file, byte[] bytes) {
        try (Arena arena = Arena.ofConfined()) {
            long payload = arena.allocateFrom(JAVA_BYTE, bytes).address();
            check(call(Api.WRITE, file, context, payload, call(Api.LENGTH, file), (long) bytes.length));
        }
    }

    void truncate(long file, long length) {
        check(call(Api.TRUNCATE, file, context, length));
    }

    void sync(long file) {
        check(call(Api.SYNC, file, context));
    }

    void close(long file) {
        check(call(Api.CLOSE, file, context));
    }

    private byte[] read(long file, int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment payload = arena.allocate(Math.max(1, bytes));
            assertThat(call(Api.READ, file, context, payload.address(), 0L, (long) bytes + 1))
                    .isEqualTo((long) bytes);
            return payload.asSlice(0, bytes).toArray(JAVA_BYTE);
        }
    }

    /** All files, opened and read. */
    TreeMap<String, byte[]> files() {
        TreeMap<String, Integer> lengths = new TreeMap<>();
        for (long f = (long) call(Api.FIRST, fs); f != 0; f = (long) call(Api.NEXT, f)) {
            String name = Raw.string((long) call(Api.NAME, f));
            assertThat(lengths.put(name, Math.toIntExact((long) call(Api.LENGTH, f))))
                    .isNull();
        }
        TreeMap<String, byte[]> files = new TreeMap<>();
        lengths.forEach((name, length) -> {
            long file = open(name);
            files.put(name, read(file, length));
            close(file);
        });
        return files;
    }

    /** Unloads it. All files are closed. */
    @Override
    public void close() throws Exception {
        call(Api.FREE_CONTEXT, context);
        wait(Objects.requireNonNull(thread), token -> call(Api.UNLOAD, fs, Calls.STATUS, token));
        // The cache goes later, on a thread of its own; a file system that comes before has none.
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!call(Api.SET_CACHE_SIZE, CACHE_MIB).equals(0)) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.onSpinWait();
        }
    }
}
