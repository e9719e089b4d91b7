// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.lvol;

import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blob.store.Steps;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcErrorCode;
import dev.spdkio.rpc.RpcException;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.sys.Errno;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The methods {@code bdev_lvol_*}. As in SPDK, what is found to be wrong before something is begun is told by its error
 * number, and what fails later by {@link RpcErrorCode#INVALID_PARAMS}; so it is where one of the two has no place here.
 */
public final class LvolBdevRpc {
    private static final int MIB_SHIFT = 20;

    private final LvolStores stores;
    private final ShallowCopies copies = new ShallowCopies();

    private LvolBdevRpc(LvolStores stores) {
        this.stores = stores;
    }

    private record CreateStore(
            String bdevName,
            String lvsName,
            OptionalLong clusterSz,
            Optional<String> clearMethod,
            OptionalInt numMdPagesPerClusterRatio,
            OptionalInt mdPageSize) {
        LvolStoreOptions options() {
            long cluster = clusterSz.orElse(0);
            if (cluster > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("cluster_sz " + cluster + ": at most " + Integer.MAX_VALUE);
            }
            LvolStoreOptions o = new LvolStoreOptions(bdevName, lvsName);
            int ratio = numMdPagesPerClusterRatio.orElse(0);
            return new LvolStoreOptions(
                    bdevName,
                    lvsName,
                    cluster == 0 ? o.clusterSize() : (int) cluster,
                    clearMethod.map(LvolAttributes::clearMethod).orElse(o.clearMethod()),
                    ratio == 0 ? o.metadataPagesPerClusterRatio() : ratio,
                    mdPageSize.orElse(o.metadataPageSize()));
        }
    }

    private record Rename(String oldName, String newName) {}

    private record OfStore(Optional<String> uuid, Optional<String> lvsName) {}

    private record OfStoreOfLvols(Optional<String> lvsUuid, Optional<String> lvsName) {}

    private record Create(
            Optional<String> uuid,
            Optional<String> lvsName,
            String lvolName,
            long sizeInMib,
            Optional<Boolean> thinProvision,
            Optional<String> clearMethod) {
        LvolOptions options() {
            return new LvolOptions(
                    lvolName,
                    bytes(sizeInMib),
                    thinProvision.orElse(false),
                    clearMethod.map(LvolAttributes::clearMethod).orElse(ClearMethod.DEFAULT));
        }
    }

    private record Snapshot(String lvolName, String snapshotName) {}

    private record Clone(String snapshotName, String cloneName) {}

    private record CloneBdev(String bdev, String lvsName, String cloneName) {}

    private record OfLvol(String name) {}

    private record Resize(String name, long sizeInMib) {}

    private record StartCopy(String srcLvolName, String dstBdevName) {}

    private record CheckCopy(int operationId) {}

    private record SetParent(String lvolName, String parentName) {}

    private static long bytes(long mib) {
        if (mib < 0 || mib > Long.MAX_VALUE >> MIB_SHIFT) {
            throw new IllegalArgumentException("size_in_mib " + mib + ": 0 to " + (Long.MAX_VALUE >> MIB_SHIFT));
        }
        return mib << MIB_SHIFT;
    }

    /** Registers the methods. */
    static void register(RpcRegistry registry, LvolStores stores) {
        LvolBdevRpc rpc = new LvolBdevRpc(stores);
        rpc.registerForStores(registry);
        rpc.registerForLvols(registry);
        rpc.registerForParents(registry);
    }

    private void registerForStores(RpcRegistry registry) {
        registry.register("bdev_lvol_create_lvstore", CreateStore.class, p -> {
            LvolStoreOptions options = refusing(p::options);
            CompletionStage<LvolStore> made = stores.create(options);
            return made.thenApply(store -> store.uuid().toString()).exceptionallyCompose(LvolBdevRpc::notMade);
        });
        registry.register("bdev_lvol_rename_lvstore", Rename.class, p -> {
            LvolStore store = stores.find(p.oldName())
                    .orElseThrow(() -> new SpdkException(Errno.ENOENT, "Lvol store " + p.oldName() + " not found"));
            return done(store.rename(p.newName()));
        });
        registry.register(
                "bdev_lvol_delete_lvstore",
                OfStore.class,
                p -> done(store(p.uuid(), p.lvsName()).delete()));
        registry.register(
                "bdev_lvol_grow_lvstore",
                OfStore.class,
                p -> done(store(p.uuid(), p.lvsName()).grow()));
        registry.register(
                "bdev_lvol_get_lvstores",
                OfStore.class,
                p -> selected(p.uuid(), p.lvsName()).stream().map(LvolInfo::of).toList());
        registry.register(
                "bdev_lvol_get_lvols", OfStoreOfLvols.class, p -> LvolInfo.lvols(selected(p.lvsUuid(), p.lvsName())));
    }

    private void registerForLvols(RpcRegistry registry) {
        registry.register("bdev_lvol_create", Create.class, p -> {
            LvolStore store = store(p.uuid(), p.lvsName());
            LvolOptions options = refusing(p::options);
            if (store.isNameTaken(options.name())) {
                throw new SpdkException(Errno.EEXIST, "there is a volume " + options.name() + " in " + store);
            }
            return named(store.create(options));
        });
        registry.register(
                "bdev_lvol_snapshot",
                Snapshot.class,
                p -> named(lvol(p.lvolName()).snapshot(p.snapshotName())));
        registry.register(
                "bdev_lvol_clone",
                Clone.class,
                p -> named(lvol(p.snapshotName()).createClone(p.cloneName())));
        registry.register("bdev_lvol_clone_bdev", CloneBdev.class, p -> {
            LvolStore store = stores.find(p.lvsName())
                    .orElseThrow(() -> RpcException.invalidParams("there is no store " + p.lvsName()));
            return named(store.cloneBdev(p.bdev(), p.cloneName()));
        });
        registry.register(
                "bdev_lvol_rename", Rename.class, p -> done(lvol(p.oldName()).rename(p.newName())));
        registry.register(
                "bdev_lvol_resize", Resize.class, p -> done(lvol(p.name()).resize(bytes(p.sizeInMib()))));
        registry.register(
                "bdev_lvol_set_read_only",
                OfLvol.class,
                p -> done(lvol(p.name()).setReadOnly()));
        registry.register("bdev_lvol_delete", OfLvol.class, p -> {
            Lvol lvol = stores.findLvol(p.name()).orElseThrow(() -> noLvol(p.name()));
            return failingWith(RpcErrorCode.INTERNAL_ERROR, lvol.delete().thenApply(_ -> true));
        });
    }

    private void registerForParents(RpcRegistry registry) {
        registry.register(
                "bdev_lvol_inflate", OfLvol.class, p -> done(lvol(p.name()).inflate()));
        registry.register(
                "bdev_lvol_decouple_parent",
                OfLvol.class,
                p -> done(lvol(p.name()).decoupleParent()));
        registry.register("bdev_lvol_set_parent", SetParent.class, p -> {
            Lvol lvol = lvol(p.lvolName());
            return done(lvol.setParent(lvol(p.parentName())));
        });
        registry.register(
                "bdev_lvol_set_parent_bdev",
                SetParent.class,
                p -> done(lvol(p.lvolName()).setExternalParent(p.parentName())));
        registry.register("bdev_lvol_start_shallow_copy", StartCopy.class, p -> {
            Lvol lvol = lvol(p.srcLvolName());
            try {
                return Map.of("operation_id", copies.start(lvol, p.dstBdevName()));
            } catch (SpdkException e) {
                throw new RpcException(RpcErrorCode.INVALID_PARAMS, String.valueOf(e.getMessage()), e);
            }
        });
        registry.register("bdev_lvol_check_shallow_copy", CheckCopy.class, p -> copies.check(p.operationId()));
    }

    // ---- whom it is about -------------------------------------------------------------------------------------------

    private LvolStore store(Optional<String> uuid, Optional<String> name) throws SpdkException {
        if (uuid.isPresent() == name.isPresent()) {
            throw new SpdkException(Errno.EINVAL, "a store is told by its UUID or by its name: give one of the two");
        }
        String told = uuid.or(() -> name).orElseThrow();
        return uuid.flatMap(LvolBdevRpc::uuid)
                .flatMap(stores::find)
                .or(() -> name.flatMap(stores::find))
                .orElseThrow(() -> new SpdkException(Errno.ENODEV, "there is no store " + told));
    }

    private static Optional<UUID> uuid(String text) {
        try {
            return Optional.of(UUID.fromString(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The one, or all. */
    private List<LvolStore> selected(Optional<String> uuid, Optional<String> name) throws SpdkException {
        return (uuid.isEmpty() && name.isEmpty() ? stores.list() : List.of(store(uuid, name)))
                .stream().filter(LvolStore::isLoaded).toList();
    }

    /** The volume that is a device of that name. */
    private Lvol lvol(String name) throws SpdkException {
        return stores.findLvol(name).filter(l -> l.bdev().isPresent()).orElseThrow(() -> noLvol(name));
    }

    private static SpdkException noLvol(String name) {
        return new SpdkException(Errno.ENODEV, "No such device: there is no logical volume " + name);
    }

    // ---- answers ----------------------------------------------------------------------------------------------------

    private static <T> T refusing(Callable<T> options) throws SpdkException {
        try {
            return options.call();
        } catch (IllegalArgumentException e) {
            throw new SpdkException(Errno.EINVAL, String.valueOf(e.getMessage()));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static CompletionStage<String> notMade(Throwable failure) {
        Throwable cause = Steps.cause(failure);
        CompletableFuture<String> failed = CompletableFuture.failedFuture(cause);
        return switch (cause instanceof SpdkException e ? e.errno() : 0) {
            case Errno.ENODEV, Errno.EPERM, Errno.EEXIST, Errno.EINVAL -> failed;
            default -> failingWith(RpcErrorCode.INVALID_PARAMS, failed);
        };
    }

    private static CompletionStage<String> named(CompletableFuture<Lvol> made) {
        return failingWith(RpcErrorCode.INVALID_PARAMS, made.thenApply(Lvol::bdevName));
    }

    private static CompletionStage<Boolean> done(CompletableFuture<Void> operation) {
        return failingWith(RpcErrorCode.INVALID_PARAMS, operation.thenApply(_ -> true));
    }

    private static <T> CompletionStage<T> failingWith(int code, CompletionStage<T> operation) {
        return operation.exceptionallyCompose(failure -> {
            Throwable cause = Steps.cause(failure);
            return CompletableFuture.failedFuture(
                    cause instanceof SpdkException e
                            ? new RpcException(code, String.valueOf(e.getMessage()), e)
                            : cause);
        });
    }
}
