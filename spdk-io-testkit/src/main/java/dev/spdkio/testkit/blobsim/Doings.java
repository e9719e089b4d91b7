// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.blobsim;

import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What happens in a simulated world. What is begun here ends while the world is stepped. One OS thread. */
final class Doings {
    private static final int MOST_BLOBS = 9;
    private static final int MOST_CLUSTERS = 7;
    private static final int MOST_PENDING = 40;
    private static final String XATTR = "x";

    private final BlobWorld w;
    private int values;

    Doings(BlobWorld w) {
        this.w = w;
    }

    /** Begins something. */
    void act(SplittableRandom r) {
        if (w.pending > MOST_PENDING) {
            return;
        }
        if (w.blobs.isEmpty() || (w.blobs.size() < MOST_BLOBS && r.nextInt(30) == 0)) {
            create(r);
            return;
        }
        Known k = w.blobs.get(r.nextInt(w.blobs.size()));
        Blob blob = k.blob;
        if (blob == null || k.going) {
            return;
        }
        int what = r.nextInt(100);
        if (what < 70) {
            io(k, blob, r);
        } else if (what == 70) {
            trouble(r);
        } else if (!k.family.busy) {
            change(k, blob, what - 70, r);
        }
    }

    private void trouble(SplittableRandom r) {
        w.disk.noRoom = r.nextInt(3) == 0 ? r.nextDouble() / 4 : 0;
        w.disk.failure = w.mayFail && r.nextInt(3) == 0 ? r.nextDouble() / 20 : 0;
    }

    // ---- I/O --------------------------------------------------------------------------------------------------------

    private void io(Known k, Blob blob, SplittableRandom r) {
        int units = Math.min(k.units.size(), k.limit);
        if (units == 0) {
            return;
        }
        int from = r.nextInt(units);
        int count = 1 + r.nextInt(Math.min(units - from, 2 * k.perCluster));
        if (r.nextInt(3) == 0) {
            from = from / k.perCluster * k.perCluster;
            count = Math.min(units - from, k.perCluster * (1 + r.nextInt(2)));
        }
        int kind = k.readOnly ? 0 : r.nextInt(10);
        if (k.isWritten(from, count)) {
            return;
        }
        BlobChannel channel = w.channels.get(r.nextInt(w.channels.size()));
        w.requests++;
        if (kind < 3) {
            read(k, blob, channel, from, count);
        } else {
            write(
                    k,
                    blob,
                    channel,
                    kind < 8 ? IoType.WRITE : kind == 8 ? IoType.WRITE_ZEROES : IoType.UNMAP,
                    from,
                    count);
        }
    }

    private void read(Known k, Blob blob, BlobChannel channel, int from, int count) {
        DmaBuf buf = w.pool.allocate((long) count * Disk.BLOCK);
        BlobWorld.fill(buf, -2);
        int shrinks = k.shrinks;
        // A write that comes while it is under way may or may not be seen; so nobody writes there.
        Known.Write hold = new Known.Write(from, count, -3);
        k.writes.add(hold);
        submit(
                channel,
                () -> channel.submitRead(
                        blob,
                        buf,
                        from,
                        count,
                        (status, _) -> {
                            k.writes.remove(hold);
                            if (status.isSuccess() && k.shrinks == shrinks) {
                                w.see(k, buf, from, count, "while all goes on");
                            }
                            buf.close();
                            over(k, "read", status, k.shrinks != shrinks, false);
                        },
                        null),
                e -> {
                    k.writes.remove(hold);
                    buf.close();
                    refused(k, e, k.shrinks != shrinks);
                });
    }

