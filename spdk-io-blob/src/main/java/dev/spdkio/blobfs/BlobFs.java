// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.SpdkApp;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A file system on a block device, with flat names. Stands for {@code struct spdk_filesystem}.
 *
 * <p>What changes names is durable when it ends, and after a loss of power done or not done, never in between. Such
 * operations run one after the other. They fail with an {@link SpdkException}: ENOENT if there is no such file,
 * EEXIST if there is one, ENAMETOOLONG for names of more than {@link #MAX_NAME_BYTES} bytes, ENOSPC or ENOMEM if the
 * store has no room, EIO if the device fails, EROFS if a failure has left it unknown what is on the device; with
 * {@link IllegalStateException} if the file system is unloaded.
 *
 * <p>A file system that is still loaded when the application stops is closed then.
 *
 * <p>Thread rule: any thread, but what waits (all but {@code …Async}) not on a reactor: platform threads, virtual
 * threads and tasks.
 */
public final class BlobFs implements AutoCloseable {
    /** The most bytes of a name, in UTF-8. */
    public static final int MAX_NAME_BYTES = 255;

    private final SpdkApp app;
    private final Blobstore store;
    private final BlobFsOptions options;
    private final Lanes lanes;
    private final Cache cache;
    private final Names names;

    /** The metadata thread, if it is ours. */
    private final @Nullable SpdkThread thread;

    private final Set<BlobFile> handles = ConcurrentHashMap.newKeySet();
    private final List<DamagedFile> damaged = new CopyOnWriteArrayList<>();

    /** Blobs whose closing has failed. Metadata thread. */
    private final List<Blob> unclosed = new ArrayList<>();

    private volatile boolean loaded = true;
    private volatile @Nullable String failure;

    private BlobFs(SpdkApp app, Blobstore store, BlobFsOptions options, Lanes lanes, @Nullable SpdkThread thread) {
        this.app = app;
        this.store = store;
        this.options = options;
        this.lanes = lanes;
        this.thread = thread;
        this.cache = new Cache(app.dmaPool(), options);
        this.names = new Names(this);
    }

    // ---- the beginning ----------------------------------------------------------------------------------------------

    /**
     * Makes a new file system on a block device, whose content is lost; {@code spdk_fs_init}.
     *
     * @throws SpdkException as {@link Blobstore#init}
     */
    public static BlobFs init(SpdkApp app, String bdev, BlobFsOptions options) throws SpdkException {
        return waitFor(app, "making a file system on bdev", bdev, () -> initAsync(app, bdev, options));
    }

    /** {@link #init} with a future. */
    public static CompletableFuture<BlobFs> initAsync(SpdkApp app, String bdev, BlobFsOptions options) {
        return open(
                app,
                bdev,
                options,
                t -> Blobstore.init(app, t, bdev, options.store().withType(FileAttributes.STORE_TYPE)));
    }

    /**
     * Loads the file system of a block device; {@code spdk_fs_load}. What a loss of power has interrupted is finished.
     * A store without a type is taken for one of files, as SPDK does.
     *
     * @throws SpdkException as {@link Blobstore#load}, EINVAL if the store is for something else
     */
    public static BlobFs load(SpdkApp app, String bdev, BlobFsOptions options) throws SpdkException {
        return waitFor(app, "loading the file system of bdev", bdev, () -> loadAsync(app, bdev, options));
    }

    /** {@link #load} with a future. */
    public static CompletableFuture<BlobFs> loadAsync(SpdkApp app, String bdev, BlobFsOptions options) {
        return open(
                app,
                bdev,
                options,
                t -> Blobstore.load(app, t, bdev, options.store().withType("")));
    }

    private static CompletableFuture<BlobFs> open(
            SpdkApp app,
            String bdev,
            BlobFsOptions options,
            Function<SpdkThread, CompletableFuture<Blobstore>> opening) {
        SpdkThread thread = app.runtime().createThread("blobfs-" + bdev);
        CompletableFuture<BlobFs> mounted = opening.apply(thread)
                .thenCompose(store -> Steps.rescue(
                        mount(app, store, options, thread),
                        failure -> Steps.rescue(store.unload(), _ -> Failures.done())
                                .thenCompose(_ -> CompletableFuture.failedFuture(failure))));
        return Failures.forward(
                mounted.whenComplete((_, failed) -> {
                    if (failed != null) {
                        var _ = thread.exit();
                    }
                }),
                app.runtime().newFuture());
    }

    /**
     * Takes over a blobstore that is loaded, of the type {@code BLOBFS} or of none; it is unloaded with the file
     * system. If that fails it stays as it is.
     */
    public static CompletableFuture<BlobFs> mountAsync(SpdkApp app, Blobstore store, BlobFsOptions options) {
        return Failures.forward(mount(app, store, options, null), app.runtime().newFuture());
    }

    private static CompletableFuture<BlobFs> mount(
            SpdkApp app, Blobstore store, BlobFsOptions options, @Nullable SpdkThread thread) {
        return store.thread()
                .call(store::type)
                .thenCompose(type -> type.isEmpty() || type.equals(FileAttributes.STORE_TYPE)
                        ? Lanes.open(store, options.lanes())
                        : CompletableFuture.failedFuture(Failures.of(
                                Errno.EINVAL,
                                "loading the file system of bdev " + store.bdevName(),
                                "its blobstore is of type '" + type + "'")))
                .thenCompose(lanes -> {
                    BlobFs fs = new BlobFs(app, store, options, lanes, thread);
                    CompletableFuture<Void> found = Steps.on(store.thread(), () -> Mount.run(fs));
                    return Steps.rescue(
                                    found,
                                    failure -> lanes.close().thenCompose(_ -> CompletableFuture.failedFuture(failure)))
                            .thenApply(_ -> {
                                Mounted.remember(fs);
                                var _ = store.deviceRemoved().thenRun(() -> {
                                    var _ = fs.closeAsync();
                                });
                                return fs;
                            });
                });
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    /** The application. */
    public SpdkApp app() {
        return app;
    }

    /** The store that has its blobs. */
    public Blobstore store() {
        return store;
    }

    /** How it is used. */
    public BlobFsOptions options() {
        return options;
    }

    /** Whether it is loaded, and not about to be unloaded. */
    public boolean isLoaded() {
        return loaded;
    }

    /** Blobs that are no files that can be opened. They are left as they are. */
    public List<DamagedFile> damagedFiles() {
        return List.copyOf(damaged);
    }

    /** Bytes of memory that the cache has now. */
    public long cachedBytes() {
        return cache.bytes();
    }

    /** How much room there is. */
    public FsSpace space() throws SpdkException {
        return waitFor("looking at the space of", this, () -> spaceAsync());
    }

    /** {@link #space} with a future. */
    public CompletableFuture<FsSpace> spaceAsync() {
        return store.thread()
                .call(() -> new FsSpace(
                        store.totalClusters() * store.clusterSize(), store.freeClusters() * store.clusterSize()));
    }

    // ---- files ------------------------------------------------------------------------------------------------------

    /** All files, by name; {@code spdk_fs_iter_first} and on. */
    public List<FileInfo> files() {
        checkLoaded();
        return names.all().stream().map(Node::info).toList();
    }

    /**
     * The files whose names begin so, by name. They are looked for as the stream goes: what changes meanwhile may be
     * seen or not.
     */
    public Stream<FileInfo> files(String prefix) {
        checkLoaded();
        return names.from(prefix).map(Node::info);
    }

    /** What is known of a file; {@code spdk_fs_file_stat}. */
    public Optional<FileInfo> stat(String name) {
        checkLoaded();
        return Optional.ofNullable(names.get(name)).map(Node::info);
    }

    /**
     * Creates an empty file; {@code spdk_fs_create_file}.
     *
     * @throws SpdkException EEXIST if there is one of that name
     */
    public FileInfo create(String name) throws SpdkException {
        return waitFor("creating file", name, () -> createAsync(name));
    }

    /** {@link #create} with a future. */
    public CompletableFuture<FileInfo> createAsync(String name) {
        return Steps.begin(() -> names.create(name));
    }

    /**
     * Opens a file; {@code spdk_fs_open_file}. Without options it must be there, and is only read.
     *
     * @throws SpdkException ENOENT if there is none of that name and it is not to be created, EEXIST if there is and
     */
    public BlobFile open(String name, FileOption... options) throws SpdkException {
        return waitFor("opening file", name, () -> openAsync(name, options));
    }

    /** {@link #open} with a future. */
    public CompletableFuture<BlobFile> openAsync(String name, FileOption... options) {
        Set<FileOption> set = Set.copyOf(List.of(options));
        return Steps.begin(() -> names.open(name, set))
                .thenCompose(file -> set.contains(FileOption.TRUNCATE)
                        ? Steps.rescue(
                                        file.truncateAsync(0),
                                        failure -> file.closeAsync()
                                                .handle((_, _) -> true)
                                                .thenCompose(_ -> CompletableFuture.failedFuture(failure)))
                                .thenApply(_ -> file)
                        : CompletableFuture.completedFuture(file));
    }

    /**
     * Gives a file another name; {@code spdk_fs_rename_file}. A file that has it is replaced: it is deleted, in one
     * with the renaming.
     *
     * @throws SpdkException ENOENT if there is no file of the name {@code from}
     */
    public void rename(String from, String to) throws SpdkException {
        Void _ = waitFor("renaming file", from, () -> renameAsync(from, to, true));
    }

    /**
     * {@link #rename} with a future.
     *
     * @param replace whether a file that has the name is replaced; else it fails with EEXIST
     */
    public CompletableFuture<Void> renameAsync(String from, String to, boolean replace) {
        return Steps.begin(() -> names.rename(from, to, replace));
    }

    /**
     * Deletes a file; {@code spdk_fs_delete_file}. Who has it open can use it until it is closed; the name is free at
     * once.
     *
     * @throws SpdkException ENOENT if there is none of that name
     */
    public void delete(String name) throws SpdkException {
        Void _ = waitFor("deleting file", name, () -> deleteAsync(name));
    }

    /** {@link #delete} with a future. */
    public CompletableFuture<Void> deleteAsync(String name) {
        return Steps.begin(() -> names.delete(name));
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    /**
     * Unloads it; {@code spdk_fs_unload}.
     *
     * @throws SpdkException EBUSY if files are open, EIO if the device failed: it is unloaded then, and will be
     */
    public void unload() throws SpdkException {
        Void _ = waitFor("unloading", this, () -> unloadAsync());
    }

    /** {@link #unload} with a future. */
    public CompletableFuture<Void> unloadAsync() {
        CompletableFuture<Void> unloaded = names.end("unloading " + this, () -> {
            checkLoaded();
            return Steps.each(List.copyOf(unclosed), this::close).thenCompose(_ -> {
                loaded = false;
                names.all().forEach(Node::dropCache);
                return lanes.close().thenCompose(_ -> store.unload()).whenComplete((_, _) -> Mounted.forget(this));
            });
        });
        SpdkThread own = thread;
        CompletableFuture<Void> ended = own == null
                ? unloaded
                : unloaded.whenComplete((_, _) -> {
                    if (!loaded) {
                        var _ = own.exit();
                    }
                });
        return Failures.forward(ended, runtime().newFuture());
    }

    /** Closes the files that are open, and unloads it. Does nothing if it is unloaded. */
    public CompletableFuture<Void> closeAsync() {
        if (!loaded) {
            return Failures.done();
        }
        CompletableFuture<Void> all = CompletableFuture.allOf(
                handles.stream().map(BlobFile::closeAsync).toArray(CompletableFuture[]::new));
        return Failures.forward(
                Steps.rescue(
                        all.thenCompose(_ -> unloadAsync()),
                        failure -> Steps.rescue(loaded ? unloadAsync() : Failures.done(), _ -> Failures.done())
                                .thenCompose(_ -> CompletableFuture.failedFuture(failure))),
                runtime().newFuture());
    }

    /** {@link #closeAsync}, waiting for it. */
    @Override
    public void close() throws SpdkException {
        Void _ = waitFor("closing", this, () -> closeAsync());
    }

    private static <T> T waitFor(SpdkApp app, String verb, Object object, Steps.Step<T> operation)
            throws SpdkException {
        Failures.checkMayWait(app.runtime(), verb, object);
        return Failures.await(operation.begin());
    }

    private <T> T waitFor(String verb, Object object, Steps.Step<T> operation) throws SpdkException {
        return waitFor(app, verb, object, operation);
    }

    // ---- for the parts ----------------------------------------------------------------------------------------------

    SpdkRuntime runtime() {
        return app.runtime();
    }

    DmaPool pool() {
        return app.dmaPool();
    }

    Cache cache() {
        return cache;
    }

    Lanes lanes() {
        return lanes;
    }

    Names names() {
        return names;
    }

    void opened(BlobFile file) {
        handles.add(file);
    }

    void closed(BlobFile file) {
        handles.remove(file);
    }

    void setAside(DamagedFile file) {
        damaged.add(file);
    }

    boolean take(Node node) {
        return names.take(node);
    }

    void checkLoaded() {
        if (!loaded) {
            throw new IllegalStateException(this + " is unloaded: load it again");
        }
    }

    void checkWritable() throws SpdkException {
        checkLoaded();
        String why = failure;
        if (why != null) {
            throw Failures.of(Errno.EROFS, "changing " + this, why + ": unload it, and load it again");
        }
    }

    /** From now on it is only read. */
    void fail(String why) {
        failure = why;
        System.getLogger(BlobFs.class.getName())
                .log(System.Logger.Level.ERROR, this + " takes no more changes: " + why);
    }

    /** A change of a blob's attributes. */
    interface Change {
        /** Makes it. On the metadata thread. */
        void make(Blob blob) throws SpdkException;
    }

    /** Changes a file's blob durably. On the metadata thread, in an operation on names. */
    CompletableFuture<Void> change(Node node, Change change) {
        Blob open = node.blob;
        return open == null
                ? change(node.id, change)
                : Steps.begin(() -> {
                    change.make(open);
                    return open.sync();
                });
    }

    /** The same for one that is not open. */
    CompletableFuture<Void> change(BlobId id, Change change) {
        return store.openBlob(id).thenCompose(blob -> {
            CompletableFuture<Void> changed = Steps.begin(() -> {
                change.make(blob);
                return blob.sync();
            });
            return Steps.rescue(
                            changed,
                            failure -> Steps.rescue(close(blob), _ -> Failures.done())
                                    .thenCompose(_ -> CompletableFuture.failedFuture(failure)))
                    .thenCompose(_ -> close(blob));
        });
    }

    /** Closes a blob. If that fails the store has it still, and it is tried again before the store is unloaded. */
    CompletableFuture<Void> close(Blob blob) {
        return blob.close().whenComplete((_, failed) -> {
            unclosed.remove(blob);
            if (failed != null) {
                unclosed.add(blob);
            }
        });
    }

    @Override
    public String toString() {
        return "file system on bdev " + store.bdevName();
    }
}
