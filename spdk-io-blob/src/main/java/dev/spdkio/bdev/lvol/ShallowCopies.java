// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.lvol;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.store.Steps;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Copies that were begun by RPC, by number, until somebody has been told their end.
 *
 * <p>Thread rule: the app thread.
 */
final class ShallowCopies {
    /** Copies that are remembered: of more, the oldest that have ended are forgotten. */
    static final int MAX_COPIES = 1024;

    private static final class Copy {
        final long total;
        long copied;
        boolean over;

        @Nullable
        Throwable failure;

        Copy(long total) {
            this.total = total;
        }
    }

    private final Map<Integer, Copy> copies = new LinkedHashMap<>();
    private int last;

    /** Begins one; what is wrong with it from the start is thrown. Gives its number. */
    int start(Lvol lvol, String bdevName) throws SpdkException {
        check(lvol, bdevName);
        makeRoom();
        Copy copy = new Copy(lvol.allocatedClusters());
        int number = ++last;
        copies.put(number, copy);
        var _ = lvol.shallowCopy(bdevName, clusters -> copy.copied = clusters).whenComplete((_, failure) -> {
            copy.over = true;
            copy.failure = failure == null ? null : Steps.cause(failure);
        });
        return number;
    }

    private static void check(Lvol lvol, String bdevName) throws SpdkException {
        BdevManager bdevs = lvol.store().bdev().manager();
        Blobstore blobs = lvol.store().blobs();
        Bdev to = bdevs.lookup(bdevName);
        if (to == null) {
            throw new SpdkException(Errno.ENODEV, "copying " + lvol + ": there is no bdev " + bdevName);
        }
        if (!lvol.isReadOnly()) {
            throw new SpdkException(Errno.EPERM, "copying " + lvol + ": it is not read-only, make a snapshot of it");
        }
        if (!to.claims().isEmpty()) {
            throw new SpdkException(
                    Errno.EPERM, "copying " + lvol + ": bdev " + bdevName + " is claimed by " + to.claims());
        }
        if (to.blockSize() != blobs.ioUnitSize() || to.sizeBytes() < lvol.sizeBytes()) {
            throw new SpdkException(
                    Errno.EINVAL,
                    "copying " + lvol + ": " + to + " must have blocks of " + blobs.ioUnitSize() + " bytes, and "
                            + lvol.sizeBytes() + " bytes");
        }
    }

    private void makeRoom() throws SpdkException {
        for (Iterator<Copy> i = copies.values().iterator(); copies.size() >= MAX_COPIES && i.hasNext(); ) {
            if (i.next().over) {
                i.remove();
            }
        }
        if (copies.size() >= MAX_COPIES) {
            throw new SpdkException(Errno.EAGAIN, copies.size() + " copies are under way: wait for some to end");
        }
    }

    /**
     * Tells how far one is; its end is told once.
     *
     * @throws SpdkException ENODEV if there is none of that number
     */
    Map<String, Object> check(int number) throws SpdkException {
        Copy copy = copies.get(number);
        if (copy == null) {
            throw new SpdkException(Errno.ENODEV, "there is no copy " + number + ", or its end was told already");
        }
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("copied_clusters", copy.copied);
        out.put("total_clusters", copy.total);
        Throwable failure = copy.failure;
        if (!copy.over) {
            out.put("state", "in progress");
        } else {
            copies.remove(number);
            out.put("state", failure == null ? "complete" : "error");
            if (failure != null) {
                out.put(
                        "error",
                        failure instanceof SpdkException e ? Errno.description(e.errno()) : String.valueOf(failure));
            }
        }
        return out;
    }
}