    private void write(Known k, Blob blob, BlobChannel channel, IoType type, int from, int count) {
        int value = type == IoType.WRITE ? ++values : 0;
        DmaBuf buf = type == IoType.WRITE ? w.pool.allocate((long) count * Disk.BLOCK) : null;
        if (buf != null) {
            BlobWorld.fill(buf, value);
        }
        Known.Write write = new Known.Write(from, count, value);
        int shrinks = k.shrinks;
        int snapshots = k.snapshots;
        // What a blob stands on shows through where it has nothing that could be unmapped.
        boolean own = k.captures.isEmpty() && (type != IoType.UNMAP || k.parent == null || k.owns(from, count));
        k.begin(write);
        submit(
                channel,
                () -> channel.submit(
                        type,
                        blob,
                        buf,
                        from,
                        count,
                        (status, _) -> {
                            boolean here = own && k.snapshots == snapshots;
                            boolean succeeded = status.isSuccess() && k.shrinks == shrinks;
                            k.end(write, succeeded && (here || type != IoType.UNMAP));
                            if (succeeded && here && type != IoType.UNMAP) {
                                k.own(from, count);
                            }
                            free(buf);
                            over(k, type.jsonName(), status, k.shrinks != shrinks, true);
                        },
                        null),
                e -> {
                    k.end(write, false);
                    free(buf);
                    refused(k, e, k.shrinks != shrinks);
                });
    }

    private static void free(@Nullable DmaBuf buf) {
        if (buf != null) {
            buf.close();
        }
    }

    private void submit(BlobChannel channel, Runnable body, Consumer<RuntimeException> refused) {
        w.pending++;
        channel.thread().send(() -> {
            try {
                body.run();
            } catch (RuntimeException e) {
                refused.accept(e);
            }
        });
    }

    private void refused(Known k, RuntimeException e, boolean shrunk) {
        w.pending--;
        boolean expected = (e instanceof IllegalArgumentException && shrunk)
                || (e instanceof IllegalStateException && (k.going || k.readOnly));
        if (!expected) {
            w.violation("a request to " + k + " was refused: " + e);
        }
    }

    private void over(Known k, String what, IoStatus status, boolean shrunk, boolean allocates) {
        w.pending--;
        w.note(status.errno());
        if (status.isSuccess()) {
            w.succeeded++;
            return;
        }
        int errno = status.errno();
        boolean expected = (w.mayFail && errno == Errno.EIO)
                || (shrunk && errno == Errno.EINVAL)
                || (allocates && errno == Errno.ENOSPC);
        if (!expected) {
            w.violation(what + " of " + k + " ended with " + status);
        }
    }

    // ---- metadata ---------------------------------------------------------------------------------------------------

    /** Begins an operation on a family; {@code done} is told what failed, or null. */
    private <T> void operate(
            Known.Family family, String what, CompletableFuture<T> future, Consumer<@Nullable T> done) {
        w.pending++;
        family.busy = true;
        var _ = future.whenComplete((value, failure) -> {
            w.pending--;
            family.busy = false;
            w.note(failure == null ? 1 : 2);
            if (failure != null && !isExpected(failure)) {
                w.violation(what + " failed: " + failure);
            }
            done.accept(failure == null ? value : null);
        });
    }

    private boolean isExpected(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof SpdkException e
                && switch (e.errno()) {
                    case Errno.ENOSPC, Errno.ENOMEM -> true;
                    case Errno.EIO -> w.mayFail;
                    default -> false;
                };
    }

    /** A value for what has none, so that its end and its failure can be told apart. */
    private static CompletableFuture<Boolean> mark(CompletableFuture<Void> future) {
        return future.thenApply(_ -> true);
    }

    private void create(SplittableRandom r) {
        boolean thin = r.nextBoolean();
        int clusters = r.nextInt(MOST_CLUSTERS);
        Known.Family family = new Known.Family();
        operate(
                family,
                "creating",
                w.store.createBlob((thin ? BlobOptions.thin(clusters) : BlobOptions.ofClusters(clusters))
                        .withExtentTable(r.nextBoolean())),
                id -> {
                    if (id != null) {
                        Known k = new Known(id, w.unitsPerCluster(), thin, family);
                        k.resize(clusters);
                        appear(k);
                    }
                });
    }

    /** A blob that is there, and is opened now. */
    private void appear(Known k) {
        w.blobs.add(k);
        open(k);
    }

    void open(Known k) {
        operate(k.family, "opening", w.store.openBlob(k.id), blob -> k.blob = blob);
    }

