// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.lvol;

import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.blob.store.Steps;
import dev.spdkio.blob.store.VolumeStore;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The stores of logical volumes of an application. Stands for what {@code module/bdev/lvol} knows of them.
 *
 * <p>Thread rule: methods with futures, and those that say so, on any thread; the others on the app thread. Futures
 * complete there.
 */
public final class LvolStores {
    /** Who claims the devices. */
    static final String CLAIMANT = "lvol";

    private static final String TYPE = "LVOLSTORE";

    static final BlobstoreOptions OPTIONS =
            BlobstoreOptions.DEFAULT.withType(TYPE).withExternalSnapshots();

    private static final Logger LOG = System.getLogger(LvolStores.class.getName());

    private final BdevManager bdevs;
    private final List<LvolStore> stores = new CopyOnWriteArrayList<>();

    /** Of stores, those that are being made included. */
    private final Set<String> names = new HashSet<>();

    /** Without {@link LvolBdevModule}, stores are not found by themselves. */
    public LvolStores(BdevManager bdevs) {
        this.bdevs = Objects.requireNonNull(bdevs, "bdevs");
    }

    /**
     * Those of an application that has the module. Any thread.
     *
     * @throws IllegalStateException if it has not
     */
    public static LvolStores of(BdevManager bdevs) {
        return bdevs.modules().all().stream()
                .filter(LvolBdevModule.class::isInstance)
                .map(module -> ((LvolBdevModule) module).stores(bdevs))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(bdevs + " have no module " + CLAIMANT));
    }

    BdevManager bdevs() {
        return bdevs;
    }

    /** Begins something on the app thread. Any thread. */
    <T> CompletableFuture<T> onAppThread(Steps.Step<T> step) {
        if (bdevs.appThread().isCurrent()) {
            return Steps.begin(step);
        }
        CompletableFuture<T> result = bdevs.runtime().newFuture();
        try {
            bdevs.appThread().execute(() -> {
                var _ = Steps.begin(step).whenComplete((value, failure) -> {
                    if (failure != null) {
                        result.completeExceptionally(Steps.cause(failure));
                    } else {
                        result.complete(value);
                    }
                });
            });
        } catch (IllegalStateException e) {
            result.completeExceptionally(e);
        }
        return result;
    }

    // ---- finding ----------------------------------------------------------------------------------------------------

    /** The stores, in the order in which they came. Any thread. */
    public List<LvolStore> list() {
        return List.copyOf(stores);
    }

    /** The store of a name. Any thread. */
    public Optional<LvolStore> find(String name) {
        return stores.stream().filter(s -> s.name().equals(name)).findFirst();
    }

    /** The store of an identity. Any thread. */
    public Optional<LvolStore> find(UUID uuid) {
        return stores.stream().filter(s -> s.uuid().equals(uuid)).findFirst();
    }

    /** The volume of a name or alias of its device, which a volume that has none would have. */
    public Optional<Lvol> findLvol(String bdevName) {
        Bdev bdev = bdevs.lookup(bdevName);
        LvolBdev device = bdev == null ? null : bdev.opsAs(LvolBdev.class);
        return device != null
                ? Optional.of(device.lvol())
                : stores.stream()
                        .flatMap(store -> store.lvols().stream())
                        .filter(l -> l.bdevName().equals(bdevName) || l.alias().equals(bdevName))
                        .findFirst();
    }

    void reserve(String name) throws SpdkException {
        if (!names.add(name)) {
            throw new SpdkException(
                    Errno.EEXIST, "there is a store " + name + " already, or it is being made: choose another name");
        }
    }

    void release(String name) {
        names.remove(name);
    }

    void forget(LvolStore store) {
        stores.remove(store);
        release(store.name());
    }

    // ---- making and loading -----------------------------------------------------------------------------------------

    /** What hears of the removal of a device: the store on it, when that is there. */
    private static final class Listener implements BaseBdev.Listener {
        private @Nullable LvolStore store;

        @Override
        public void event(BdevEvent event, BaseBdev base) {
            LvolStore on = store;
            if (event == BdevEvent.REMOVED && on != null) {
                on.baseRemoved();
            }
        }
    }

    /** What becomes a store on a device. */
    private interface Body {
        CompletableFuture<LvolStore> run(BaseBdev base, VolumeStore volumes) throws SpdkException;
    }

    private CompletableFuture<LvolStore> open(String bdevName, BlobstoreOptions options, Mode mode, Body body)
            throws SpdkException {
        Listener listener = new Listener();
        BaseBdev base = BaseBdev.open(bdevs, bdevName, Claim.of(CLAIMANT, VolumeStore.CLAIM), listener);
        Bdev bdev = base.bdev();
        if (!suits(bdev)) {
            base.close();
            throw new SpdkException(
                    Errno.EINVAL,
                    bdev + " has zones, metadata or a write unit: a store writes plain blocks where it wants to");
        }
        CompletableFuture<LvolStore> opened = VolumeStore.open(base, CLAIMANT, options, mode)
                .thenCompose(volumes -> Steps.undo(
                        Steps.begin(() -> body.run(base, volumes)),
                        () -> mode == Mode.INIT ? volumes.blobs().destroy() : volumes.unload()));
        return Steps.undo(
                opened.thenApply(store -> {
                    listener.store = store;
                    stores.add(store);
                    if (base.isRemoved()) {
                        store.baseRemoved();
                    }
                    return store;
                }),
                () -> {
                    base.close();
                    return Steps.done();
                });
    }

    private static boolean suits(Bdev bdev) {
        return !bdev.isZoned() && bdev.metadata() == null && !bdev.splitOnWriteUnit();
    }

    /**
     * Makes a store on a device, whose content is lost; {@code bdev_lvol_create_lvstore}.
     *
     * @return fails with ENODEV if there is no such device, EPERM if somebody else uses it, EEXIST if the name is
     *     taken, EINVAL, ENOSPC or ENOMEM if the options do not suit the device
     */
    public CompletableFuture<LvolStore> create(LvolStoreOptions options) {
        return onAppThread(() -> {
            reserve(options.name());
            CompletableFuture<LvolStore> made = Steps.begin(() -> {
                Bdev bdev = bdevs.lookup(options.bdevName());
                if (bdev == null) {
                    throw new SpdkException(
                            Errno.ENODEV, "store " + options.name() + ": there is no bdev " + options.bdevName());
                }
                return open(options.bdevName(), options.blobstore(bdev.sizeBytes()), Mode.INIT, (base, volumes) -> {
                    UUID uuid = UUID.randomUUID();
                    Blobstore blobs = volumes.blobs();
                    return blobs.createBlob(new BlobOptions(
                                    0,
                                    false,
                                    ClearMethod.DEFAULT,
                                    true,
                                    LvolAttributes.ofStore(options.name(), uuid),
                                    null))
                            .thenCompose(id -> blobs.setSuperBlob(id)
                                    .thenApply(_ -> new LvolStore(this, base, volumes, id, options.name(), uuid)));
                });
            });
            return made.whenComplete((_, failure) -> {
                if (failure != null) {
                    release(options.name());
                }
            });
        });
    }

    /**
     * Loads the store of a device; {@code spdk_lvs_load}. A volume that cannot be read is left out, and logged.
     *
     * @return fails with ENODEV if there is no such device or nothing says what the store is, EPERM if somebody else
     *     uses the device, EILSEQ or ENXIO if there is no store on it, EINVAL if its name or identity are none, EEXIST
     *     if the name is taken
     */
    public CompletableFuture<LvolStore> load(String bdevName) {
        return onAppThread(() -> open(bdevName, OPTIONS, Mode.LOAD, this::load));
    }

    private CompletableFuture<LvolStore> load(BaseBdev base, VolumeStore volumes) {
        Blobstore blobs = volumes.blobs();
        return blobs.superBlob()
                .thenCompose(found -> Steps.begin(() -> {
                    BlobId id = found.orElseThrow(() -> new SpdkException(
                            Errno.ENODEV, "the store of " + base.bdev() + " has no super blob, which says what it is"));
                    return Steps.after(blobs.openBlob(id), (blob, failure) -> {
                        if (failure != null) {
                            return CompletableFuture.failedFuture(new SpdkException(
                                    Errno.ENODEV, "the super blob of " + base.bdev() + ": " + failure.getMessage()));
                        }
                        return Steps.begin(() -> store(base, volumes, id, blob));
                    });
                }))
                .thenCompose(store -> Steps.undo(store.loadLvols().thenApply(_ -> store), () -> {
                    release(store.name());
                    return Steps.done();
                }));
    }

    private CompletableFuture<LvolStore> store(BaseBdev base, VolumeStore volumes, BlobId id, Blob blob)
            throws SpdkException {
        String name = LvolAttributes.name(blob);
        UUID uuid = LvolAttributes.uuid(blob);
        return blob.close()
                .thenCompose(_ -> Steps.begin(() -> {
                    if (name == null || uuid == null) {
                        throw new SpdkException(
                                Errno.EINVAL,
                                "the store of " + base.bdev() + " has name " + name + " and UUID " + uuid);
                    }
                    reserve(name);
                    return CompletableFuture.completedFuture(new LvolStore(this, base, volumes, id, name, uuid));
                }));
    }

    // ---- devices that come ------------------------------------------------------------------------------------------

    /** A device has come: volumes that stand on it appear. */
    void found(Bdev bdev) {
        if (!stores.isEmpty()) {
            List<String> all = new ArrayList<>(bdev.aliases());
            all.add(bdev.name());
            list().forEach(store -> store.found(all));
        }
    }

    /** Loads the store of a device, if there is one. Completes when that is known and done. */
    CompletableFuture<Void> examine(Bdev bdev) {
        if (!suits(bdev)) {
            return Steps.done();
        }
        return Steps.after(hasStore(bdev), (is, failure) -> {
            if (failure != null) {
                LOG.log(Level.WARNING, "{0} cannot be examined: {1}", bdev, failure.getMessage());
            }
            return failure != null || !is
                    ? Steps.done()
                    : Steps.after(load(bdev.name()), (_, second) -> {
                        if (second != null) {
                            LOG.log(Level.WARNING, "the store on {0} is not loaded: {1}", bdev, second.getMessage());
                        }
                        return Steps.done();
                    });
        });
    }

    private CompletableFuture<Boolean> hasStore(Bdev bdev) {
        int bytes = Math.max(BlobstoreOptions.PAGE_SIZE, bdev.blockSize());
        if (bdev.sizeBytes() < bytes || bytes % bdev.blockSize() != 0) {
            return CompletableFuture.completedFuture(false);
        }
        return Steps.begin(() -> {
            BdevDesc desc = bdevs.open(bdev.name(), OpenMode.READ_ONLY, BdevEventListener.NONE);
            CompletableFuture<Boolean> known = Steps.begin(() -> {
                BdevChannel channel = desc.openChannel();
                DmaBuf buf = bdevs.pool().allocate(bytes, Math.max(bdev.requiredAlignment(), 64));
                buf.fill((byte) 0); // a null device leaves what is there
                return Steps.begin(() -> channel.readAsync(buf, 0))
                        .thenApply(_ -> VolumeStore.isStore(buf.segment(), bdev.sizeBytes(), TYPE))
                        .whenComplete((_, _) -> buf.close());
            });
            return known.whenComplete((_, _) -> desc.close());
        });
    }

    /** The end begins: stores without devices let theirs go. */
    CompletableFuture<Void> beginFini() {
        return Steps.all(list().stream().map(LvolStore::lvolClosed).toList());
    }
}
