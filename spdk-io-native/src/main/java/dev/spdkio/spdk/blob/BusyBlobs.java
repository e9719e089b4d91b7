// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import dev.spdkio.blob.BlobId;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which blobs operations open for themselves. A blob that is deleted or resized must not be opened meanwhile, which
 * SPDK does not see to: it would give a blob whose clusters are another's soon.
 *
 * <p>Thread rule: the metadata thread.
 */
final class BusyBlobs {
    private final Map<BlobId, Integer> used = new HashMap<>();
    private final Set<BlobId> alone = new HashSet<>();

    /** An operation begins that opens the blobs. */
    void begin(String what, BlobId... blobs) throws SpdkException {
        for (BlobId id : blobs) {
            checkPlausible(what, id);
            if (alone.contains(id)) {
                throw new SpdkException(
                        Errno.EBUSY, what + " failed (EBUSY): blob " + id + " is being deleted or resized");
            }
        }
        for (BlobId id : blobs) {
            used.merge(id, 1, Integer::sum);
        }
    }

    /** It has ended. */
    void end(BlobId... blobs) {
        for (BlobId id : blobs) {
            used.computeIfPresent(id, (_, n) -> n == 1 ? null : n - 1);
        }
    }

    /** A deletion begins, or something else beside which the blob must not be opened. */
    void beginAlone(String what, BlobId id) throws SpdkException {
        checkPlausible(what, id);
        if (used.containsKey(id) || !alone.add(id)) {
            throw new SpdkException(
                    Errno.EBUSY, what + " failed (EBUSY): another operation on it is under way: wait for that");
        }
    }

    /** It has ended. */
    void endAlone(BlobId id) {
        alone.remove(id);
    }

    private static void checkPlausible(String what, BlobId id) throws SpdkException {
        if (!id.isPlausible()) {
            throw new SpdkException(Errno.ENOENT, what + " failed (ENOENT): no blob has such an identifier");
        }
    }
}
