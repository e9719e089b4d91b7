// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.spi.MetadataQueue;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The names of a file system, and what is done with them: one thing after the other. The package says in which order
 * the device sees it.
 *
 * <p>Thread rule: operations come from any thread; the names can be looked at on any.
 */
final class Names {
    private static final Logger LOG = System.getLogger(Names.class.getName());

    private final BlobFs fs;
    private final Blobstore store;
    private final MetadataQueue queue;
    private final ConcurrentSkipListMap<String, Node> files = new ConcurrentSkipListMap<>();

    /** What a rename did not come to: no other operation may be done before. */
    private final List<Steps.Step<Void>> leftovers = new ArrayList<>();

    /** Files that are open, among them those that have no name any more. */
    private final Set<Node> open = new HashSet<>();

    Names(BlobFs fs) {
        this.fs = fs;
        this.store = fs.store();
        this.queue = new MetadataQueue(store.thread(), "the names of " + fs, 1);
    }

    // ---- looking ----------------------------------------------------------------------------------------------------

    @Nullable
    Node get(String name) {
        return files.get(name);
    }

    Collection<Node> all() {
        return files.values();
    }

    /** Those whose names begin so. */
    Stream<Node> from(String prefix) {
        return files.tailMap(prefix).entrySet().stream()
                .takeWhile(file -> file.getKey().startsWith(prefix))
                .map(Map.Entry::getValue);
    }

    /** A file that was found. False if its name is taken. */
    boolean take(Node node) {
        return files.putIfAbsent(node.name, node) == null;
    }

    // ---- operations -------------------------------------------------------------------------------------------------

    /** Does something that changes names, when what is left of earlier operations is done. */
    private <T> CompletableFuture<T> operate(String what, Steps.Step<T> operation) {
        return queue.submit(() -> {
            fs.checkWritable();
            return Steps.rescue(
                            finish(),
                            failure -> CompletableFuture.failedFuture(
                                    Failures.because(what + ", before which a rename has to be finished,", failure)))
                    .thenCompose(_ -> Steps.begin(operation));
        });
    }

    private CompletableFuture<Void> finish() {
        if (leftovers.isEmpty()) {
            return Failures.done();
        }
        return Steps.begin(leftovers.getFirst()).thenCompose(_ -> {
            leftovers.removeFirst();
            return finish();
        });
    }

    CompletableFuture<FileInfo> create(String name) throws SpdkException {
        FileAttributes.checkName(name);
        String what = "creating file '" + name + "' in " + fs;
        return operate(what, () -> createHere(what, name)).thenApply(Node::info);
    }

    private CompletableFuture<Node> createHere(String what, String name) throws SpdkException {
        if (files.containsKey(name)) {
            throw Failures.of(Errno.EEXIST, what, "there is a file of that name");
        }
        BlobOptions options = BlobOptions.ofClusters(1)
                .withXattr(FileAttributes.NAME, FileAttributes.encodeName(name))
                .withXattr(FileAttributes.LENGTH, FileAttributes.encode(0));
        return store.createBlob(options).thenApply(id -> {
            Node node = new Node(fs, id, name, 0, 1);
            files.put(name, node);
            return node;
        });
    }

    CompletableFuture<BlobFile> open(String name, Set<FileOption> options) throws SpdkException {
        FileAttributes.checkName(name);
        String what = "opening file '" + name + "' of " + fs;
        boolean write = options.contains(FileOption.WRITE);
        boolean creates = options.contains(FileOption.CREATE) || options.contains(FileOption.CREATE_NEW);
        if (options.contains(FileOption.TRUNCATE) && !write) {
            throw new IllegalArgumentException(what + " to cut it, but not to write it: add WRITE");
        }
        Steps.Step<BlobFile> operation = () -> {
            Node node = files.get(name);
            if (node != null && options.contains(FileOption.CREATE_NEW)) {
                throw Failures.of(Errno.EEXIST, what, "there is a file of that name");
            }
            if (node != null) {
                return openHere(node, write);
            }
            if (!creates) {
                throw Failures.of(Errno.ENOENT, what, "there is no file of that name: create it, or look at its name");
            }
            return createHere(what, name).thenCompose(created -> openHere(created, write));
        };
        return creates || write
                ? operate(what, operation)
                : queue.submit(() -> {
                    fs.checkLoaded();
                    return operation.begin();
                });
    }

    private CompletableFuture<BlobFile> openHere(Node node, boolean write) {
        if (node.blob != null) {
            node.handles++;
            return CompletableFuture.completedFuture(new BlobFile(node, write));
        }
        return store.openBlob(node.id).thenApply(blob -> {
            node.opened(blob);
            node.handles++;
            open.add(node);
            return new BlobFile(node, write);
        });
    }

