// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob;

import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * Which attributes a blob may have. A store keeps attributes of its own under names that mean something there.
 *
 * <p>Thread rule: any thread.
 */
public final class Xattrs {
    /** The most bytes of a name and its value together: both must fit into a page of metadata. */
    public static final int MAX_BYTES = 4063;

    private static final Set<String> INTERNAL = Set.of("SNAP", "SNAPTMP", "SNAPRM", "EXTSNAP");

    private Xattrs() {}

    /**
     * Refuses an attribute that a blob cannot have.
     *
     * @throws IllegalArgumentException saying why
     */
    public static void check(String name, byte[] value) {
        checkName(name);
        if (INTERNAL.contains(name)) {
            throw new IllegalArgumentException(
                    "attribute " + name + " is the blobstore's own, as are " + INTERNAL + ": use another name");
        }
        int bytes = name.getBytes(StandardCharsets.UTF_8).length + value.length;
        if (value.length == 0 || bytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "attribute '" + name + "' with a value of " + value.length + " bytes: at least 1, and at most "
                            + MAX_BYTES + " with the name; use several, or the blob's data");
        }
    }

    /**
     * Refuses a name that no attribute has. One of the blobstore's own may be among those that another program set.
     *
     * @throws IllegalArgumentException saying why
     */
    public static void checkName(String name) {
        if (name.isEmpty() || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("attribute '" + name + "': a name has characters, and no NUL");
        }
    }
}