    private void change(Known k, Blob blob, int what, SplittableRandom r) {
        if (what < 7) {
            resize(k, blob, r.nextInt(MOST_CLUSTERS));
        } else if (what < 11) {
            snapshot(k);
        } else if (what < 14) {
            cloneOf(k);
        } else if (what < 17) {
            detach(k, r.nextBoolean());
        } else if (what < 20) {
            delete(k, blob);
        } else if (what < 24) {
            operate(k.family, "syncing", mark(blob.sync()), _ -> {});
        } else {
            xattr(k, blob);
        }
    }

    private void resize(Known k, Blob blob, int clusters) {
        if (k.readOnly) {
            return;
        }
        if (clusters < k.clusters()) {
            k.shrinks++; // from now on requests may find it too small
        }
        int before = k.clusters();
        k.limit = clusters * k.perCluster;
        operate(k.family, "resizing", mark(blob.resize(clusters)), done -> {
            int is = (int) blob.clusters();
            if (is != clusters && (done != null || is != before)) {
                w.violation(k + " was to have " + clusters + " clusters, and has " + is);
            }
            k.limit = Integer.MAX_VALUE;
            k.loose |= done == null;
            k.resize(is);
        });
    }

    private void snapshot(Known k) {
        if (k.readOnly || w.blobs.size() >= MOST_BLOBS) {
            return;
        }
        Known s = new Known(k.id, k.perCluster, k.thin, k.family);
        s.copyUnits(k);
        k.captures.add(s);
        k.disown();
        operate(k.family, "making a snapshot", w.store.createSnapshot(k.id, Map.of()), id -> {
            k.captures.remove(s);
            if (id != null) {
                Known made = new Known(id, k.perCluster, k.thin, k.family);
                made.copyUnits(s);
                made.readOnly = true;
                made.parent = k.parent;
                k.parent = made;
                appear(made);
            }
        });
    }

    private void cloneOf(Known k) {
        if (!k.readOnly || w.blobs.size() >= MOST_BLOBS) {
            return;
        }
        operate(k.family, "cloning", w.store.createClone(k.id, Map.of()), id -> {
            if (id != null) {
                Known clone = new Known(id, k.perCluster, true, k.family);
                clone.copyUnits(k);
                clone.parent = k;
                appear(clone);
            }
        });
    }

    private void detach(Known k, boolean all) {
        Known parent = k.parent;
        if (k.readOnly || (!all && parent == null)) {
            return;
        }
        operate(
                k.family,
                all ? "inflating" : "decoupling",
                mark(all ? w.store.inflate(k.id) : w.store.decoupleParent(k.id)),
                done -> {
                    if (done != null) {
                        k.parent = all ? null : Objects.requireNonNull(parent).parent;
                    }
                });
    }

    private void delete(Known k, Blob blob) {
        List<Known> clones = w.blobs.stream().filter(b -> b.parent == k).toList();
        if (clones.size() > 1) {
            return;
        }
        k.going = true;
        close(k, blob, clones);
    }

    private void close(Known k, Blob blob, List<Known> clones) {
        operate(k.family, "closing", mark(blob.close()), closed -> {
            if (closed == null) {
                close(k, blob, clones); // the store has it still, but no more I/O goes to it
                return;
            }
            k.blob = null;
            deleteClosed(k, clones);
        });
    }

    private void deleteClosed(Known k, List<Known> clones) {
        operate(k.family, "deleting", mark(w.store.deleteBlob(k.id)), deleted -> {
            if (deleted != null || !w.store.blobIds().contains(k.id)) {
                w.blobs.remove(k);
                clones.forEach(c -> c.parent = k.parent);
            } else if (!clones.isEmpty()) {
                deleteClosed(k, clones); // which may have what it had
            } else {
                k.going = false;
                open(k);
            }
        });
    }

    private void xattr(Known k, Blob blob) {
        if (k.readOnly) {
            return;
        }
        int value = ++values;
        operate(
                k.family,
                "setting an attribute",
                w.metadata.call(() -> {
                    blob.setXattr(XATTR, new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16), 1});
                    return true;
                }),
                done -> k.xattr = done == null ? k.xattr : value);
    }

    static int xattr(Blob blob) {
        byte[] v = blob.xattr(XATTR);
        return v == null ? 0 : (v[0] & 0xFF) | (v[1] & 0xFF) << 8 | (v[2] & 0xFF) << 16;
    }
}