    /** An opening has ended, all that was done with it before. */
    CompletableFuture<Void> closed(Node node, boolean written, @Nullable Throwable failure) {
        return queue.submit(() -> {
            node.written |= written;
            if (--node.handles > 0) {
                return Failures.done();
            }
            if (failure != null) {
                node.dropCache(); // nobody is left who could try again
            }
            CompletableFuture<Void> trimmed = node.written && !node.deleted ? node.trim() : Failures.done();
            node.written = false;
            return Steps.rescue(trimmed, e -> {
                        LOG.log(Level.WARNING, "giving back clusters of " + node + ": " + e.getMessage());
                        return Failures.done();
                    })
                    .thenCompose(_ -> closeBlob(node));
        });
    }

    private CompletableFuture<Void> closeBlob(Node node) {
        var blob = node.openBlob();
        node.closing();
        open.remove(node);
        CompletableFuture<Void> closed = fs.close(blob);
        if (!node.deleted) {
            return closed;
        }
        node.dropCache();
        return closed.thenCompose(_ -> store.deleteBlob(node.id));
    }

    CompletableFuture<Void> delete(String name) throws SpdkException {
        FileAttributes.checkName(name);
        String what = "deleting file '" + name + "' of " + fs;
        return operate(what, () -> {
            Node node = files.get(name);
            if (node == null) {
                throw Failures.of(Errno.ENOENT, what, "there is no file of that name");
            }
            return retire(node).thenRun(() -> files.remove(name, node));
        });
    }

    /** Has a file be deleted: now if it is not open, else when it is closed. */
    private CompletableFuture<Void> retire(Node node) {
        if (node.blob == null) {
            return store.deleteBlob(node.id).thenRun(() -> {
                node.deleted = true;
                node.dropCache();
            });
        }
        CompletableFuture<Void> marked = fs.change(node, b -> b.setXattr(FileAttributes.DELETED, FileAttributes.TRUE));
        return Steps.rescue(marked, failure -> undo(node, failure, b -> b.removeXattr(FileAttributes.DELETED)))
                .thenRun(() -> node.deleted = true);
    }

    /** Takes a change back that may or may not be on the device. */
    private CompletableFuture<Void> undo(Node node, Throwable failure, BlobFs.Change change) {
        return Steps.rescue(fs.change(node, change), again -> {
                    fs.fail("what is on the device is not known, since a change of " + node
                            + " failed, and to take it back: " + again.getMessage());
                    return Failures.done();
                })
                .thenCompose(_ -> CompletableFuture.failedFuture(failure));
    }

    // ---- rename -----------------------------------------------------------------------------------------------------

    CompletableFuture<Void> rename(String from, String to, boolean replace) throws SpdkException {
        FileAttributes.checkName(from);
        FileAttributes.checkName(to);
        String what = "renaming file '" + from + "' of " + fs + " to '" + to + "'";
        return operate(what, () -> {
            Node node = files.get(from);
            Node victim = files.get(to);
            if (node == null) {
                throw Failures.of(Errno.ENOENT, what, "there is no file of that name");
            }
            if (node == victim) {
                return Failures.done();
            }
            if (victim != null && !replace) {
                throw Failures.of(Errno.EEXIST, what, "there is a file of that name");
            }
            return rename(node, from, to, victim);
        });
    }

    private CompletableFuture<Void> rename(Node node, String from, String to, @Nullable Node victim) {
        CompletableFuture<Void> renamed = fs.change(node, b -> {
            b.setXattr(FileAttributes.NAME, FileAttributes.encodeName(to));
            if (victim != null) {
                b.setXattr(FileAttributes.REPLACES, FileAttributes.encode(victim.id.value()));
            }
        });
        return Steps.rescue(
                        renamed,
                        failure -> undo(node, failure, b -> {
                            b.setXattr(FileAttributes.NAME, FileAttributes.encodeName(from));
                            forgetReplaced(b);
                        }))
                .thenCompose(_ -> {
                    node.name = to;
                    files.put(to, node);
                    files.remove(from, node);
                    return victim == null ? Failures.done() : replaced(node, victim);
                });
    }

    /** The rename is done. What is left to do is tried until it is done too. */
    private CompletableFuture<Void> replaced(Node node, Node victim) {
        leftovers.add(() -> victim.deleted ? Failures.done() : retire(victim));
        leftovers.add(() -> fs.change(node, Names::forgetReplaced));
        return Steps.rescue(finish(), failure -> {
            LOG.log(
                    Level.WARNING,
                    "deleting what " + node + " has replaced, which is tried again: " + failure.getMessage());
            return Failures.done();
        });
    }

    private static void forgetReplaced(Blob b) throws SpdkException {
        if (b.xattr(FileAttributes.REPLACES) != null) {
            b.removeXattr(FileAttributes.REPLACES);
        }
    }

    /** Does {@code last} when everything before is done, if no file is open. */
    CompletableFuture<Void> end(String what, Steps.Step<Void> last) {
        return queue.submit(() -> {
            if (!open.isEmpty()) {
                throw Failures.of(
                        Errno.EBUSY,
                        what,
                        open.size() + " files are open: close "
                                + open.stream().limit(8).map(n -> n.name).toList()
                                + (open.size() > 8 ? " and others" : ""));
            }
            return last.begin();
        });
    }
}
